"""What `validate` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from privreg_values.commands.hints import name_the_secrets
from privreg_values.errors import UsageError
from privreg_values.shapes import layout
from privreg_values.terminal import style_of
from privreg_values.validation.judge import Wishes, judge


def run(files: Sequence[str], wishes: Wishes, *, form: str, strict: bool) -> None:
    """Check values files, and say where each problem is.

    Args:
        files: Names; the later ones win. Without any, values.yaml and the file with its secrets.
        wishes: What to look at besides.
        form: text, json, sarif or github.
        strict: A warning counts as a problem.

    Raises:
        UsageError: no file is named, or a wrong one.
        FileError: one cannot be read.
        ClusterError: no cluster answers.
        typer.Exit: there is a problem.
    """
    names = list(files) or layout.default()
    if not names:
        message = f"no values file is named, and there is no {layout.DEFAULT} here"
        raise UsageError(message, "name one, or make one with `privreg-values gen`")
    verdict = judge(names, wishes)
    if form == "json":
        from privreg_values.validation.report import as_json  # noqa: PLC0415 - only what is asked for

        typer.echo(as_json(verdict))
    elif form == "sarif":
        from privreg_values.validation.sarif import document  # noqa: PLC0415 - only what is asked for

        typer.echo(document(verdict))
    else:
        from privreg_values.validation import github, report  # noqa: PLC0415 - only what is asked for

        lines = github.commands(verdict) if form == "github" else report.text(verdict, style_of(sys.stdout))
        for line in lines:
            typer.echo(line)
    if not verdict.ok:
        name_the_secrets(names)
    if not verdict.ok or (strict and verdict.warnings):
        raise typer.Exit(1)
