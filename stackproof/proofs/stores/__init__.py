"""Queries: stores are encrypted, private, kept and backed up."""
