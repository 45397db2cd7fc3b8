"""`privreg-values status`."""

from __future__ import annotations

from privreg_values.cli import options


def status(
    *,
    release: options.Release = "privreg",
    namespace: options.Namespace = "privreg",
    context: options.Context = "",
    as_json: options.Json = False,
) -> None:
    """Show how the release is: revision, objects, users, certificate, gateway.

    Exit code 1 when something is not as it should be.

    \b
    Examples:
      privreg-values status
      privreg-values status --namespace registry --json
    """
    from privreg_values.commands.status import run  # noqa: PLC0415 - only when it runs
    from privreg_values.release.target import Target  # noqa: PLC0415

    run(Target(release, namespace, context), as_json=as_json)
