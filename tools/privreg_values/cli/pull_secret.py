"""`privreg-values pull-secret`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from privreg_values.cli import options


class Output(StrEnum):
    """What to print."""

    JSON = "json"
    SECRET = "secret"  # noqa: S105 - the name of a form
    COMMANDS = "commands"


def pull_secret(
    *,
    values: Annotated[
        str | None,
        typer.Argument(
            metavar="VALUES",
            envvar="PRIVREG_VALUES",
            help="The values file with the credential; values.yaml if it is there.",
        ),
    ] = None,
    credentials: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            envvar="PRIVREG_CREDENTIALS",
            help="The file with the passwords, for --user; credentials.yaml if it is there.",
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who pulls; without it, the user of the values' pullSecrets.credential."),
    ] = None,
    host: options.Host = None,
    output: Annotated[
        Output,
        typer.Option(
            "--output",
            "-o",
            help="json: a .dockerconfigjson. secret: a manifest of it. commands: kubectl's, for one namespace.",
        ),
    ] = Output.JSON,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", metavar="NAME", help="The namespace that is to pull.")
    ] = "",
    name: Annotated[str, typer.Option(metavar="NAME", help="The Secret's name.")] = "privreg-by-hand",
    service_account: Annotated[
        str, typer.Option(metavar="NAME", help="Whose Pods are to pull, for --output commands.")
    ] = "default",
) -> None:
    """Print what a namespace pulls with, to put it there by hand.

    The chart delivers its own Secret to the namespaces that pullSecrets chooses; this is for the others.
    What is printed holds a password, except the commands: they take it from standard input. The Secret is
    yours: no upgrade changes it, and no uninstall removes it.

    \b
    Examples:
      privreg-values pull-secret --output commands --namespace team-a
      privreg-values pull-secret -o secret -n team-a | kubectl create -f -
      privreg-values pull-secret values.yaml --user ci --output secret
    """
    from privreg_values.commands.pull_secret import run  # noqa: PLC0415 - only when it runs

    run(
        values=values,
        credentials=credentials,
        user=user,
        host=host,
        output=output,
        namespace=namespace,
        name=name,
        account=service_account,
    )
