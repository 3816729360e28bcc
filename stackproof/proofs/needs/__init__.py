"""What components need to be allowed, read from the template itself."""
