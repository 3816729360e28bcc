"""Queries: components fit together, in the ways that services find out too late."""
