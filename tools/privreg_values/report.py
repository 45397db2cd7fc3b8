"""Says what came of a command: as text for people, as JSON for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict

from privreg_values.generate.gen import Outcome
from privreg_values.registry.reach import Step
from privreg_values.shapes.layout import Files
from privreg_values.terminal import Style
from privreg_values.users.report import install_text, names_json

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


def generation_text(outcome: Outcome, files: Files, style: Style) -> list[str]:
    """Say what `gen` did and what comes next; never a password."""
    if not outcome.written:
        return [f"{files.values} and {files.credentials}: nothing to add"]
    lines = [f"wrote {name}" for name in outcome.written]
    if outcome.done:
        lines.append(f"new: {style.wrap(', '.join(outcome.done), 5)}")
    values, credentials = shlex.quote(files.values), shlex.quote(files.credentials)
    return [
        *lines,
        "",
        f"passwords   {credentials}",
        *install_text(files, first=True),
        f"then        privreg-values check {values} --credentials {credentials}",
    ]


def generation_json(outcome: Outcome, files: Files, notes: Sequence[str]) -> str:
    """Say the same as one JSON document, with what a person should know."""
    return json.dumps(
        {
            "host": outcome.host,
            **names_json(files),
            "written": outcome.written,
            "done": outcome.done,
            "notes": list(notes),
            "warnings": [str(it) for it in outcome.problems],
            "next": files.install(first=True) if outcome.written else [],
        },
        indent=2,
    )
