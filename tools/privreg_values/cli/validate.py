"""`privreg-values validate`."""

from __future__ import annotations

from typing import Annotated

import typer


def validate(
    *,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help='Values files; the later ones win. "-" is standard input.')
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check values files as Helm would, and say where each problem is.

    Several files are laid over each other and over the chart's defaults as `helm install -f A -f B`
    does. Each problem is a line, FILE:LINE:COLUMN: what is wrong; exit code 1 when there is one.

    \b
    Examples:
      privreg-values validate values.yaml
      privreg-values validate values.yaml production.yaml
    """
    from privreg_values.commands.validate import run  # noqa: PLC0415 - only when it runs

    run(files, as_json=as_json)
