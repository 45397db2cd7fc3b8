"""`privreg-values uninstall`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.cli import options


def uninstall(
    *,
    release: options.Release = "privreg",
    namespace: options.Namespace = "privreg",
    context: options.Context = "",
    timeout: options.Timeout = 300,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: options.Json = False,
) -> None:
    """Take the release away, after saying what goes and what stays.

    The volume claim with the images stays, unless storage.persistence.keep is false. The pull Secrets
    are taken back from the namespaces.

    \b
    Examples:
      privreg-values uninstall
      privreg-values uninstall --namespace registry --yes
    """
    from privreg_values.commands.uninstall import run  # noqa: PLC0415 - only when it runs
    from privreg_values.release.target import Target  # noqa: PLC0415

    run(Target(release, namespace, context), ask=not yes, timeout=timeout, as_json=as_json)
