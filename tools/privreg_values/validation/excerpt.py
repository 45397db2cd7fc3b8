"""Shows a line of a values file with a caret under a place in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from privreg_values.validation.hiding import MASK, Span, secrets_in
from privreg_values.values.nodes import Mark
from privreg_values.values.validate import Source

TAB = 8  # columns between two tab stops, as terminals have them
ELLIPSIS = "..."
_Cell = tuple[str, int, int]  # what is shown, its width on a terminal, and its column in the file


def excerpt(source: Source, mark: Mark, width: int) -> tuple[str, str]:
    """Give a line and a line with the caret.

    Args:
        source: The file.
        mark: The place.
        width: Columns that there are at most.
    """
    lines = source.text.removeprefix("\ufeff").split("\n")
    cells = list(_cells(lines[mark.line - 1].rstrip("\r"), secrets_in(source, mark.line)))
    margin = f"{mark.line:>5} | "
    shown, caret = _window(cells, _position(cells, mark.column - 1), width - len(margin))
    return margin + shown, f"{'':>5} | {' ' * caret}^"


def _cells(text: str, hidden: Sequence[Span]) -> Iterator[_Cell]:
    """Give the characters as they are shown: secrets masked, tabs as blanks, nothing that moves the cursor."""
    used = column = 0
    while column < len(text):
        span = next((it for it in hidden if it.start == column), None)
        if span:
            yield from ((character, 1, column) for character in MASK)
            used += len(MASK)
            column = len(text) if span.end is None else span.end
            continue
        shown = " " * (TAB - used % TAB) if text[column] == "\t" else _printable(text[column])
        for character in shown:
            yield character, _width(character), column
            used += _width(character)
        column += 1


def _printable(character: str) -> str:
    return "?" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _position(cells: Sequence[_Cell], column: int) -> int:
    """Give the index of the cell at a column of the file; a place after the line is after its last cell."""
    return next((index for index, cell in enumerate(cells) if cell[2] >= column), len(cells))


def _window(cells: Sequence[_Cell], position: int, room: int) -> tuple[str, int]:
    """Cut out what fits around a position; also give the columns before the caret."""
    first, last = 0, len(cells)
    if _columns(cells) > room:
        room -= 2 * len(ELLIPSIS)
        while first < position and _columns(cells[first : position + 1]) > room // 2:
            first += 1
        while _columns(cells[first:last]) > room:
            last -= 1
    before, after = ELLIPSIS if first else "", ELLIPSIS if last < len(cells) else ""
    text = "".join(cell[0] for cell in cells[first:last])
    return before + text + after, len(before) + _columns(cells[first:position])


def _columns(cells: Sequence[_Cell]) -> int:
    return sum(cell[1] for cell in cells)
