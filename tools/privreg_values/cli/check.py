"""`privreg-values check`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.cli import options


def check(
    *,
    values: Annotated[
        str | None,
        typer.Argument(
            metavar="VALUES",
            envvar="PRIVREG_VALUES",
            help="The values file that names the host; values.yaml if it is there.",
        ),
    ] = None,
    credentials: options.KnownCredentials = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who to log in as; the first user of that file.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    host: options.Host = None,
    ca_file: options.CaFile = None,
    connect_to: options.ConnectTo = None,
    repository: Annotated[str, typer.Option(metavar="NAME", help="Where to push the image.")] = "privreg/check",
    in_cluster: Annotated[bool, typer.Option("--in-cluster", help="Check from a Pod beside the registry's.")] = False,
    release: Annotated[
        str,
        typer.Option(metavar="NAME", envvar="PRIVREG_RELEASE", help="The release, for --in-cluster; the only one."),
    ] = "",
    release_namespace: Annotated[
        str, typer.Option(metavar="NAME", envvar="PRIVREG_NAMESPACE", help="Its namespace, likewise.")
    ] = "",
    context: options.Context = "",
    as_json: options.Json = False,
) -> None:
    """Check the live registry: name, TLS, login, push, pull.

    Pushes a small image, pulls it back, and deletes it if the registry allows that. Stops at the first
    step that fails, says what to do, and exits with code 1: also when the user may only pull, because
    a push was not shown. It connects directly, not through a proxy. With --in-cluster the same is done in
    a Pod of the release's namespace, which sees names and networks as Pods do; it is removed in the end,
    and the password reaches it on its standard input only.

    \b
    Examples:
      privreg-values check
      privreg-values check values.yaml --user ci
      privreg-values check --host registry.example.com --ca-file ca.crt \\
          --connect-to 10.0.0.7:30443 --user admin --password-stdin < password
      privreg-values check --in-cluster --ca-file ca.crt
    """
    from privreg_values.commands.check import run  # noqa: PLC0415 - only when it runs

    run(
        values=values,
        credentials=credentials,
        user=user,
        password_stdin=password_stdin,
        host=host,
        ca_file=ca_file,
        connect_to=connect_to,
        repository=repository,
        in_cluster=in_cluster,
        release=release,
        release_namespace=release_namespace,
        context=context,
        as_json=as_json,
    )
