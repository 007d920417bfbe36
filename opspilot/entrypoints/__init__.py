"""Processes that start the engine: command line, worker and server."""
