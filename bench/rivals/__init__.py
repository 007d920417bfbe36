"""Rivals written from their papers, to be measured beside our own in the same run."""
