"""How the commands about a release read its values files, and pass on what helm says about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from privreg_values.commands.hints import name_the_secrets
from privreg_values.errors import HelmError
from privreg_values.release import sources
from privreg_values.release.sources import Sources
from privreg_values.release.target import Chart


def accepted(files: Sequence[str], chart: Chart) -> Sources:
    """Read values files. What this version's chart would refuse is said as `validate` says it.

    Raises:
        PrivregError: they cannot be read.
        typer.Exit: the chart would refuse them.
    """
    found = sources.read(files)
    problems = found.problems() if chart.is_own else []
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        name_the_secrets(found.files)
        raise typer.Exit(1)
    return found


@contextmanager
def explained(found: Sources) -> Iterator[None]:
    """Add to an error of helm the lines of the values files that caused it, where they are known.

    Raises:
        HelmError: helm's, with these lines.
    """
    try:
        yield
    except HelmError as error:
        causes = list(sources.causes(error.message, found.root))
        raise HelmError("\n".join([error.message, *causes]), error.remedy) from None
