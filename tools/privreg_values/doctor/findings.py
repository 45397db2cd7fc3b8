"""What the doctor found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One trouble at one place.

    Args:
        trouble: Its name for programs, such as no-secret; stable.
        where: The object that it was seen at, such as "Pod team-a/app".
        what: What is wrong; the same words wherever it is the same trouble.
        remedy: What to do about it.
        harmless: It looks like a trouble and is none.
    """

    trouble: str
    where: str
    what: str
    remedy: str
    harmless: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """All that the doctor has to say.

    Args:
        host: The registry's name.
        subject: What was looked at, in words.
        findings: What was found.
        unseen: What could not be looked at, and why.
    """

    host: str
    subject: str
    findings: tuple[Finding, ...]
    unseen: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing was found that does harm."""
        return all(it.harmless for it in self.findings)
