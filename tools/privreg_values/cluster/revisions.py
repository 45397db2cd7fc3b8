"""The revisions of a release, as helm tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Hook:
    """What helm runs beside the release's objects.

    Args:
        object: What it makes.
        events: When, such as post-install.
        phase: How it went last: Succeeded, Failed, Running, or empty where it did not run.
    """

    object: dict[str, Any]
    events: tuple[str, ...]
    phase: str


@dataclass(frozen=True)
class Revision:
    """One revision of a release, or what would be the next one.

    Args:
        number: Its number, from 1.
        status: What helm calls it: deployed, failed, pending-upgrade and so on.
        updated: When, in ISO 8601, in UTC.
        values: What the user set. There are secrets in it.
        objects: Its objects, without the hooks.
        hooks: The hooks.
    """

    number: int
    status: str
    updated: str
    values: dict[str, Any]
    objects: list[dict[str, Any]]
    hooks: list[Hook]


@dataclass(frozen=True)
class Entry:
    """One line of a release's history.

    Args:
        number: The revision's number.
        status: What helm calls it.
        chart: Name and version of its chart.
    """

    number: int
    status: str
    chart: str


@dataclass(frozen=True)
class History:
    """The revisions of a release.

    Args:
        entries: They, the oldest first.
    """

    entries: list[Entry]

    @property
    def last(self) -> Entry | None:
        """The last one; None where there is no release."""
        return max(self.entries, key=lambda it: it.number, default=None)

    @property
    def deployed(self) -> int:
        """The number of the one that is in force; 0 where none is."""
        return max((it.number for it in self.entries if it.status == "deployed"), default=0)


def is_pending(status: str) -> bool:
    """Tell whether a helm is at a revision, or ended there without a word: no upgrade begins then, a rollback does."""
    return status.startswith("pending-")
