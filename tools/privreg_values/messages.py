"""What goes to standard error besides errors and questions, and how much of it.

Commands call `note`, `warning`, `progress` and `always`. The modules that do not print tell `logging` what they
do: which files they read and write, and which programs they run. That is shown with --verbose.
"""

from __future__ import annotations

import logging
import sys

import typer

from privreg_values.errors import UsageError
from privreg_values.terminal import style_of

_LOG = logging.getLogger("privreg_values")


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(record.getMessage(), err=True)


def choose(*, quiet: bool, verbose: bool) -> None:
    """Choose how much is said from now on.

    Raises:
        UsageError: both were asked for.
    """
    if quiet and verbose:
        raise UsageError("--quiet and --verbose were given together", "give one of them")
    _LOG.setLevel(logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO)
    if not _LOG.handlers:
        _LOG.addHandler(_ToStandardError())


def is_quiet() -> bool:
    """Tell whether only errors and questions are wanted."""
    return not _LOG.isEnabledFor(logging.INFO)


def note(text: str) -> None:
    """Say what is good to know."""
    _say(f"note: {text}")


def warning(text: str) -> None:
    """Say what may be wrong, although the command did what it should."""
    _say(f"warning: {text}")


def progress(*lines: str) -> None:
    """Say how far it is, in these lines."""
    if not is_quiet():
        always(*lines)


def always(*lines: str) -> None:
    """Say what whoever wants quiet wants to know as well."""
    for line in lines:
        typer.echo(line, err=True, color=style_of(sys.stderr).colour)


def _say(text: str) -> None:
    progress(style_of(sys.stderr).wrap(text, 0))
