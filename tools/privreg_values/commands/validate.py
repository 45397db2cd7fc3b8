"""What `validate` does."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from privreg_values import report
from privreg_values.values.validate import validate


def run(files: Sequence[str], *, as_json: bool) -> None:
    """Check values files, and say where each problem is.

    Raises:
        FileError: one cannot be read.
        typer.Exit: Helm would refuse them.
    """
    verdict = validate(files)
    if as_json:
        typer.echo(report.validation_json(verdict))
    else:
        for line in report.validation_text(verdict):
            typer.echo(line)
        for warning in verdict.warnings:
            typer.echo(f"warning: {warning}", err=True)
    if not verdict.ok:
        raise typer.Exit(1)
