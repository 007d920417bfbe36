"""The model loop: what to do next, doing it, and checking what the model claims.

`step` decides without I/O, `loop` does, `claims` drops what the record does not bear out.
"""
