"""The values files of a release: read once, laid over each other, and where each value was written.

What was read here is given to helm on its standard input. So what is checked is what is installed, and a file
may be a pipe that a program decrypts into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from privreg_values.errors import FileError, UsageError
from privreg_values.shapes import layout
from privreg_values.values import chart, validate, yaml_reader
from privreg_values.values.nodes import Mark, Node, Path, Value, coalesce, find, locate, merge, plain
from privreg_values.values.paths import render
from privreg_values.values.values_file import read_text


@dataclass(frozen=True)
class Sources:
    """Values files laid over each other.

    Args:
        files: Their names; the later ones win.
        root: The values.
    """

    files: list[str]
    root: Node

    @property
    def values(self) -> dict[str, Value]:
        """What helm is given."""
        return dict(plain(self.root))

    @property
    def effective(self) -> dict[str, Value]:
        """The same over the chart's defaults."""
        return dict(plain(coalesce(chart.defaults(), self.root)))

    def problems(self) -> list[validate.Problem]:
        """Give what the chart of this version would refuse."""
        return validate.check(self.root, self.files)


def read(files: Sequence[str]) -> Sources:
    """Read values files; without any, values.yaml and the file with its secrets, if they are there.

    Raises:
        UsageError: no file is named, and there is no values.yaml.
        FileError: one cannot be read, or helm could not.
    """
    names = list(files) or layout.default()
    if not names:
        message = f"no values file is named, and there is no {layout.DEFAULT} here"
        raise UsageError(message, "name one, or make one with `privreg-values gen`")
    return Sources(names, reduce(merge, map(_read, names)))


def _read(name: str) -> Node:
    root = yaml_reader.parse(read_text(name), name).root
    if isinstance(root.value, dict) and "sops" in root.value:
        remedy = f"give it decrypted: `sops decrypt {name} | privreg-values ... values.yaml -`"
        raise FileError(f"{name}: is encrypted by sops", remedy)
    return root


def causes(message: str, root: Node) -> Iterator[str]:
    """Give the lines of the values files that an error of helm is about, where that can be known.

    Args:
        message: The error. Known are the schema's (at '/auth/users/0'), the chart's rules' (privreg: auth.users: …)
            and the API server's (Invalid value: "…"), for which a value that is there only once is looked up; and
            an image whose tag or digest the values set.
        root: The values.
    """
    places: dict[str, Mark] = {}
    for pointer in re.findall(r"at '(/[^']*)'", message):
        path = tuple(int(it) if it.isdigit() else it for it in pointer.strip("/").split("/"))
        places[render(path)] = locate(root, path)
    for dotted in re.findall(r"privreg: ([A-Za-z][A-Za-z0-9.]*): ", message):
        places[dotted] = locate(root, tuple(dotted.split(".")))
    known = list(leaves(root))
    invalid = {one or other for one, other in re.findall(r"Invalid value: (?:\"([^\"]+)\"|(\S+?)):", message)}
    images = set(re.findall(r"image \"?[^\s\"]+?[:@]([^\s\"/:@]+|sha256:[0-9a-f]{64})(?=[\s\",;]|$)", message))
    for texts, keys in ((invalid, None), (images, ("tag", "digest"))):
        for wanted in texts:
            found = [path for path, leaf in known if str(leaf.value) == wanted and (not keys or path[-1] in keys)]
            if len(found) == 1:
                places[render(found[0])] = locate(root, found[0])
    return (f"{mark}: {path}" for path, mark in places.items())


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Give each value that is neither a map nor a list with something in it, and its path."""
    children: list[tuple[str | int, Node]] = []
    if isinstance(node.value, dict):
        children = list(node.value.items())
    elif isinstance(node.value, list):
        children = list(enumerate(node.value))
    for step, child in children:
        yield from leaves(child, (*path, step))
    if not children and path:
        yield path, node


@dataclass(frozen=True)
class Difference:
    """A value that is not the chart's default.

    Args:
        mark: Where it is set.
        path: Which.
        value: What it is set to.
        default: The chart's default; None where it has none.
    """

    mark: Mark
    path: Path
    value: Value
    default: Value


def differences(sources: Sources) -> list[Difference]:
    """Give what differs from the chart's defaults, in the order of the files. A list differs as a whole."""
    defaults = chart.defaults()

    def below(node: Node, path: Path) -> Iterator[Difference]:
        default = find(defaults, path)
        if isinstance(node.value, dict) and (node.value or not default):
            for key, child in node.value.items():
                yield from below(child, (*path, key))
        elif plain(node) != (plain(default) if default else None):
            yield Difference(node.key_mark or node.mark, path, plain(node), plain(default) if default else None)

    order = {name: number for number, name in enumerate(sources.files)}
    found = below(sources.root, ())
    return sorted(found, key=lambda it: (order.get(it.mark.file, 0), it.mark.line, it.mark.column))
