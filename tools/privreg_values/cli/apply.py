"""`privreg-values apply`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.cli import options


def apply(
    *,
    files: options.Files = None,
    release: options.Release = "privreg",
    namespace: options.Namespace = "privreg",
    context: options.Context = "",
    chart: options.Chart = "",
    chart_version: options.ChartVersion = "",
    timeout: options.Timeout = 300,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait until everything is ready.")] = False,
    as_json: options.Json = False,
) -> None:
    """Install the release, or change it to what the values files say.

    It is `helm upgrade --install`, with the progress of each object. If that fails, the Pods' events and
    logs are shown with what is probably wrong, and the revision before is brought back.

    \b
    Examples:
      privreg-values apply
      privreg-values apply values.yaml secrets.yaml --namespace registry
      sops -d secrets.yaml | privreg-values apply values.yaml -
    """
    from privreg_values.commands.apply import run  # noqa: PLC0415 - only when it runs
    from privreg_values.release.target import Chart, Target  # noqa: PLC0415

    run(
        files or [],
        Target(release, namespace, context),
        Chart(chart, chart_version),
        timeout=timeout,
        wait=not no_wait,
        as_json=as_json,
    )
