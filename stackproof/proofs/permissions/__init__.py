"""Queries: what components need is allowed, and nothing more."""
