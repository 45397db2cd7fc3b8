"""What `diff` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from privreg_values.commands.values import accepted, explained
from privreg_values.errors import PrivregError
from privreg_values.release import report
from privreg_values.release.diff import diff
from privreg_values.release.target import Chart, Target
from privreg_values.terminal import style_of

CANNOT_TELL = 2  # the exit code, as diff's: 1 is a difference


def run(files: Sequence[str], target: Target, chart: Chart, *, as_json: bool) -> None:
    """Show what would change.

    Raises:
        PrivregError: it cannot be told.
        typer.Exit: something would change, or the chart would refuse the values.
    """
    try:
        found = accepted(files, chart)
        with explained(found):
            difference = diff(target, chart, found)
    except PrivregError as error:
        error.exit_code = CANNOT_TELL
        raise
    except typer.Exit:
        raise typer.Exit(CANNOT_TELL) from None
    style = style_of(sys.stdout)
    lines = [report.diff_json(difference)] if as_json else report.diff_text(difference, target, found.files, style)
    for line in lines:
        typer.echo(line, color=style.colour)
    if difference.changes:
        raise typer.Exit(1)
