"""The text of an htpasswd file: a line NAME:HASH for each user.

A password that still works beside a user's own is a comment below the line, `#previous:NAME:HASH:UNTIL`: the
gateway reads it (charts/privreg/files/gateway.sh), and every other reader of such files passes over it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PREVIOUS = "#previous:"
_LINE = re.compile(r"([^:#\s][^:]*):(\S*)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Previous:
    """The password before.

    Args:
        hash: Its hash.
        until: When it is to be taken out, as RFC 3339 has it, in UTC.
    """

    hash: str
    until: str


@dataclass(frozen=True)
class Line:
    """A user's line.

    Args:
        number: Which one it is, counted from 0.
        hash: The hash.
        previous: The password before; None without one.
    """

    number: int
    hash: str
    previous: Previous | None = None


def read(text: str) -> dict[str, Line]:
    """Give the users' lines, by name."""
    found: dict[str, Line] = {}
    previous: dict[str, Previous] = {}
    for number, line in enumerate(text.split("\n")):
        if line.startswith(_PREVIOUS):
            name, _, rest = line.removeprefix(_PREVIOUS).partition(":")
            hashed, _, until = rest.strip().partition(":")
            previous[name] = Previous(hashed, until)
        elif match := _LINE.match(line):
            found[match[1]] = Line(number, match[2])
    return {name: Line(it.number, it.hash, previous.get(name)) for name, it in found.items()}


def put(text: str, name: str, hashed: str, previous: Previous | None = None) -> str:
    """Give the text with a user's hash, and the password before if there is one; what follows the hash stays."""
    there = read(text).get(name)
    lines = without_previous(text, name).split("\n")
    if there is None:
        at = len(lines) - (not lines[-1])
        lines.insert(at, f"{name}:{hashed}")
    else:
        at = read("\n".join(lines))[name].number
        match = _LINE.match(lines[at])
        lines[at] = f"{name}:{hashed}{match[3] if match else ''}"
    if previous:
        lines.insert(at + 1, f"{_PREVIOUS}{name}:{previous.hash}:{previous.until}")
    return "\n".join(lines) + ("" if not lines[-1] else "\n")


def without(text: str, name: str) -> str:
    """Give the text without a user."""
    lines = without_previous(text, name).split("\n")
    if there := read("\n".join(lines)).get(name):
        del lines[there.number]
    return "\n".join(lines)


def without_previous(text: str, name: str) -> str:
    """Give the text without the password before of a user."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(f"{_PREVIOUS}{name}:"))
