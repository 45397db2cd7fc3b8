"""`privreg-values diff`."""

from __future__ import annotations

from privreg_values.cli import options


def diff(
    *,
    files: options.Files = None,
    release: options.Release = "privreg",
    namespace: options.Namespace = "privreg",
    context: options.Context = "",
    chart: options.Chart = "",
    chart_version: options.ChartVersion = "",
    as_json: options.Json = False,
) -> None:
    """Show what `apply` would change in the cluster, object by object.

    The release's last revision is compared with what the values files make there. Of what is secret
    only that it changes is shown. Exit code 0: nothing would change; 1: something would; 2: it cannot
    be told.

    \b
    Examples:
      privreg-values diff
      privreg-values diff values.yaml secrets.yaml --namespace registry
    """
    from privreg_values.commands.diff import run  # noqa: PLC0415 - only when it runs
    from privreg_values.release.target import Chart, Target  # noqa: PLC0415

    run(files or [], Target(release, namespace, context), Chart(chart, chart_version), as_json=as_json)
