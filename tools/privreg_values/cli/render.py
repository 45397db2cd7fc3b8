"""`privreg-values render`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.cli import options


def render(
    *,
    files: options.Files = None,
    release: options.Release = "privreg",
    namespace: options.Namespace = "privreg",
    chart: options.Chart = "",
    chart_version: options.ChartVersion = "",
    full: Annotated[bool, typer.Option("--full", help="The whole objects, as YAML.")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Do not hide what is secret.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show what the values files make: the objects by part, and what differs from the defaults.

    No cluster is asked. Secrets are hidden.

    \b
    Examples:
      privreg-values render
      privreg-values render values.yaml production.yaml --full
      privreg-values render --full --show-secrets | kubectl diff -f -
    """
    from privreg_values.commands.render import run  # noqa: PLC0415 - only when it runs
    from privreg_values.release.target import Chart, Target  # noqa: PLC0415

    run(
        files or [],
        Target(release, namespace),
        Chart(chart, chart_version),
        full=full,
        show_secrets=show_secrets,
        as_json=as_json,
    )
