"""What can be wrong with a benchmark that somebody asked for."""


class BenchmarkError(Exception):
    """A scenario that cannot be read or drawn, or a run that was asked for and cannot be.

    Attributes:
        message: What is wrong, with file and field.
        hint: What to do; empty when the message says it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
