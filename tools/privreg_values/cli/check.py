"""`privreg-values check`."""

from __future__ import annotations

from typing import Annotated

import typer


def check(
    *,
    values: Annotated[
        str | None,
        typer.Argument(metavar="VALUES", help="The values file that names the host; values.yaml if it is there."),
    ] = None,
    credentials: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The file with the passwords; credentials.yaml if it is there."),
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who to log in as; the first user of that file.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    host: Annotated[
        str | None, typer.Option(metavar="NAME", help="The registry's name; without it, the values file's.")
    ] = None,
    ca_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Certificates of authorities to trust as well (PEM).")
    ] = None,
    connect_to: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS[:PORT]", help="Connect there instead of looking the host up; the port is 443."),
    ] = None,
    repository: Annotated[str, typer.Option(metavar="NAME", help="Where to push the image.")] = "privreg/check",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check the live registry: name, TLS, login, push, pull.

    Pushes a small image, pulls it back, and deletes it if the registry allows that. Stops at the first
    step that fails, says what to do, and exits with code 1: also when the user may only pull, because
    a push was not shown. It connects directly, not through a proxy.

    \b
    Examples:
      privreg-values check
      privreg-values check values.yaml --user ci
      privreg-values check --host registry.example.com --ca-file ca.crt \\
          --connect-to 10.0.0.7:30443 --user admin --password-stdin < password
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
        as_json=as_json,
    )
