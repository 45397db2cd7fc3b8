"""What `apply` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from privreg_values import messages
from privreg_values.commands.values import accepted, explained
from privreg_values.release import report, sources
from privreg_values.release.apply import Application, News
from privreg_values.release.failure import Failure
from privreg_values.release.target import Chart, Target
from privreg_values.terminal import style_of


def run(files: Sequence[str], target: Target, chart: Chart, *, timeout: int, wait: bool, as_json: bool) -> None:
    """Install or upgrade the release, and say how it goes.

    Raises:
        PrivregError: it was refused before anything was changed.
        typer.Exit: it failed, or was interrupted.
    """
    found = accepted(files, chart)
    style = style_of(sys.stderr)

    def tell(news: News) -> None:
        if isinstance(news, Failure):
            causes = sources.causes(_cause(news), found.root)
            messages.always(*report.news_lines(news, target, causes, style))
        else:
            messages.progress(*report.news_lines(news, target, (), style))

    tell(f"applying {', '.join(found.files)} to {target}")
    with explained(found):
        outcome = Application(target, chart, found, timeout, wait, tell).run()
    if as_json:
        texts = [outcome.error, *map(_cause, outcome.failures)]
        typer.echo(report.outcome_json(outcome, target, list(sources.causes("\n".join(texts), found.root))))
    else:
        host = str(found.effective.get("host"))
        causes = sources.causes(outcome.error, found.root)
        for line in report.outcome_text(outcome, target, causes, style, files=files, host=host):
            typer.echo(line, err=not outcome.ok, color=style.colour)
    if not outcome.ok:
        raise typer.Exit(outcome.exit_code if outcome.interrupted else 1)


def _cause(failure: Failure) -> str:
    return failure.opinion.what if failure.opinion else ""
