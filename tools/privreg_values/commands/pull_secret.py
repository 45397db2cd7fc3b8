"""What `pull-secret` does."""

from __future__ import annotations

import typer

from privreg_values.errors import UsageError
from privreg_values.pull_secret import docker_config, report, source


def run(
    *,
    values: str | None,
    credentials: str | None,
    user: str | None,
    host: str | None,
    output: str,
    namespace: str,
    name: str,
    account: str,
) -> None:
    """Print what a namespace pulls with.

    Raises:
        PrivregError: the credential is not known, or the form needs a namespace.
    """
    site, credential = source.find(values, credentials, user, host)
    config = docker_config.make(site, credential)
    if output == "json":
        typer.echo(config)
    elif output == "secret":
        typer.echo(report.manifest(config, namespace, name), nl=False)
    elif not namespace:
        raise UsageError("--output commands is about one namespace", "name it with --namespace")
    else:
        options = {"--credentials": credentials, "--user": user, "--host": host}
        given = [word for option, value in options.items() if value for word in (option, value)]
        again = [*([values] if values else []), *given]
        typer.echo(report.commands(again, namespace, name, account), nl=False)
