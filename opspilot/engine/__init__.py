"""The use cases, one module per stage; each is a frozen dataclass whose fields are ports."""
