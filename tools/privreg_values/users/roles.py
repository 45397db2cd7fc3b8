"""What a user may do, and in which repositories.

The chart's schema has the same roles and the same form of patterns; a test compares them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from privreg_values.errors import UsageError

_PATTERN = re.compile(r"[a-z0-9*]([a-z0-9._*/-]*[a-z0-9*])?")
_MAX_PATTERN = 255


class Role(StrEnum):
    """What a user may do."""

    PULL = "pull"  # read
    PUSH = "push"  # and write
    ADMIN = "admin"  # and delete, and list the catalog


@dataclass(frozen=True)
class Grant:
    """A role and where it counts.

    Args:
        role: What the user may do.
        repositories: Patterns of repositories; none for all of them.
    """

    role: Role
    repositories: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.role} in {', '.join(self.repositories)}" if self.repositories else str(self.role)


def grant(role: Role, patterns: Iterable[str]) -> Grant:
    """Make a grant of patterns that people typed; one that comes twice counts once.

    Raises:
        UsageError: a pattern cannot be one.
    """
    repositories = tuple(dict.fromkeys(patterns))
    for pattern in repositories:
        check_pattern(pattern)
    return Grant(role, repositories)


def parse_user(text: str) -> tuple[str, Grant | None]:
    """Take NAME[:ROLE[:PATTERN,...]] apart; the grant is None where only a name is given.

    What follows the colon is never repeated in a message: people write passwords there.

    Raises:
        UsageError: it is something else.
    """
    name, *rest = text.split(":", 2)
    if not rest:
        return name, None
    if rest[0] not in list(Role):
        close = difflib.get_close_matches(rest[0].lower(), list(Role), n=1)
        meant = f"did you mean {name[:63]}:{close[0]}?" if close else "write NAME:pull, NAME:push or NAME:admin"
        raise UsageError(
            f"user {name[:63]!r}: what follows the colon is not a role",
            f"{meant} (passwords come from --ask-password or --password-stdin)",
        )
    return name, grant(Role(rest[0]), rest[1].split(",") if rest[1:] else ())


def check_pattern(pattern: str) -> None:
    """Accept a pattern of repositories.

    Raises:
        UsageError: it is none.
    """
    if len(pattern) <= _MAX_PATTERN and _PATTERN.fullmatch(pattern):
        return
    if not pattern:
        reason = "is empty"
    elif len(pattern) > _MAX_PATTERN:
        reason = f"has {len(pattern)} characters, and {_MAX_PATTERN} are allowed"
    elif pattern != pattern.lower():
        reason = "has capitals, which no repository's name has"
    elif ":" in pattern or "@" in pattern:
        reason = "names a tag or a digest, and roles are for whole repositories"
    elif pattern[0] == "/" or pattern[-1] == "/":
        reason = "begins or ends with a slash"
    else:
        reason = "has characters that no repository's name has"
    raise UsageError(
        f"the repository pattern {pattern[:80]!r} {reason}",
        "write it as team-a/app, team-a/* (one component) or team-a/** (all below)",
    )
