"""Signals that end a program, and programs that were started to ignore them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from privreg_values import files
from privreg_values.interrupts import interrupts_held
from tests.unit.test_terminal import wait_until_open


@contextmanager
def handled(number: signal.Signals, how: signal.Handlers) -> Iterator[None]:
    """Handle a signal in a way that programs started meanwhile inherit."""
    before = signal.signal(number, how)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    ("how", "code", "written"),
    [(signal.SIG_IGN, 0, ["credentials.yaml", "values.yaml"]), (signal.SIG_DFL, 128 + signal.SIGHUP, [])],
)
def test_a_hang_up_ends_a_run_unless_it_was_started_to_ignore_it(
    how: signal.Handlers, code: int, written: list[str], tmp_path: Path
) -> None:
    with files.locked([files.target(str(tmp_path / "values.yaml"))]):
        with handled(signal.SIGHUP, how):  # as nohup does
            run = subprocess.Popen(
                [sys.executable, "-m", "privreg_values", "gen", "--host=registry.example.com", "--yes"],
                cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stderr=subprocess.PIPE,
            )  # fmt: skip
        wait_until_open(run.pid, tmp_path)
        run.send_signal(signal.SIGHUP)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == code, said
    assert sorted(path.name for path in tmp_path.iterdir()) == written


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_started_while_interrupts_are_held_ignores_what_this_program_does(number: signal.Signals) -> None:
    with handled(number, signal.SIG_IGN), interrupts_held():
        ended = subprocess.run(["sh", "-c", f"kill -{number} $$"], check=False)
    assert ended.returncode == 0
