"""Queries: what has to be reached is reached, and nothing is open without need."""
