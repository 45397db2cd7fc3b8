"""What `uninstall` does."""

from __future__ import annotations

import typer

from privreg_values import messages
from privreg_values.commands.passwords import is_terminal
from privreg_values.errors import UsageError
from privreg_values.release import report
from privreg_values.release.target import Target
from privreg_values.release.uninstall import plan, uninstall


def run(target: Target, *, ask: bool, timeout: int, as_json: bool) -> None:
    """Take a release away, once that is confirmed.

    Raises:
        UsageError: nobody can be asked.
        PrivregError: there is no such release, or helm cannot.
        typer.Exit: it was not confirmed, or something is left that should be gone.
    """
    if ask and not is_terminal():
        raise UsageError("nobody can be asked whether the release is to go", "say so with --yes")
    removal = plan(target)
    (messages.always if ask else messages.progress)(*report.removal_text(removal, target))
    if ask and not typer.confirm(f"Uninstall {target}", default=False, err=True):
        messages.always("nothing was changed")
        raise typer.Exit(1)
    left = uninstall(target, timeout=timeout)
    for line in [report.removal_json(removal, target, left)] if as_json else report.removed_text(removal, target, left):
        typer.echo(line)
    if set(left) - {f"{kind} {name}" for kind, name in removal.kept}:
        raise typer.Exit(1)
