"""Seeded corpora with a known truth."""
