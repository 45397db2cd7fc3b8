"""Says what came of `validate` in workflow commands, which GitHub shows beside the lines of a pull request.

Source: docs.github.com, "Workflow commands for GitHub Actions"; the escapes are those of
actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from privreg_values.values.validate import Problem, Report


def commands(report: Report) -> list[str]:
    """Give one command for each problem and each warning."""
    return [_command("error", it) for it in report.problems] + [_command("warning", it) for it in report.warnings]


def _command(level: str, problem: Problem) -> str:
    properties = {
        "file": problem.mark.file,
        "line": str(problem.mark.line),
        "col": str(problem.mark.column),
        "title": f"privreg-values: {problem.kind}",
    }
    listed = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    return f"::{level} {listed}::{_data(problem.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
