"""Resource types and services of the embedded AWS, one module per service; each has `install()`."""
