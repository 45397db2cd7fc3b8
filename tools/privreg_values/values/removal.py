"""Cuts one entry of a map or of a list out of the text of a values file.

What stands on the entry's own lines goes with it; comments above it stay. The editor makes sure that
the rest still says what it did, so that a form not thought of here is refused and never damaged.
"""

from __future__ import annotations

import re

from privreg_values.values.nodes import Mark, Node


class CannotCutError(Exception):
    """The entry is written in a way that it cannot be cut out of."""


def without(text: str, parent: Node, step: str | int) -> str:
    """Give the text without one entry.

    Args:
        text: The whole text.
        parent: The map or the list that the entry is in.
        step: The entry's key or index.

    Raises:
        CannotCutError: the form of the text does not allow it.
    """
    if isinstance(parent.value, dict) and isinstance(step, str):
        child, siblings = parent.value[step], [*parent.value.values()]
        if not child.key_mark:
            raise CannotCutError  # it comes from somewhere else, by `<<`
    elif isinstance(parent.value, list) and isinstance(step, int):
        child, siblings = parent.value[step], parent.value
    else:
        raise CannotCutError
    cut = _Cut(text)
    if parent.flow:
        return cut.from_brackets(child, siblings)
    if isinstance(step, int):
        return cut.item(child, parent, alone=len(siblings) == 1)
    return cut.key(child, parent, siblings)


def dash_column(lines: list[str], items: Node) -> int:
    """Give the column, counted from 0, of the dashes of a list; an anchor or a tag may come before them.

    Args:
        lines: The lines of the whole text.
        items: The list, which is not empty and not in brackets.

    Raises:
        CannotCutError: its dashes cannot be found.
    """
    first = items.value[0].mark.line if isinstance(items.value, list) else 0
    for line in reversed(lines[items.mark.line - 1 : first]):
        if match := re.match(r" *-(?=\s|$)", line):
            return match.end() - 1
    raise CannotCutError


class _Cut:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")

    def item(self, child: Node, parent: Node, *, alone: bool) -> str:
        """Cut out an item that begins with a dash."""
        column = dash_column(self._lines, parent)
        first = child.mark.line
        while first >= parent.mark.line and not re.match(rf" {{{column}}}-(\s|$)", self._lines[first - 1]):
            first -= 1
        if first < parent.mark.line:
            raise CannotCutError
        return self._without_lines(first, child, parent, "[]" if alone else "")

    def key(self, child: Node, parent: Node, siblings: list[Node]) -> str:
        """Cut out a key and its value."""
        key = _start(child)
        if not self._before(key).strip():
            return self._without_lines(key.line, child, parent, "{}" if len(siblings) == 1 else "")
        # The key follows the dash of an item: the next key takes its place.
        following = [_start(it) for it in siblings if (_start(it).line, _start(it).column) > (key.line, key.column)]
        if not following:
            return self._spliced(self._offset(key), self._offset(child.end), "{}")
        following.sort(key=lambda mark: (mark.line, mark.column))
        return self._spliced(self._offset(key), self._offset(following[0]))

    def from_brackets(self, child: Node, siblings: list[Node]) -> str:
        """Cut an entry out of [...] or {...}, with one of its commas."""
        start, end = self._offset(_start(child)), self._offset(child.end)
        ends = [offset for it in siblings if (offset := self._offset(it.end)) <= start]
        is_last = len(ends) == len(siblings) - 1
        if ends and is_last and re.fullmatch(r"\s*,\s*", self._text[max(ends) : start]):
            return self._spliced(max(ends), end)
        if comma := re.match(r"[ \t]*,", self._text[end:]):
            return self._without_span(start, end + comma.end())
        return self._without_span(start, end)

    def _without_span(self, start: int, end: int) -> str:
        """Cut; whole lines where nothing else is on them."""
        line_start = self._text.rfind("\n", 0, start) + 1
        rest = re.match(r"[ \t\r]*(#[^\n]*)?(\n|\Z)", self._text[end:])
        if rest and not self._text[line_start:start].strip():
            return self._spliced(line_start, end + rest.end())
        blanks = re.match(r"[ \t]*", self._text[end:])
        return self._spliced(start, end + (blanks.end() if blanks else 0))

    def _without_lines(self, first: int, child: Node, parent: Node, empty: str) -> str:
        """Cut out lines; where nothing remains of the parent, its key says so."""
        last = child.end.line - 1 if child.end.column == 1 and child.end.line > first else child.end.line
        lines = [*self._lines[: first - 1], *self._lines[last:]]
        if empty and parent.key_mark:
            at = parent.key_mark
            line = lines[at.line - 1]
            colon = line.index(":", at.column - 1) + 1
            lines[at.line - 1] = f"{line[:colon]} {empty}{line[colon:]}"
        return "\n".join(lines)

    def _before(self, mark: Mark) -> str:
        return self._lines[mark.line - 1][: mark.column - 1]

    def _spliced(self, start: int, end: int, text: str = "") -> str:
        return self._text[:start] + text + self._text[end:]

    def _offset(self, mark: Mark) -> int:
        return sum(len(line) + 1 for line in self._lines[: mark.line - 1]) + mark.column - 1


def _start(node: Node) -> Mark:
    return node.key_mark or node.mark
