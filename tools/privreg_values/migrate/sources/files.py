"""Gets the YAML and JSON documents of files and folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from privreg_values.errors import FileError
from privreg_values.values import yaml_reader
from privreg_values.values.nodes import Node, find
from privreg_values.values.values_file import read_text

_SUFFIXES = (".yaml", ".yml", ".json")


def names(given: Sequence[str]) -> list[str]:
    """Give the files, and for each folder those in it, by name.

    Raises:
        FileError: a folder holds none.
    """
    found: list[str] = []
    for name in given:
        found += list(_in_folder(Path(name))) if Path(name).is_dir() else [name]
    return list(dict.fromkeys(found))


def documents(files: Sequence[str]) -> list[Node]:
    """Read files; an object of kind List gives its items.

    Args:
        files: Names; "-" is standard input.

    Raises:
        FileError: one cannot be read.
        SyntaxProblem: one is not YAML.
    """
    return [node for name in files for top in yaml_reader.documents(read_text(name), name) for node in _flat(top)]


def _in_folder(folder: Path) -> Iterator[str]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    except OSError as error:
        raise FileError(f"{folder}: cannot be read: {error.strerror}", "check its permissions") from None
    if not paths:
        raise FileError(f"{folder}: holds no {', '.join(_SUFFIXES)} file", "name the folder of the manifests")
    yield from map(str, paths)


def _flat(node: Node) -> Iterator[Node]:
    """Give the objects of a list of any kind, as kubectl does (meta.IsListType: items is a list)."""
    kind, items = find(node, ["kind"]), find(node, ["items"])
    if kind and items and isinstance(kind.value, str) and kind.value.endswith("List") and isinstance(items.value, list):
        for item in items.value:
            yield from _flat(item)
    else:
        yield node
