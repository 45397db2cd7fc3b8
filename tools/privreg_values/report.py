"""Says what came of a command: as text for people, as JSON for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict

from privreg_values.generate.gen import Outcome
from privreg_values.registry.reach import Step
from privreg_values.terminal import Style
from privreg_values.users.accounts import Account, Change, Files
from privreg_values.values.validate import Report

_NAME_WIDTH = 9  # of the longest step's name, "challenge"


def step_text(step: Step, style: Style) -> str:
    """Give a step of `check` as a line with a tick, or with the reason and the remedy."""
    mark = style.tick(step.ok)
    margin = len(mark) + 1 + _NAME_WIDTH + 2
    painted = style.paint(mark, "green" if step.ok else "red")
    text = f"{painted} {step.name:<{_NAME_WIDTH}}  {style.wrap(step.detail, margin)}"
    return text if step.ok else f"{text}\n{' ' * margin}{style.wrap(step.remedy, margin)}"


def steps_json(host: str, repository: str, steps: Sequence[Step]) -> str:
    """Give the steps of `check` as one JSON document."""
    ok = all(step.ok for step in steps)
    return json.dumps(
        {"host": host, "repository": repository, "ok": ok, "steps": [asdict(it) for it in steps]}, indent=2
    )


def validation_text(report: Report) -> list[str]:
    """Give the problems of `validate`, a line each, or one line that says that all is well."""
    if report.ok:
        return [f"{', '.join(report.files)}: ok"]
    return [str(problem) for problem in report.problems]


def validation_json(report: Report) -> str:
    """Give the verdict of `validate` as one JSON document."""
    lists = {
        name: [{**asdict(it.mark), "path": it.path, "message": it.message, "suggestion": it.suggestion} for it in found]
        for name, found in (("problems", report.problems), ("warnings", report.warnings))
    }
    return json.dumps({"files": report.files, "ok": report.ok, **lists}, indent=2)


def generation_text(outcome: Outcome, values: str, credentials: str, style: Style) -> list[str]:
    """Say what `gen` did and what comes next; never a password."""
    if not outcome.written:
        return [f"{values} and {credentials}: nothing to add"]
    lines = [f"wrote {name}" for name in outcome.written]
    if outcome.done:
        lines.append(f"new: {style.wrap(', '.join(outcome.done), 5)}")
    values, credentials = shlex.quote(values), shlex.quote(credentials)
    return [
        *lines,
        "",
        f"passwords   {credentials}",
        f"install     helm upgrade --install privreg charts/privreg -f {values}",
        f"then        privreg-values check {values} --credentials {credentials}",
    ]


def change_text(change: Change, files: Files, *, new_password: bool) -> list[str]:
    """Say what a change of one user did and what comes next; never a password."""
    if not change.done:
        return [f"{files.values}: nothing to change"]
    lines = [*(f"wrote {name}" for name in change.written), change.done, ""]
    if new_password:
        lines.append(f"password    {files.credentials}")
    return [*lines, f"install     helm upgrade --install privreg charts/privreg -f {files.values}"]


def accounts_text(accounts: Sequence[Account]) -> list[str]:
    """Give the users as a table."""
    rows = [("USER", "ROLE", "HASH COST", "REPOSITORIES", "")]
    for it in accounts:
        rows.append(
            (
                it.name,
                it.role or "none",
                "-" if it.hash_cost is None else str(it.hash_cost),
                ", ".join(it.repositories) if it.repositories else "all",
                "the cluster pulls with it" if it.pull_credential else "",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def accounts_json(accounts: Sequence[Account]) -> str:
    """Give the users as one JSON document."""
    names = {"hash_cost": "hashCost", "pull_credential": "pullCredential"}
    users = [{names.get(key, key): value for key, value in asdict(it).items()} for it in accounts]
    return json.dumps({"users": users}, indent=2)
