"""What the files of a registry say already, before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass

from privreg_values.errors import ConflictError
from privreg_values.files import target
from privreg_values.values import chart, values_file, yaml_reader
from privreg_values.values.nodes import Node, Value, locate, plain


@dataclass(frozen=True)
class Present:
    """What is there.

    Args:
        host: The registry's name in either file; None where neither says it.
        is_in_use: The values file names the host: it is one that somebody works with.
        blocks: The top-level keys with values in it.
    """

    host: str | None
    is_in_use: bool
    blocks: frozenset[str]


def present(values: str, credentials: str) -> Present:
    """Read the two files, where they are there.

    Raises:
        FileError: one cannot be read, or is not YAML.
        ConflictError: the values file holds something else than values of this chart.
    """
    root = _read(values)
    found, secrets = _values(root), _values(_read(credentials))
    host = found.get("host") or secrets.get("host")
    blocks = frozenset(key for key, value in found.items() if value not in (None, "", {}, []))
    if foreign := [key for key in found if not found.get("host") and key not in chart.schema()["properties"]]:
        what = f"{locate(root, (foreign[0],), key=True)}: {foreign[0]}: is not a key of this chart"
        remedy = f"name another file with --output, or bring it over with `privreg-values migrate {values} -o FILE`"
        raise ConflictError([f"{what}, and the file names no host: it holds something else; {remedy}"])
    return Present(str(host) if host else None, bool(found.get("host")), blocks)


def _read(name: str) -> Node:
    return yaml_reader.parse(values_file.decode(target(name).read() or b"", name), name).root


def _values(root: Node) -> dict[str, Value]:
    value = plain(root)
    return value if isinstance(value, dict) else {}
