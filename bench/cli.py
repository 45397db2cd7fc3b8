"""How long the command line takes, beside what else checks a values file."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.measure import Row, compare, interleave
from tests.cluster.paths import BIN, ROOT

ROUNDS = 9
LINES = 300
WALL, PROCESSOR = 300, 500  # milliseconds: what a person takes for at once, and what a slow machine can do
CHART = ROOT / "charts" / "privreg"
PEERS = "helm lint", "check-jsonschema"


@dataclass(frozen=True)
class Spent:
    """What one run of a program took, in milliseconds."""

    wall: float
    processor: float


def run(folder: Path) -> list[Row]:
    """Measure --help and `validate`; check-jsonschema only where it is installed.

    Raises:
        BenchError: one of them fails.
    """
    values = _values(folder / "values.yaml")
    own = Path(sys.executable).with_name("privreg-values")
    commands: dict[str, list[str | Path]] = {
        "privreg-values --help": [own, "--help"],
        f"privreg-values validate, {LINES} lines": [own, "validate", values],
        "helm lint": [BIN / "helm", "lint", "--quiet", CHART, "--values", values],
        "check-jsonschema": ["check-jsonschema", "--schemafile", CHART / "values.schema.json", values],
    }
    if not shutil.which("check-jsonschema"):
        del commands["check-jsonschema"]
        print("bench: check-jsonschema is not installed and left out", file=sys.stderr)
    spent = interleave(ROUNDS, {name: _measurement(command) for name, command in commands.items()})
    names = [name for name in commands if name not in PEERS]
    rows = [row for name in names for row in _alone(name, spent[name])]
    walls = {name: [it.wall for it in runs] for name, runs in spent.items()}
    return rows + [compare(names[-1], "ms", walls[names[-1]], peer, walls[peer]) for peer in PEERS if peer in walls]


def _alone(name: str, runs: list[Spent]) -> list[Row]:
    rows = []
    for what, samples, limit in (
        ("time", [it.wall for it in runs], WALL),
        ("processor time", [it.processor for it in runs], PROCESSOR),
    ):
        median = sorted(samples)[len(samples) // 2]
        rows.append(Row(f"{name}: {what}", "ms", median, median, at_most=limit, samples={"values": samples}))
    return rows


def _values(path: Path) -> Path:
    """A values file as `gen` and `users add` make it, of many users."""
    lines = ["host: registry.example.com", "auth:", "  users:"]
    while len(lines) < LINES - 4:
        number = len(lines)
        lines += [f"    - name: user-{number}", f"      hash: $2y$04${'a' * 53}", "      role: push"]
        lines += [f"      repositories: [team-{number}/**, base/*]"]
    lines += [
        "httpSecret:",
        f"  value: {'s' * 43}",
        "pullSecrets:",
        "  credential: {username: user-3, password: secret}",
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def _measurement(command: list[str | Path]) -> Callable[[], Spent]:
    def measure() -> Spent:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode > 1:  # check-jsonschema knows no defaults of a chart: it misses some, which is 1
            raise BenchError(f"{Path(command[0]).name} ended with {process.returncode}")
        return Spent(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000)

    return measure
