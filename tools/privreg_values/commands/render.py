"""What `render` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from privreg_values.commands.values import accepted, explained
from privreg_values.release import report
from privreg_values.release.render import render
from privreg_values.release.target import Chart, Target
from privreg_values.terminal import style_of


def run(files: Sequence[str], target: Target, chart: Chart, *, full: bool, show_secrets: bool, as_json: bool) -> None:
    """Show what values files make.

    Raises:
        PrivregError: they cannot be read, or helm refuses them.
        typer.Exit: the chart would refuse them.
    """
    found = accepted(files, chart)
    with explained(found):
        rendered = render(target, chart, found)
    style = style_of(sys.stdout)
    if as_json:
        typer.echo(report.rendered_json(rendered, show_secrets=show_secrets))
        return
    lines = (
        report.rendered_yaml(rendered, show_secrets=show_secrets)
        if full
        else report.rendered_text(rendered, target, style)
    )
    for line in lines:
        typer.echo(line, color=style.colour)
