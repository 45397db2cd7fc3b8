"""What `gen` does."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from privreg_values import gitignore, report
from privreg_values.commands.passwords import given_password, is_terminal
from privreg_values.errors import HostError, UsageError
from privreg_values.files import is_there
from privreg_values.generate.gen import Request, Setting, generate
from privreg_values.users.roles import Grant, parse_user
from privreg_values.values import hosts


def run(
    *,
    host: str | None,
    output: str,
    credentials: str,
    ask: bool,
    users: Sequence[str],
    rotate: Sequence[str],
    password_stdin: bool,
    ask_password: bool,
    settings: Sequence[Setting],
    namespaces: Sequence[str],
) -> None:
    """Make the files or add to them, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    interactive = ask and is_terminal()
    if host is None and interactive and not is_there(output):
        host = _ask_host()
    grants = _grants(users)
    password = _password([*grants, *rotate], password_stdin, ask_password)
    request = Request(host, grants, rotate, password, settings, namespaces)
    request.check()
    if interactive:
        _confirm(request, output, credentials)
    outcome = generate(request, output, credentials)
    for line in report.generation_text(outcome, output, credentials):
        typer.echo(line)
    for note in [*outcome.notes, *gitignore.protect([output, credentials])]:
        typer.echo(f"note: {note}", err=True)
    for problem in outcome.problems:
        typer.echo(f"warning: {problem}", err=True)


def _grants(users: Sequence[str]) -> dict[str, Grant | None]:
    """Read --user NAME[:ROLE[:PATTERN,...]]; a user named again needs no role again."""
    grants: dict[str, Grant | None] = {}
    for name, grant in map(parse_user, users):
        if grant and grants.get(name, grant) not in (grant, None):
            raise UsageError(f"--user names {name} twice with different roles", "keep one of them")
        grants[name] = grant or grants.get(name)
    return grants


def _ask_host() -> str:
    def usable(text: str) -> str:
        try:
            hosts.check(text)
        except HostError as error:
            raise typer.BadParameter(str(error)) from None
        return text

    return str(typer.prompt("The registry's name, such as registry.example.com", value_proc=usable, err=True))


def _confirm(request: Request, output: str, credentials: str) -> None:
    there = [name for name in (output, credentials) if is_there(name)]
    what = f"Add to {' and '.join(there)}" if there else f"Make {output} and {credentials}"
    if not typer.confirm(what + (f" for {request.host}" if request.host else ""), default=True, err=True):
        typer.echo("nothing was changed", err=True)
        raise typer.Exit(1)


def _password(names: list[str], from_stdin: bool, ask: bool) -> str | None:
    if (from_stdin or ask) and len(set(names)) != 1:
        raise UsageError("a password is for exactly one user", "name one with --user or --rotate")
    return given_password(names[0], from_stdin, ask) if names else None
