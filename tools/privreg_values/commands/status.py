"""What `status` does."""

from __future__ import annotations

import sys

import typer

from privreg_values.release import report
from privreg_values.release.status import status
from privreg_values.release.target import Target
from privreg_values.terminal import style_of


def run(target: Target, *, as_json: bool) -> None:
    """Show how a release is.

    Raises:
        PrivregError: there is none, or it cannot be told.
        typer.Exit: something is not as it should be.
    """
    found = status(target)
    style = style_of(sys.stdout)
    for line in [report.status_json(found, target)] if as_json else report.status_text(found, target, style):
        typer.echo(line, color=style.colour)
    if not found.ok:
        raise typer.Exit(1)
