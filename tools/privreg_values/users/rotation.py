"""How long a password that was replaced goes on working.

Times are written as RFC 3339 has them, in UTC and to the second. The chart only carries them: what it renders
depends on the values alone, so a password works until `users prune` has taken it out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from privreg_values.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=366)
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def parse_duration(text: str) -> timedelta:
    """Read a duration such as 90s, 30m, 1h or 7d.

    Raises:
        UsageError: it is none, is nothing, or is more than a year.
    """
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    duration = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < duration <= _LONGEST:
        what = "more than a year" if duration else "no time that a password can be kept for"
        raise UsageError(f"{text[:40]!r} is {what}", "write it as 30m, 1h or 7d")
    return duration


def end_of(duration: timedelta) -> str:
    """Give the time that is a duration from now."""
    return (datetime.now(UTC) + duration).strftime(_FORM)


def is_over(until: str) -> bool:
    """Tell whether a time has come; one that cannot be read has."""
    try:
        return datetime.strptime(until, _FORM).replace(tzinfo=UTC) <= datetime.now(UTC)
    except ValueError:
        return True
