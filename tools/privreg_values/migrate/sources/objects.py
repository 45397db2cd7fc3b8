"""Kubernetes objects as they stand in manifests."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from privreg_values.values.nodes import Mark, Node, Value, find, plain


@dataclass(frozen=True)
class Object:
    """One object.

    Args:
        node: All of it.
        kind: Its kind.
        name: Its name; empty where it has none.
        namespace: Its namespace; None where it does not say.
    """

    node: Node
    kind: str
    name: str
    namespace: str | None

    @property
    def mark(self) -> Mark:
        """Where it begins."""
        return self.node.mark

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def at(self, *path: str | int) -> Node | None:
        """Give the node at a path."""
        return find(self.node, path)

    def get(self, *path: str | int) -> Value:
        """Give the plain value at a path, or None."""
        return value_at(self.node, *path)

    def data(self) -> dict[str, Node]:
        """Give what a ConfigMap or a Secret holds, as text."""
        found: dict[str, Node] = {}
        encoded = self.at("data")
        for key, node in items(encoded).items():
            text = decoded(str(node.value)) if self.kind == "Secret" else str(node.value)
            found[key] = Node(text, node.mark, node.end, node.key_mark)
        return {**found, **items(self.at("stringData"))}


def from_node(node: Node) -> Object | None:
    """Give the object that a node is, or None where it has no kind."""
    kind = value_at(node, "kind")
    if not (isinstance(kind, str) and value_at(node, "apiVersion")):
        return None
    namespace = value_at(node, "metadata", "namespace")
    return Object(node, kind, str(value_at(node, "metadata", "name") or ""), str(namespace) if namespace else None)


def value_at(node: Node, *path: str | int) -> Value:
    """Give the plain value at a path, or None."""
    found = find(node, path)
    return plain(found) if found else None


def annotations_of(node: Node | None) -> dict[str, Node]:
    """Give annotations by name, without what `kubectl apply` notes about the object itself."""
    return {key: child for key, child in items(node).items() if not key.startswith("kubectl.kubernetes.io/")}


def items(node: Node | None) -> dict[str, Node]:
    """Give the entries of a map; none where there is no map."""
    return node.value if node and isinstance(node.value, dict) else {}


def children(node: Node | None) -> list[Node]:
    """Give the items of a list; none where there is no list."""
    return node.value if node and isinstance(node.value, list) else []


def decoded(text: str) -> str:
    """Decode base64; what is none reads as nothing."""
    try:
        return base64.b64decode(text, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def line_of(node: Node, index: int) -> Mark:
    """Give the place of a line within a text: of its own in a block scalar, of the text's else.

    Args:
        node: The text.
        index: Which line, from 0.
    """
    lines = str(node.value).count("\n")
    block = node.end.line - node.mark.line >= max(lines, 1)
    mark = node.mark
    return Mark(mark.file, mark.line + 1 + index, 1) if block else mark
