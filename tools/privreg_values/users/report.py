"""Says what came of `users`: as text for people, as JSON for programs. Never a password, never a hash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from privreg_values.shapes.layout import Files
from privreg_values.terminal import Style
from privreg_values.users.inspect import Account, Description, Match, Verdict
from privreg_values.users.place import Change

_JSON_NAMES = {
    "hash_cost": "hashCost",
    "pull_credential": "pullCredential",
    "previous_until": "previousUntil",
}


def change_text(change: Change, files: Files, style: Style, *, new_password: bool) -> list[str]:
    """Say what a change did and what comes next."""
    if not change.done:
        return [f"{files.values}: nothing to change"]
    lines = [*(f"wrote {name}" for name in change.written), *_wrapped(change.done, style), ""]
    if new_password:
        lines.append(f"password    {files.credentials}")
    return [*lines, *install_text(files)]


def _wrapped(text: str, style: Style) -> list[str]:
    """Break lines such as "new: user jane (push)" below the beginning of what follows the colon."""
    heads = [(line, line.find(" ") + 1) for line in text.split("\n")]
    return [line[:indent] + style.wrap(line[indent:], indent) for line, indent in heads]


def change_json(change: Change, files: Files, notes: Sequence[str]) -> str:
    """Say the same as one JSON document, with what a person should know."""
    return json.dumps(
        {
            **names_json(files),
            "written": change.written,
            "done": [change.done] if change.done else [],
            "notes": list(notes),
            "warnings": [str(it) for it in change.problems],
            "next": files.install() if change.done else [],
        },
        indent=2,
    )


def names_json(files: Files) -> dict[str, str]:
    """Give the names of the files of a release, those that it has."""
    return {name: value for name, value in asdict(files).items() if value}


def install_text(files: Files, *, first: bool = False) -> list[str]:
    """Give the commands that bring the files into the cluster; see `Files.install`."""
    commands = files.install(first=first)
    return [f"{'' if index else 'install':<11} {command}" for index, command in enumerate(commands)]


def accounts_text(accounts: Sequence[Account], style: Style) -> list[str]:
    """Give the users as a table; on a terminal, what is too long for it goes on below."""
    rows = [("USER", "ROLE", "HASH COST", "REPOSITORIES", "")]
    rows += [(it.name, it.role or "none", _cost(it), _repositories(it), _remarks(it)) for it in accounts]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        line = "  ".join(cells).rstrip()
        if style.width and len(line) > style.width:
            head = "".join(f"{cell}  " for cell in cells[:3])
            line = head + style.wrap("; ".join(filter(None, row[3:])), len(head))
        lines.append(line)
    return lines


def accounts_json(accounts: Sequence[Account]) -> str:
    """Give the users as one JSON document."""
    return json.dumps({"users": [_fields(it) for it in accounts]}, indent=2)


def description_text(found: Description, style: Style) -> list[str]:
    """Give all about one user, a line each."""
    it = found.account
    lines = [
        ("user", it.name),
        ("role", it.role or "none"),
        ("repositories", _repositories(it)),
        ("hash", f"bcrypt, cost {it.hash_cost}" if it.hash_cost else "none in these files"),
        ("pulls", "the cluster pulls with it" if it.pull_credential else "the cluster does not pull with it"),
    ]
    if it.previous_until:
        over = "time to take it out with `privreg-values users prune`" if found.previous_is_over else "works as well"
        lines.append(("old password", f"until {it.previous_until}: {over}"))
    lines += [("written at" if not index else "", str(mark)) for index, mark in enumerate(found.places)]
    return [f"{name:<13} {style.wrap(text, 14)}" for name, text in lines]


def description_json(found: Description) -> str:
    """Give all about one user as one JSON document."""
    places = [asdict(mark) for mark in found.places]
    return json.dumps({**_fields(found.account), "previousIsOver": found.previous_is_over, "places": places}, indent=2)


def verdict_text(verdict: Verdict) -> str:
    """Say whether a password is a user's."""
    if verdict.match == Match.CURRENT:
        return f"{verdict.name}: the password matches"
    if verdict.match == Match.PREVIOUS:
        return f"{verdict.name}: this is the old password, kept until {verdict.previous_until}"
    return f"{verdict.name}: the password does not match"


def verdict_json(verdict: Verdict) -> str:
    """Say the same as one JSON document."""
    return json.dumps({"name": verdict.name, "match": str(verdict.match)}, indent=2)


def _fields(account: Account) -> dict[str, Any]:
    return {_JSON_NAMES.get(key, key): value for key, value in asdict(account).items()}


def _cost(it: Account) -> str:
    return "-" if it.hash_cost is None else str(it.hash_cost)


def _repositories(it: Account) -> str:
    return ", ".join(it.repositories) if it.repositories else "all"


def _remarks(it: Account) -> str:
    remarks = ["the cluster pulls with it"] if it.pull_credential else []
    return "; ".join([*remarks, *([f"old password until {it.previous_until}"] if it.previous_until else [])])
