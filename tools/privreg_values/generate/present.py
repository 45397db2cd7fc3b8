"""What the files of a registry say already, before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass

from privreg_values.files import target
from privreg_values.values import values_file, yaml_reader
from privreg_values.values.nodes import Value, plain


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
    """
    found, secrets = _read(values), _read(credentials)
    host = found.get("host") or secrets.get("host")
    blocks = frozenset(key for key, value in found.items() if value not in (None, "", {}, []))
    return Present(str(host) if host else None, bool(found.get("host")), blocks)


def _read(name: str) -> dict[str, Value]:
    text = values_file.decode(target(name).read() or b"", name)
    value = plain(yaml_reader.parse(text, name).root)
    return value if isinstance(value, dict) else {}
