"""OpsPilot: an incident-response workbench for AWS."""

__version__ = "0.1.0"
