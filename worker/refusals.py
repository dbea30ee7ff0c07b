"""Why something will not start, said so that the operator can mend it."""

EXIT_CODE = 4
"""Of a process that was refused a start."""


class RefusedToStart(Exception):
    """It does not start like this: the message says what is wrong, the remedy how to mend it."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}\n{remedy}")
        self.message = message
        self.remedy = remedy
