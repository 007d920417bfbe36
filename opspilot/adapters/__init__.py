"""Implementations of the ports; sibling adapters do not import each other."""
