"""Finds what may be secret in a line of a values file, so that the line can be shown without it.

A value is shown only where it is certain to be none. Where the file could not be read, there is nothing but the line
and its section to go by.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from privreg_values.values import chart, schema, secrets
from privreg_values.values.nodes import Node, Path
from privreg_values.values.secret_scan import sets_password
from privreg_values.values.validate import Source

MASK = "********"
_COMMENT = re.compile(r"(?:^|(?<=\s))#")


@dataclass(frozen=True)
class Span:
    """A part of a line.

    Args:
        start: Its first column, counted from 0.
        end: The column after its last one; None for the rest of the line.
    """

    start: int
    end: int | None = None


def secrets_in(source: Source, line: int) -> list[Span]:
    """Give what is to be hidden of a line, from left to right.

    Args:
        source: The file.
        line: The line's number, counted from 1.
    """
    text = source.text.removeprefix("\ufeff").split("\n")[line - 1]
    if source.document is None:
        return _guessed(source, line)
    nodes = [((), source.document.root), *source.document.replaced]
    values = [it for path, node in nodes for it in _scalars(node, path)]
    # What is secret in one place is so in all, such as where it has its anchor.
    known = {str(node.value) for path, node in values if secrets.may_be_secret(path, node.value)}
    spans = sorted(set(_in_values(values, known, line)), key=lambda it: it.start)
    if spans and spans[-1].end is None:
        return spans
    return [*spans, *_in_rest(text, spans[-1].end or 0 if spans else 0, known)]


def _in_values(values: Iterable[tuple[Path, Node]], known: Collection[str], line: int) -> Iterator[Span]:
    for path, node in values:
        if node.key_mark and node.key_mark.line == line:
            key = str(path[-1])
            if key in known or secrets.traces_of_secret(key):
                yield Span(node.key_mark.column - 1)
                return
        if node.mark.line <= line <= node.end.line and str(node.value) in known:
            start = node.mark.column - 1 if node.mark.line == line else 0
            end = node.end.column - 1 if node.end.line == line else None
            if end is None or end > start:
                yield Span(start, end)


def _in_rest(text: str, begin: int, known: Collection[str]) -> Iterator[Span]:
    """Hide what follows the values: a comment that may be about a secret, and what looks like one all the same."""
    comment = _COMMENT.search(text, begin)
    said = text[comment.end() :] if comment else ""
    if comment and (begin or secrets.hints_at_secret(said) or any(it in said for it in known)):
        yield Span(comment.start())
    elif secrets.traces_of_secret(text[begin:]) or (not begin and sets_password(text)):
        yield Span(comment.start() if comment else max(begin, len(text) - len(text.lstrip())))


def _scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Give each value that is no map and no list, with its path."""
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _scalars(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _scalars(child, (*path, index))
    else:
        yield path, node


def _guessed(source: Source, line: int) -> list[Span]:
    """Hide everything after the line's key, unless its section holds no secrets and nothing looks like one."""
    lines = source.text.removeprefix("\ufeff").split("\n")
    text = lines[line - 1]
    heads = (found[1] for it in reversed(lines[:line]) if (found := re.match(r"[\"']?([A-Za-z]\w*)[\"']?\s*:", it)))
    section = next(heads, "")
    harmless = section in chart.schema()["properties"] and not _may_hold_secrets(section)
    if harmless and not secrets.hints_at_secret(text) and not secrets.traces_of_secret(text):
        return []
    key = re.match(r"[\s-]*[\"']?([\w.-]+)[\"']?\s*:\s*", text)
    start = (
        key.end() if key and (key[1] in schema.known_keys() or key[1] == section) else len(text) - len(text.lstrip())
    )
    return [Span(start)] if start < len(text.rstrip()) else []


def _may_hold_secrets(section: str) -> bool:
    return secrets.is_secret_place((section,)) or chart.at((section,)).get("additionalProperties") is True
