"""Policy documents: read, and asked whether they allow a request."""
