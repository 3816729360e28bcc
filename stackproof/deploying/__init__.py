"""The deployment commands, one module each: connect, guard, preview, ask, execute, watch, explain."""
