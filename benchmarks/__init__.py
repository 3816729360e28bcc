"""Measurements, each against a floor in the same run; `python -m benchmarks.<name>`, no part of the tests."""
