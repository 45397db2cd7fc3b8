"""Finds what may be secret in a line of a values file, so that the line can be shown without it.

A value is shown only where it is certain to be none: the schema knows its place and no secret goes there, or
neither its place nor its look are those of a secret. Where the file could not be read, or says a key twice, there
is nothing but the line and its section to go by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from privreg_values.values import chart, schema
from privreg_values.values.nodes import Node, Path
from privreg_values.values.validate import Source

MASK = "********"
_NAMES = re.compile(r"pass|secret|token|credential|auth|hash|key|cert|config|htpasswd|users?\b", re.IGNORECASE)
_HARMLESS = {"name", "username", "role", "repositories", "existingSecret", "enabled", "mode", "realm"}
_SECTIONS_WITH_SECRETS = {
    "auth",
    "httpSecret",
    "pullSecrets",
    "storage",
    "token",
    "global",
    "extraEnv",
    "extraManifests",
}


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
    if source.document is None or any(mark.line == line for mark, _ in source.document.duplicates):
        return _guessed(source, line)
    spans = sorted(_found(source.document.root, line), key=lambda it: it.start)
    if spans and spans[-1].end is not None:  # what a comment says after a secret may be about it
        rest = text[spans[-1].end :]
        if "#" in rest:
            spans.append(Span(spans[-1].end + rest.index("#")))
    return spans


def _found(root: Node, line: int) -> Iterator[Span]:
    for path, node in scalars(root):
        if node.mark.line <= line <= node.end.line and looks_like_a_secret(path, node):
            start = node.mark.column - 1 if node.mark.line == line else 0
            end = node.end.column - 1 if node.end.line == line else None
            if end is None or end > start:
                yield Span(start, end)


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Give each value that is no map and no list, with its path."""
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from scalars(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from scalars(child, (*path, index))
    else:
        yield path, node


def looks_like_a_secret(path: Path, node: Node) -> bool:
    """Tell whether a value has the place or the look of a secret."""
    text = str(node.value)
    if node.value in (None, "") or isinstance(node.value, bool):
        return False
    if schema.LOOKS_SECRET.search(text):
        return True
    known = schema.at(path).get("type") or "$ref" in schema.at(path)
    if schema.is_secret(path) or not known:
        harmless = known and _last_name(path) in _HARMLESS and ":" not in text
        return not harmless and (schema.is_secret(path) or any(_NAMES.search(str(step)) for step in path))
    return False


def _last_name(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _guessed(source: Source, line: int) -> list[Span]:
    """Hide everything after the line's key, unless its section holds no secrets and nothing looks like one."""
    lines = source.text.removeprefix("\ufeff").split("\n")
    text = lines[line - 1]
    heads = (found[1] for it in reversed(lines[:line]) if (found := re.match(r"[\"']?([A-Za-z]\w*)[\"']?\s*:", it)))
    section = next(heads, "")
    open_sections = set(chart.schema()["properties"]) - _SECTIONS_WITH_SECRETS
    if section in open_sections and not _NAMES.search(text) and not schema.LOOKS_SECRET.search(text):
        return []
    key = re.match(r"[\s-]*[\"']?([\w.-]+)[\"']?\s*:\s*", text)
    start = (
        key.end() if key and (key[1] in schema.known_keys() or key[1] == section) else len(text) - len(text.lstrip())
    )
    return [Span(start)] if start < len(text.rstrip()) else []
