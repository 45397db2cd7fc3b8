"""What the terminal can show: colour, ticks, and how wide it is."""

from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import dataclass
from typing import TextIO

_COLOURS = {"green": "32", "red": "31", "yellow": "33", "bold": "1"}


@dataclass(frozen=True)
class Style:
    """How to write to one stream.

    Args:
        colour: Use colours.
        symbols: Use characters beyond ASCII.
        width: Columns to wrap at; 0 for lines of any length, as in a file or a pipe.
    """

    colour: bool = False
    symbols: bool = False
    width: int = 0

    def paint(self, text: str, colour: str) -> str:
        """Colour a text, if colours are wanted."""
        return f"\033[{_COLOURS[colour]}m{text}\033[0m" if self.colour else text

    def tick(self, ok: bool) -> str:
        """Give the mark for a step that went well, or for one that did not."""
        if self.symbols:
            return "✓" if ok else "✗"
        return "ok  " if ok else "FAIL"

    def wrap(self, text: str, indent: int) -> str:
        """Break a text into lines; those after the first one are indented.

        Args:
            text: What to break.
            indent: Columns that come before the first line, and blanks before the others.
        """
        if not self.width:
            return text
        width = max(self.width - indent, 20)
        lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        return ("\n" + " " * indent).join(lines)


def style_of(stream: TextIO) -> Style:
    """Find out how to write to a stream. Colours are off where NO_COLOR is set (no-color.org)."""
    encoding = stream.encoding or "ascii"
    try:
        "✓✗".encode(encoding)
        symbols = True
    except (UnicodeError, LookupError):
        symbols = False
    if not stream.isatty():
        return Style(symbols=symbols)
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Style(colour, symbols, shutil.get_terminal_size().columns)
