"""A question about a new registry: what may be answered, what would be usual, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from privreg_values.errors import UsageError
from privreg_values.values import validate, yaml_reader
from privreg_values.values.nodes import Path, Value
from privreg_values.values.paths import render


@dataclass(frozen=True)
class Question:
    """What is to be known.

    Args:
        about: What it is about, as a heading.
        flag: The option that answers it as well.
        default: The usual answer; None where it cannot be known.
        reason: Why that one is usual, or why none is; empty for a default of the chart.
        options: The answers to choose from, and what each means.
        is_free: Other answers are possible too.
        is_certain: The answer follows from the reason, so that nobody need be asked.
        check: Raises UsageError for an answer that cannot be used.
    """

    about: str
    flag: str
    default: str | None = None
    reason: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    is_free: bool = False
    is_certain: bool = False
    check: Callable[[str], None] | None = None

    def accept(self, text: str) -> str:
        """Give the answer that a person's text means.

        Raises:
            UsageError: it cannot be used, and why.
        """
        for option in self.options:
            if option.lower() == text.lower():
                return option
        if self.options and not self.is_free:
            raise UsageError(f"{text!r} is none of {', '.join(self.options)}")
        if self.check:
            self.check(text)
        return text


Answer = Callable[[Question], str | None]  # None where nobody knows


def chart_takes(*path: str, form: str) -> Callable[[str], None]:
    """Make a check: the chart must accept the answer as the value at a path.

    Args:
        path: The value's path.
        form: What is expected there, with an example, for the message.
    """

    def check(text: str) -> None:
        if not is_taken(path, text):
            raise UsageError(f"{text!r} cannot be used: expected {form}")

    return check


def is_taken(path: Path, value: Value) -> bool:
    """Tell whether the chart accepts a value at a path."""
    nested = value
    for step in reversed(path):
        nested = {step: nested}
    problems = validate.check(yaml_reader.parse(json.dumps(nested), "").root)
    return not any(it.path.startswith(render(path)) for it in problems)
