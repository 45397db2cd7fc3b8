"""Values that know where they were written, and Helm's way of laying them over each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from privreg_values.values.scalars import Scalar

Path = tuple[str | int, ...]
Value = Any  # a scalar, or lists and dicts of them: what YAML says, without places


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place.

    Args:
        value: A scalar, a list of nodes, or a map of nodes.
        mark: Where the value begins.
        end: The place after its last character.
        key_mark: Where its key begins, for a value in a map.
        flow: It is written in brackets or braces.
    """

    value: Scalar | list[Node] | dict[str, Node]
    mark: Mark
    end: Mark
    key_mark: Mark | None = None
    flow: bool = False


def plain(node: Node) -> Value:
    """Give the node's value as ordinary lists, dicts and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def find(node: Node, path: Iterable[str | int]) -> Node | None:
    """Give the node at a path, or None where the path leads nowhere."""
    current: Node | None = node
    for step in path:
        current = _child(current, step) if current else None
    return current


def locate(node: Node, path: Path, *, key: bool = False) -> Mark:
    """Give the place of a path, or of the deepest part of it that is there.

    A scalar is found at its value; a map, a list or nothing at its key, and so is everything for `key`.
    """
    for length in range(len(path), 0, -1):
        found = find(node, path[:length])
        if found:
            at_key = key or found.value is None or isinstance(found.value, dict | list)
            return found.key_mark if at_key and found.key_mark else found.mark
    return node.mark


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node.value, dict) and isinstance(step, str):
        return node.value.get(step)
    if isinstance(node.value, list) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step]
    return None


def merge(base: Node, over: Node) -> Node:
    """Lay one values file over another: maps merge, everything else is replaced.

    Source: MergeMaps in helm.sh/helm/v4/pkg/chart/v2/loader. Nulls stay; `coalesce` acts on them.
    """
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    merged = dict(base.value)
    for key, child in over.value.items():
        merged[key] = merge(merged[key], child) if key in merged else child
    return replace(over, value=merged)


def coalesce(defaults: Node, values: Node) -> Node:
    """Lay a user's values over the chart's defaults: as `merge`, but null removes a default.

    Source: coalesceValues in helm.sh/helm/v4/pkg/chart/common/util. A null over a default removes the
    key; a null for a key that has no default stays; a default that is itself null is left out.
    """
    if not isinstance(values.value, dict):
        return values
    chart = defaults.value if isinstance(defaults.value, dict) else {}
    result: dict[str, Node] = {}
    for key, child in values.value.items():
        default = chart.get(key)
        if default is None:
            result[key] = child
        elif child.value is not None:
            result[key] = coalesce(default, child)
        elif default.value is None and defaults.key_mark:
            result[key] = child  # below the top level, Helm keeps a null over a null
    for key, default in chart.items():
        if key not in values.value and default.value is not None:
            result[key] = _without_nulls(default)
    return replace(values, value=result)


def _without_nulls(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    kept = {key: _without_nulls(child) for key, child in node.value.items() if child.value is not None}
    return replace(node, value=kept)
