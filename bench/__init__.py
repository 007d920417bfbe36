"""Benchmarks; each prints a table and asserts nothing."""
