"""Host names: which ones clients can use, and what to say about the others."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from privreg_values.errors import HostError

MAX_LENGTH = 253
_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
# A name with a dot, so that docker does not take it for a Docker Hub namespace; not an address, which an
# Ingress refuses. The chart's schema has the same pattern.
_HOST = re.compile(rf"({_LABEL}\.)+[a-z]([-a-z0-9]{{0,61}}[a-z0-9])?")


@dataclass(frozen=True)
class Advice:
    """What is wrong with a host name.

    Args:
        faults: In words, such as "has a scheme (https://)".
        suggestion: The corrected spelling, or None where it cannot be guessed.
    """

    faults: list[str]
    suggestion: str | None

    def __str__(self) -> str:
        having = [fault.removeprefix("has ") for fault in self.faults if fault.startswith("has ")]
        others = [fault for fault in self.faults if not fault.startswith("has ")]
        clauses = ([f"has {_listed(having)}"] if having else []) + others
        return f"it {_listed(clauses)}"


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def is_valid(host: str) -> bool:
    """Tell whether clients, an Ingress and a certificate can all use the name."""
    return len(host) <= MAX_LENGTH and _HOST.fullmatch(host) is not None


def advise(host: str) -> Advice | None:
    """Explain what is wrong with a host name; None when nothing is."""
    if is_valid(host):
        return None
    faults: list[str] = []
    name = _without_url_parts(host, faults)
    if not name:
        return Advice(faults or ["is empty"], None)
    if _is_address(name):
        return Advice([*faults, "is an address, and an Ingress and its certificate need a name"], None)
    name = _respelled(name, faults)
    if "." not in name:
        faults.append("has no dot (docker takes such a name for a folder of Docker Hub)")
    if len(name) > MAX_LENGTH:
        faults.append(f"is longer than {MAX_LENGTH} characters")
    if any(len(label) > 63 for label in name.split(".")):
        faults.append("has a part between dots that is longer than 63 characters")
    return Advice(faults or ["is not a DNS name"], name if is_valid(name) else None)


def check(host: str) -> None:
    """Accept a usable host name.

    Raises:
        HostError: it is not; the message explains why, the remedy is the corrected spelling.
    """
    advice = advise(host)
    if advice:
        remedy = (
            f'did you mean "{advice.suggestion}"?' if advice.suggestion else "use a name such as registry.example.com"
        )
        raise HostError(f"host: {host!r} cannot be used: {advice}", remedy)


def _without_url_parts(host: str, faults: list[str]) -> str:
    name = host.strip()
    if name != host:
        faults.append("has spaces around it")
    if found := re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", name):
        faults.append(f"has a scheme ({found.group()})")
        name = name[found.end() :]
    name, slash, path = name.partition("/")
    if slash:
        faults.append(f"has a path (/{path})")
    if "@" in name:
        faults.append("has a user name before an @")
        name = name.rpartition("@")[2]
    if found := re.search(r"(?<=[^:]):(\d*)$", name):
        faults.append(f"has a port ({found.group()})")
        name = name[: found.start()]
    return name


def _respelled(name: str, faults: list[str]) -> str:
    if name.endswith("."):
        faults.append("ends with a dot")
        name = name.rstrip(".")
    if name != name.lower():
        faults.append("has upper-case letters")
        name = name.lower()
    if "_" in name:
        faults.append("has an underscore")
        name = name.replace("_", "-")
    if not name.isascii():
        faults.append("has letters that DNS does not know")
        name = _punycode(name)
    if re.search(r"\s", name):
        faults.append("has a space in it")
    return name


def _punycode(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
