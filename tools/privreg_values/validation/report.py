"""Says what came of `validate`: as text for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from privreg_values.terminal import Style
from privreg_values.validation.excerpt import excerpt
from privreg_values.values.nodes import plain
from privreg_values.values.validate import Problem, Report, Source

_WIDTH = 80  # of an excerpt, where there is no terminal to ask
_INDENT = 4


def text(report: Report, style: Style) -> list[str]:
    """Give each problem with the line it is in, or one line that says that all is well."""
    lines = [line for it in report.problems for line in _entry(report, it, "", style)]
    for it in report.warnings:
        lines += _entry(report, it, "warning: ", style)
    if report.ok:
        count = len(report.warnings)
        warnings = f" ({count} warning{'s' if count > 1 else ''})" if count else ""
        lines.append(f"{', '.join(report.files)}: ok{warnings}")
    return lines


def _entry(report: Report, problem: Problem, label: str, style: Style) -> Iterator[str]:
    colour = "yellow" if label else "red"
    place, said = f"{problem.mark}:", style.wrap(f"{problem.mark}: {label}{problem.text}", _INDENT)
    yield said.replace(place, style.paint(place, "bold"), 1).replace(
        label, style.paint(label, colour) if label else "", 1
    )
    source = next((it for it in report.sources if it.name == problem.mark.file), None)
    if source and _is_there(source, problem):
        line, caret = excerpt(source, problem.mark, style.width or _WIDTH)
        yield line
        yield style.paint(caret, colour)


def _is_there(source: Source, problem: Problem) -> bool:
    """Tell whether there is a line to show; a value that is missing altogether is told at the file's start."""
    if not source.text.strip() or problem.mark.line > source.text.count("\n") + 1:
        return False
    if not (source.document and problem.path):
        return True
    return problem.path.partition(".")[0].partition("[")[0] in plain(source.document.root)


def as_json(report: Report) -> str:
    """Give the verdict as one JSON document."""
    lists = {
        name: [
            {
                **asdict(it.mark),
                "path": it.path,
                "kind": it.kind,
                "message": it.message,
                "suggestion": it.suggestion,
            }
            for it in found
        ]
        for name, found in (("problems", report.problems), ("warnings", report.warnings))
    }
    return json.dumps({"files": report.files, "ok": report.ok, **lists}, indent=2)
