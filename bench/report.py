"""The results, as a table to read and as JSON."""

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import Row
from tests.cluster.paths import environment

FOLDER = Path(__file__).parent
# By name: the command that tells a version, and where it stands in the first line.
Versions = Mapping[str, tuple[list[str], str]]


def describe(load: float, versions: Versions) -> dict[str, str]:
    """The machine and the versions; `load` is how many processes wanted to run before the bench."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": str(os.cpu_count()),
        "processor": model[1] if model else platform.machine(),
        "kernel": platform.release(),
        "load average before": f"{load:.1f}",
        "python": platform.python_version(),
        **{name: _version(*how) for name, how in versions.items()},
    }


def write(name: str, head: str, machine: dict[str, str], rows: list[Row]) -> None:
    """Write NAME.md, which begins with `head`, and name.json beside this module."""
    described = "".join(f"- {what}: {text}\n" for what, text in machine.items())
    (FOLDER / f"{name.upper()}.md").write_text(f"{head}{described}\n{table(rows)}")
    results = {"machine": machine, "results": [asdict(row) for row in rows]}
    (FOLDER / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")


def table(rows: list[Row]) -> str:
    """A Markdown table of `rows`."""
    lines = ["| | privreg | compared with | | ratio | spread | goal | |", "|---|--:|---|--:|--:|---|---|---|"]
    for row in rows:
        peer = "" if row.peer_value is None else f"{_number(row.peer_value)} {row.unit}"
        spread = f"{_number(row.spread[0])} to {_number(row.spread[1])}" if row.spread else ""
        cells = (
            row.what,
            f"{_number(row.value)} {row.unit}",
            row.peer,
            peer,
            _number(row.ratio) if row.peer else "",
            spread,
            _goal(row),
            ("missed" if row.missed else "met") if _goal(row) else "",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _goal(row: Row) -> str:
    if row.at_least is not None:
        return f"≥ {row.at_least:g}"
    return f"≤ {row.at_most:g}" if row.at_most is not None else ""


def _number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _version(command: list[str], pattern: str) -> str:
    program = shutil.which(command[0], path=environment()["PATH"])
    ended = subprocess.run([program or command[0], *command[1:]], capture_output=True, text=True, check=False)
    found = re.search(pattern, (ended.stdout + ended.stderr).splitlines()[0])
    return found[1] if found else "unknown"
