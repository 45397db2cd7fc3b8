"""What `gen` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from privreg_values import gitignore, hosts, report
from privreg_values.commands.passwords import ask_new_password, is_terminal, read_password
from privreg_values.errors import HostError, UsageError
from privreg_values.files import is_there
from privreg_values.gen import Request, Setting, generate


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
    password = _password([*users, *rotate], password_stdin, ask_password)
    request = Request(host, users, rotate, password, settings, namespaces)
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
    if from_stdin and ask:
        raise UsageError("--password-stdin and --ask-password were given together", "give one of them")
    if (from_stdin or ask) and len(set(names)) != 1:
        raise UsageError("a password is for exactly one user", "name one with --user or --rotate")
    if ask and not is_terminal():
        raise UsageError("--ask-password needs a terminal", "use --password-stdin")
    if from_stdin:
        return read_password(sys.stdin.buffer)
    return ask_new_password(names[0]) if ask else None
