"""The command line: it parses, calls and prints.

What a command does is imported when it runs, so that --help and completion answer at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values import __version__
from privreg_values.cli import (
    apply,
    check,
    diff,
    doctor,
    gen,
    migrate,
    node_config,
    pull_secret,
    render,
    status,
    uninstall,
    users,
    validate,
)
from privreg_values.cli.command import App

app = App(
    name="privreg-values",
    help="Credentials and values files for the privreg chart: a cluster's own private image registry.",
    epilog="Example: privreg-values gen --host registry.example.com",
)
app.command("gen")(gen.gen)
app.add_typer(users.app, name="users")
app.command("validate")(validate.validate)
app.command("check")(check.check)
app.command("pull-secret")(pull_secret.pull_secret)
app.command("doctor")(doctor.doctor)
app.command("migrate")(migrate.migrate)
app.command("node-config")(node_config.node_config)
app.command("render")(render.render)
app.command("diff")(diff.diff)
app.command("apply")(apply.apply)
app.command("status")(status.status)
app.command("uninstall")(uninstall.uninstall)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"privreg-values {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Credentials and values files for the privreg chart: a cluster's own private image registry."""
