"""What `users add`, `list`, `role`, `remove` and `rotate` do."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from privreg_values import gitignore, report
from privreg_values.commands.passwords import given_password
from privreg_values.errors import UsageError
from privreg_values.users import accounts
from privreg_values.users.accounts import Change, Files
from privreg_values.users.roles import Role, grant

__all__ = ["Files", "add", "remove", "role", "rotate", "show"]


def add(files: Files, name: str, role: Role, patterns: Sequence[str], *, password_stdin: bool, ask: bool) -> None:
    """Add a user, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    given = grant(role, patterns)
    _show(accounts.add(files, name, given, given_password(name, password_stdin, ask)), files, new_password=True)


def show(values: str, *, as_json: bool) -> None:
    """List the users.

    Raises:
        PrivregError: the file cannot be read.
    """
    found, notes = accounts.listing(values)
    if as_json:
        typer.echo(report.accounts_json(found))
    else:
        for line in report.accounts_text(found):
            typer.echo(line)
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def role(files: Files, name: str, role: Role, patterns: Sequence[str], *, everywhere: bool) -> None:
    """Give a user another role, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    if patterns and everywhere:
        raise UsageError("--repository and --all-repositories were given together", "give one of them")
    repositories = grant(role, patterns).repositories if patterns or everywhere else None
    _show(accounts.set_role(files, name, role, repositories), files)


def remove(files: Files, name: str, *, force: bool) -> None:
    """Remove a user, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    _show(accounts.remove(files, name, force=force), files)


def rotate(files: Files, name: str, *, password_stdin: bool, ask: bool) -> None:
    """Give a user a new password, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    password = given_password(name, password_stdin, ask)
    _show(accounts.rotate(files, name, password), files, new_password=True)


def _show(change: Change, files: Files, *, new_password: bool = False) -> None:
    for line in report.change_text(change, files, new_password=new_password):
        typer.echo(line)
    protected = gitignore.protect([files.values, files.credentials]) if new_password else []
    for note in [*change.notes, *protected]:
        typer.echo(f"note: {note}", err=True)
    for problem in change.problems:
        typer.echo(f"warning: {problem}", err=True)
