"""Standard output that nothing in a ticket can do anything with: no cursor moves, no colours."""

import io
from typing import TextIO

UNSAFE = {
    code: f"\\u{code:04x}"
    for code in (
        *(code for code in range(0x20) if chr(code) not in "\n\t"),
        *range(0x7F, 0xA0),
        *(0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    )
}
"""Control characters and those that turn the direction of text, as JSON writes them."""


class Screen(io.TextIOBase):
    """Writes on `stream` what can only be read; what its encoding lacks is written as escapes."""

    def __init__(self, stream: TextIO) -> None:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream

    def write(self, text: str) -> int:
        """The number of characters that were handed in."""
        self._stream.write(text.translate(UNSAFE))
        return len(text)

    def flush(self) -> None:
        """Hands on what the stream holds back."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether somebody sits before it."""
        return self._stream.isatty()
