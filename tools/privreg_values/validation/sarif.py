"""Says what came of `validate` in SARIF 2.1.0, which code scanning services read (docs.oasis-open.org/sarif)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from privreg_values import __version__
from privreg_values.validation.kinds import KINDS
from privreg_values.values.validate import Problem, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def document(report: Report) -> str:
    """Give the verdict as one SARIF log."""
    results = [_result("error", it) for it in report.problems] + [_result("warning", it) for it in report.warnings]
    rules = [{"id": name, "shortDescription": {"text": sentence}} for name, sentence in KINDS.items()]
    driver = {"name": "privreg-values", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(level: str, problem: Problem) -> dict[str, Any]:
    region = {"startLine": problem.mark.line, "startColumn": problem.mark.column}
    place = {"artifactLocation": {"uri": _uri(problem.mark.file)}, "region": region}
    return {
        "ruleId": problem.kind,
        "ruleIndex": list(KINDS).index(problem.kind),
        "level": level,
        "message": {"text": problem.text},
        "locations": [{"physicalLocation": place}],
    }


def _uri(name: str) -> str:
    """A relative name stays relative, so that a service finds the file in its checkout."""
    return Path(name).as_uri() if Path(name).is_absolute() else quote(name)
