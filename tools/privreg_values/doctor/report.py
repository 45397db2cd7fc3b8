"""Says what the doctor found: as text for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from privreg_values.doctor.findings import Diagnosis, Finding
from privreg_values.terminal import Style

_MOST = 5  # places that a text names


def text(diagnosis: Diagnosis, style: Style) -> list[str]:
    """Give the findings, each with its places and its remedy; one line where there is none."""
    lines = []
    for (_, what, remedy, harmless), places in _together(diagnosis.findings):
        mark = style.paint("note", "yellow") if harmless else style.paint(style.tick(False), "red")
        lines.append(f"{mark} {style.wrap(what, 4)}")
        more = f", and {len(places) - _MOST} more" if len(places) > _MOST else ""
        lines.append(f"    at  {style.wrap(', '.join(places[:_MOST]) + more, 8)}")
        lines.append(f"    do  {style.wrap(remedy, 8)}")
    lines += [f"{style.paint('not seen', 'yellow')} {style.wrap(it, 9)}" for it in diagnosis.unseen]
    if diagnosis.ok:
        tick = style.paint(style.tick(True), "green")
        lines.append(f"{tick} {style.wrap(f'no trouble found: {diagnosis.subject}', 4)}")
    return lines


def as_json(diagnosis: Diagnosis) -> str:
    """Give the same as one JSON document."""
    findings: list[dict[str, Any]] = [
        {"trouble": trouble, "where": places, "what": what, "remedy": remedy, "harmless": harmless}
        for (trouble, what, remedy, harmless), places in _together(diagnosis.findings)
    ]
    return json.dumps(
        {
            "host": diagnosis.host,
            "subject": diagnosis.subject,
            "ok": diagnosis.ok,
            "findings": findings,
            "unseen": list(diagnosis.unseen),
        },
        indent=2,
    )


def _together(findings: Iterable[Finding]) -> list[tuple[tuple[str, str, str, bool], list[str]]]:
    """Put the places of one trouble together; what does no harm comes last."""
    found: dict[tuple[str, str, str, bool], list[str]] = {}
    for it in sorted(findings, key=lambda it: it.harmless):
        found.setdefault((it.trouble, it.what, it.remedy, it.harmless), []).append(it.where)
    return list(found.items())
