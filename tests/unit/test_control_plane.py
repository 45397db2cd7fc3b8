"""control_plane.py: what it starts never outlives the tests."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import control_plane
from tests.cluster.paths import ROOT

HOLD = """
import sys, time
from pathlib import Path
from tests.control_plane import running
with running(Path(sys.argv[1])) as it:
    print("ready", flush=True)
    time.sleep(600)
"""


def processes_in(folder: Path) -> list[str]:
    """The running programs that were started with their files in `folder`."""
    ended = subprocess.run(
        ["pgrep", "--full", "--list-name", f"{folder}/"], capture_output=True, text=True, check=False
    )
    return [line for line in ended.stdout.splitlines() if "python" not in line]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_however_the_tests_end(ending: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    errors = tmp_path / "errors"
    with errors.open("w") as file, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=file) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"ready\n", errors.read_text()
        assert len(processes_in(tmp_path)) == 2
        holder.send_signal(ending)
        holder.wait()
    for _ in range(100):
        if not processes_in(tmp_path):
            break
        time.sleep(0.1)
    assert processes_in(tmp_path) == []


def test_a_start_that_fails_shows_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "START_TIMEOUT", 30.0)
    (tmp_path / "etcd").write_text("a file where etcd's folder should be")
    with (
        pytest.raises(RuntimeError, match=r"(?s)did not become ready.*etcd\.log:.*not a directory"),
        control_plane.running(tmp_path),
    ):
        pytest.fail("it cannot have started")


def test_without_the_programs_it_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "BIN", tmp_path)
    with (
        pytest.raises(FileNotFoundError, match="etcd: not built yet; run `make tools`"),
        control_plane.running(tmp_path),
    ):
        pytest.fail("it cannot have started")
