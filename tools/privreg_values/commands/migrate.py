"""What `migrate` does."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from privreg_values import gitignore, messages
from privreg_values.errors import UsageError
from privreg_values.migrate import report
from privreg_values.migrate.migrate import Request, migrate
from privreg_values.users.roles import Grant, parse_user


def run(
    sources: Sequence[str],
    *,
    output: str | None,
    credentials: str,
    host: str | None,
    roles: Sequence[str],
    keep_pull_user: bool,
    release: str,
    as_json: bool,
) -> None:
    """Bring an older set-up over, and say what came of it.

    Raises:
        PrivregError: it cannot be done; nothing was written.
    """
    request = Request(sources, output, credentials, host, _grants(roles), keep_pull_user, release)
    outcome = migrate(request)
    if as_json:
        typer.echo(report.as_json(outcome))
    else:
        for line in report.text(outcome):
            typer.echo(line)
        messages.progress(*map(report.lost_text, outcome.lost))
    for note in [*outcome.notes, *gitignore.protect(outcome.written)]:
        messages.note(note)


def _grants(roles: Sequence[str]) -> dict[str, Grant]:
    grants: dict[str, Grant] = {}
    for name, grant in map(parse_user, roles):
        if grant is None:
            raise UsageError(f"--role {name[:63]} names no role", f"write {name[:63]}:pull, :push or :admin")
        if name in grants:
            raise UsageError(f"--role names {name} twice", "keep one of them")
        grants[name] = grant
    return grants
