"""Troubles that are known by the words of the programs that have them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from privreg_values.registry.client import printable


@dataclass(frozen=True)
class Meaning:
    """A trouble that is known by its words.

    Args:
        trouble: Its name for programs; several meanings may be of one trouble.
        sign: A regular expression for the words, whatever their case.
        what: What is wrong; {NAME} stands for what the sign's group NAME finds.
        remedy: What to do about it, likewise.
    """

    trouble: str
    sign: str
    what: str
    remedy: str

    def fits(self, words: str) -> bool:
        """Tell whether the words are of this trouble."""
        return re.search(self.sign, words, re.IGNORECASE) is not None

    def told(self, words: str, **known: str) -> Meaning:
        """Give it with its gaps filled from words that fit, and from what else is known."""
        found = re.search(self.sign, words, re.IGNORECASE)
        quoted = {name: printable(text.strip()) for name, text in (found.groupdict("") if found else {}).items()}
        return replace(self, what=self.what.format(**quoted, **known), remedy=self.remedy.format(**quoted, **known))


def first(table: Sequence[Meaning], words: str) -> Meaning | None:
    """Give the first meaning that fits, or None."""
    return next((it for it in table if it.fits(words)), None)


def each(table: Sequence[Meaning], lines: Sequence[str]) -> Iterator[tuple[Meaning, str]]:
    """Give the troubles of lines in the table's order, each once: its first meaning and the last line that has it."""
    found = {meaning: line for line in lines if (meaning := first(table, line))}
    once: dict[str, Meaning] = {}
    for meaning in table:
        if meaning in found:
            once.setdefault(meaning.trouble, meaning)
    return ((it, found[it]) for it in once.values())
