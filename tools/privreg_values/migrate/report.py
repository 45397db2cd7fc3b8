"""Says what came of `migrate`: as text for people, as JSON for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from privreg_values.migrate.found import Lost
from privreg_values.migrate.migrate import Outcome
from privreg_values.release.hiding import hide
from privreg_values.shapes.layout import NAMESPACE, Files
from privreg_values.values.paths import render


def text(outcome: Outcome) -> Iterator[str]:
    """Say what was written and what comes next; never a password, a hash or a key."""
    if not outcome.written:
        yield f"{outcome.values}: nothing to change"
        return
    yield from (f"wrote {name}" for name in outcome.written)
    yield f"from {outcome.source}"
    if outcome.carried:
        yield "carried over:"
    for it in outcome.carried:
        value = hide(it.value, it.path)
        shown = value if isinstance(value, str) else json.dumps(value)
        yield f"  {render(it.path)}: {shown} ({it.mark.file}:{it.mark.line})"
    if outcome.done:
        yield f"new: {', '.join(outcome.done)}"
    yield ""
    for title, command in steps(outcome):
        yield f"{title:<10}  {command}"


def lost_text(lost: Lost) -> str:
    """Say what was not carried over, where it is, and what to do about it."""
    return f"{lost.mark.file}:{lost.mark.line}: not carried over: {lost.what}; {lost.remedy}"


def steps(outcome: Outcome) -> list[tuple[str, str]]:
    """Give what is to be done next, as titles and commands.

    The old registry ends first: two must never write to one folder, and of two Ingresses for one host one is refused.
    """
    namespace = f" --namespace {outcome.namespace}" if outcome.namespace else ""
    values, credentials = shlex.quote(outcome.values), shlex.quote(outcome.credentials)
    (install,) = Files(outcome.values, outcome.credentials).install(outcome.namespace or NAMESPACE)
    user = f" --user {outcome.checker}" if outcome.checker else ""
    stop = [("stop first" if number == 0 else "", it + namespace) for number, it in enumerate(outcome.stop)]
    return [
        *stop,
        ("install", install),
        ("then", f"privreg-values check {values} --credentials {credentials}{user}"),
    ]


def as_json(outcome: Outcome) -> str:
    """Give the same as one JSON document."""
    return json.dumps(
        {
            "source": outcome.source,
            "host": outcome.host,
            "values": outcome.values,
            "credentials": outcome.credentials,
            "written": outcome.written,
            "carried": [
                {"path": render(it.path), "value": hide(it.value, it.path), "file": it.mark.file, "line": it.mark.line}
                for it in outcome.carried
            ],
            "done": outcome.done,
            "lost": [
                {"file": it.mark.file, "line": it.mark.line, "what": it.what, "remedy": it.remedy}
                for it in outcome.lost
            ],
            "notes": outcome.notes,
            "next": [command for _, command in steps(outcome)],
        },
        indent=2,
    )
