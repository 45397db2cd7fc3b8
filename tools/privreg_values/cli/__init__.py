"""The command line: it parses, calls and prints.

What a command does is imported when it runs, so that --help and completion answer at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values import __version__
from privreg_values.cli import check, doctor, gen, pull_secret, users, validate

app = typer.Typer(
    name="privreg-values",
    help="Credentials and values files for the privreg chart: a cluster's own private image registry.",
    epilog="Example: privreg-values gen --host registry.example.com",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("gen")(gen.gen)
app.add_typer(users.app, name="users")
app.command("validate")(validate.validate)
app.command("check")(check.check)
app.command("pull-secret")(pull_secret.pull_secret)
app.command("doctor")(doctor.doctor)


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
