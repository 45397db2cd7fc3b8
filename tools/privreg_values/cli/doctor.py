"""`privreg-values doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.cli import options


def doctor(
    *,
    namespace: Annotated[
        str | None,
        typer.Argument(metavar="NAMESPACE", help="The namespace that cannot pull; all of them, and the release."),
    ] = None,
    pod: Annotated[str | None, typer.Argument(metavar="POD", help="The Pod that cannot pull.")] = None,
    values: options.KnownValues = None,
    credentials: options.KnownCredentials = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who of them pushes a small image; the first one.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            envvar="PRIVREG_HOST",
            help="The registry's name; without it, the values file's, or the release's.",
        ),
    ] = None,
    release: Annotated[
        str, typer.Option(metavar="NAME", envvar="PRIVREG_RELEASE", help="The release; found by its host.")
    ] = "",
    release_namespace: Annotated[
        str, typer.Option(metavar="NAME", envvar="PRIVREG_NAMESPACE", help="Its namespace; found likewise.")
    ] = "",
    context: options.Context = "",
    ca_file: options.CaFile = None,
    connect_to: options.ConnectTo = None,
    as_json: options.Json = False,
) -> None:
    """Tell why Pods cannot pull, and what to do.

    Reads a Pod's events, its ServiceAccount and its Secrets, and asks the registry whether it takes their
    credential and has the image. Without NAMESPACE it looks at the release too: its Pods, their events and
    logs; and with a credentials file it pushes and pulls a small image, as `check` does. What you may not
    read is said, and left out. It changes nothing in the cluster. Exit code 1 when it found something.

    \b
    Examples:
      privreg-values doctor
      privreg-values doctor team-a
      privreg-values doctor team-a app-7d9c5b4f6-x2x8k --ca-file ca.crt
    """
    from privreg_values.commands.doctor import run  # noqa: PLC0415 - only when it runs

    run(
        namespace=namespace,
        pod=pod,
        values=values,
        credentials=credentials,
        user=user,
        host=host,
        release=release,
        release_namespace=release_namespace,
        context=context,
        ca_file=ca_file,
        connect_to=connect_to,
        as_json=as_json,
    )
