"""What `users` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from privreg_values import gitignore, messages
from privreg_values.commands.passwords import ask_password, given_password, is_terminal
from privreg_values.errors import UsageError
from privreg_values.shapes.layout import Files, find
from privreg_values.terminal import style_of
from privreg_values.users import accounts, inspect, report, rotation
from privreg_values.users.place import Change
from privreg_values.users.roles import Role, grant

__all__ = [
    "Files",
    "Source",
    "add",
    "find",
    "list_users",
    "names",
    "prune",
    "remove",
    "role",
    "rotate",
    "show",
    "verify",
]


@dataclass(frozen=True)
class Source:
    """Where a password comes from.

    Args:
        stdin: From standard input.
        ask: From the person at the terminal.
        file: From the file of this name.
    """

    stdin: bool = False
    ask: bool = False
    file: str | None = None

    def read(self, name: str) -> str | None:
        """Get the password of a user; None where one is to be made."""
        return given_password(name, self.stdin, self.ask, self.file)


def add(files: Files, name: str, role: Role, patterns: Sequence[str], source: Source, *, as_json: bool) -> None:
    """Add a user, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    given = grant(role, patterns)
    _show(accounts.add(files, name, given, source.read(name)), files, as_json, new_password=True)


def list_users(files: Files, *, as_json: bool) -> None:
    """List the users.

    Raises:
        PrivregError: a file cannot be read.
    """
    found, notes = inspect.listing(files)
    _print(report.accounts_json(found) if as_json else report.accounts_text(found, style_of(sys.stdout)))
    for note in notes:
        messages.note(note)


def names(files: Files) -> list[str]:
    """Give the users' names.

    Raises:
        PrivregError: a file cannot be read.
    """
    return [account.name for account in inspect.listing(files)[0]]


def show(files: Files, name: str, *, as_json: bool) -> None:
    """Say all about one user.

    Raises:
        PrivregError: a file cannot be read, or there is no such user.
    """
    found = inspect.describe(files, name)
    _print(report.description_json(found) if as_json else report.description_text(found, style_of(sys.stdout)))


def role(files: Files, name: str, role: Role, patterns: Sequence[str], *, everywhere: bool, as_json: bool) -> None:
    """Give a user another role, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    if patterns and everywhere:
        raise UsageError("--repository and --all-repositories were given together", "give one of them")
    repositories = grant(role, patterns).repositories if patterns or everywhere else None
    _show(accounts.set_role(files, name, role, repositories), files, as_json)


def remove(files: Files, name: str, *, force: bool, as_json: bool) -> None:
    """Remove a user, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    _show(accounts.remove(files, name, force=force), files, as_json)


def rotate(files: Files, name: str, source: Source, *, keep_old: str | None, as_json: bool) -> None:
    """Give a user a new password, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    duration = rotation.parse_duration(keep_old) if keep_old is not None else None
    _show(accounts.rotate(files, name, source.read(name), duration), files, as_json, new_password=True)


def prune(files: Files, *, everything: bool, as_json: bool) -> None:
    """Take out old passwords, and say which.

    Raises:
        PrivregError: it cannot be done; nothing was changed.
    """
    _show(accounts.prune(files, everything=everything), files, as_json)


def verify(files: Files, name: str, source: Source, *, as_json: bool) -> None:
    """Say whether a password is a user's.

    Raises:
        PrivregError: there is nothing to compare.
        typer.Exit: it is not.
    """
    password = source.read(name) if source.stdin or source.file else _asked(name)
    verdict = inspect.verify(files, name, password or "")
    _print(report.verdict_json(verdict) if as_json else report.verdict_text(verdict))
    if verdict.match == inspect.Match.NONE:
        raise typer.Exit(1)


def _asked(name: str) -> str:
    if not is_terminal():
        raise UsageError("there is nobody to ask for the password", "give --password-stdin or --password-file")
    return ask_password(name)


def _show(change: Change, files: Files, as_json: bool, *, new_password: bool = False) -> None:
    notes = [*change.notes, *(gitignore.protect(files.private) if new_password else [])]
    if as_json:
        _print(report.change_json(change, files, notes))
    else:
        _print(report.change_text(change, files, style_of(sys.stdout), new_password=new_password))
    for note in notes:
        messages.note(note)
    for problem in change.problems:
        messages.warning(str(problem))


def _print(text: str | list[str]) -> None:
    for line in [text] if isinstance(text, str) else text:
        typer.echo(line)
