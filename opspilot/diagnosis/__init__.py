"""Weighing causes against evidence: failure signatures, hypotheses and the verdict."""
