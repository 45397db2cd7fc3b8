"""The CLI at a terminal: questions, colours, width, Ctrl-C."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from privreg_values import files, report
from privreg_values.registry.reach import Step
from privreg_values.terminal import Style, style_of
from tests.unit.test_gen import passwords

PATIENCE = 60.0  # seconds
# Ctrl-C comes from the terminal that a session has taken for its own.
AT_TERMINAL = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from privreg_values.__main__ import main; main()"
)
CLOSED = ("check", "--host=registry.example.com", "--connect-to=127.0.0.1:1", "--user=alice")


@dataclass
class Terminal:
    """A program at a terminal of 80 columns.

    Attributes:
        process: the program.
        master: our end of the terminal.
        seen: what is on the screen so far.
        read_to: where the text ends that was waited for last.
    """

    process: "subprocess.Popen[bytes]"
    master: int
    seen: str = ""
    read_to: int = 0

    def wait_for(self, text: str) -> None:
        """Read until a text is on the screen, below the one that was waited for before."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.seen.find(text, self.read_to)) < 0:
            assert time.monotonic() < deadline, self.seen
            self._read()
        self.read_to = found + len(text)

    def type(self, text: str) -> None:
        """Press keys, once the program waits: Python misses a Ctrl-C that comes between the question and its read."""
        stat, deadline = Path(f"/proc/{self.process.pid}/stat"), time.monotonic() + PATIENCE
        while stat.read_text().rpartition(")")[2].split()[0] != "S":
            assert time.monotonic() < deadline, self.seen
            time.sleep(0.01)
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Wait for the program; returns its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        while self._read():
            pass
        return self.process.wait(timeout=30)

    def _read(self) -> bool:
        if not select.select([self.master], [], [], 0.1)[0]:
            return False
        try:
            raw = os.read(self.master, 65536)
        except OSError:  # the program is gone
            return False
        self.seen += raw.decode().replace("\r\n", "\n")
        return bool(raw)


@contextmanager
def terminal(folder: Path, *arguments: str, **variables: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
        "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "80", "LINES": "24", "TERM": "xterm", "LANG": "C.UTF-8",
        **variables,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", AT_TERMINAL, *arguments],
        cwd=folder, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_with_yes_nothing_is_asked(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", "--host=registry.example.com", "--yes") as it:
        assert it.end() == 0
        assert "[Y/n]" not in it.seen


def test_a_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", "--host=registry.example.com", "--yes", "--user=alice", "--ask-password") as it:
        it.wait_for("New password of alice: ")
        it.type("first try\n")
        it.wait_for("Again: ")
        it.type("second try\n")
        it.wait_for("New password of alice: ")
        it.type("hunter2\n")
        it.wait_for("Again: ")
        it.type("hunter2\n")
        assert it.end() == 0
        assert "hunter2" not in it.seen
    assert passwords(tmp_path)["alice"] == "hunter2"


def test_a_password_to_verify_is_asked_for_once_and_not_shown(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", "--host=registry.example.com", "--yes", "--no-cluster") as it:
        assert it.end() == 0
    for password, code, said in ((passwords(tmp_path)["ci"], 0, "matches"), ("hunter2", 1, "does not match")):
        with terminal(tmp_path, "users", "verify", "ci") as it:
            it.wait_for("Password of ci: ")
            it.type(f"{password}\n")
            assert it.end() == code
            assert f"ci: the password {said}" in it.seen
            assert password not in it.seen


@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_whoever_leaves_at_a_password_has_interrupted(keys: str, tmp_path: Path) -> None:
    with terminal(tmp_path, *CLOSED) as it:
        it.wait_for("Password of alice: ")
        it.type(keys)
        assert it.end() == 130
    assert it.seen.endswith("\ninterrupted\n")


def test_a_password_is_not_read_where_it_would_be_seen(tmp_path: Path) -> None:
    with terminal(tmp_path, *CLOSED, "--password-stdin") as it:
        assert it.end() == 2
        assert "does not read from a terminal" in it.seen


def test_check_asks_for_a_password_that_no_file_has(tmp_path: Path) -> None:
    with terminal(tmp_path, *CLOSED) as it:
        it.wait_for("Password of alice: ")
        it.type("hunter2\n")
        assert it.end() == 1
        assert "nothing listens at 127.0.0.1 port 1" in it.seen
        assert "hunter2" not in it.seen


def test_check_is_coloured_and_fits_80_columns(tmp_path: Path) -> None:
    with terminal(tmp_path, *CLOSED) as it:
        it.wait_for("Password of alice: ")
        it.type("x\n")
        it.end()
    assert "\033[31m✗\033[0m tcp" in it.seen
    lines = it.seen.replace("\033[31m", "").replace("\033[0m", "").splitlines()
    assert max(map(len, lines)) <= 80


def test_no_color_is_respected(tmp_path: Path) -> None:
    with terminal(tmp_path, *CLOSED, NO_COLOR="1") as it:
        it.wait_for("Password of alice: ")
        it.type("x\n")
        it.end()
    assert "\033" not in it.seen
    assert "✗ tcp" in it.seen


def test_an_error_breaks_between_words_and_is_seen(tmp_path: Path) -> None:
    with terminal(tmp_path, "users", "list", "-f", f"{'x' * 40}.yaml") as it:
        assert it.end() == 1
    assert it.seen.startswith("\033[31merror:\033[0m xxx")
    lines = it.seen.replace("\033[31m", "").replace("\033[0m", "").splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 80
    assert " ".join(lines) == (
        f"error: {'x' * 40}.yaml: there is no such file; check the name, or make one with `privreg-values gen`"
    )


def test_an_error_in_a_pipe_is_one_line_without_colour(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "privreg_values", "users", "list", "-f", "missing.yaml"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.stderr.startswith("error: missing.yaml: there is no such file; ")
    assert ended.stderr.count("\n") == 1


def wait_until_open(pid: int, folder: Path) -> None:
    """Wait until a process has opened a folder, as it does to lock it."""
    deadline = time.monotonic() + PATIENCE
    while folder not in (Path(os.path.realpath(it)) for it in Path(f"/proc/{pid}/fd").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_while_waiting_for_another_run_changes_nothing_and_says_one_line(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("host: registry.example.com\n")
    with (
        files.locked([files.target(str(tmp_path / "values.yaml"))]),
        terminal(tmp_path, "gen", "--rotate=ci", "--yes") as it,
    ):
        wait_until_open(it.process.pid, tmp_path)
        it.type("\x03")
        assert it.end() == 130
    assert it.seen.replace("^C", "").split("\n") == ["interrupted", ""]
    assert [path.name for path in tmp_path.iterdir()] == ["values.yaml"]


def test_a_terminated_run_leaves_no_temporary_file(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from privreg_values import __main__, files\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.argv = ['privreg-values', 'gen', '--host=registry.example.com']\n"
        "__main__.main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=False, timeout=60)
    assert ended.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("users list", 0),
        ("users verify ci", 2),
        ("users verify ci --password-stdin", 1),
        ("gen --user=a --ask-password", 2),
        ("validate -", 1),
        ("gen x", 2),
    ],
)
def test_a_stream_that_is_closed_is_an_empty_one(arguments: str, code: int, closed: str, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("auth: {users: [{name: ci, hash: x}]}\n")
    command = f"{sys.executable} -m privreg_values {arguments} {closed}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=tmp_path, stdin=subprocess.DEVNULL, env=environment, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr if b"Traceback" in ended.stderr else b"") == (code, b"")


# --- What a stream can show


def test_a_pipe_gets_long_lines_without_colour() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert style_of(stream) == Style(colour=False, symbols=True, width=0)


def test_a_stream_without_the_symbols_gets_words() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    text = report.step_text(Step("tls", False, "no", "do this"), style_of(stream))
    assert text.isascii()
    assert text.startswith("FAIL tls")
    assert report.step_text(Step("tls", True, "yes"), style_of(stream)).startswith("ok   tls")


def test_long_reasons_are_wrapped_below_each_other() -> None:
    text = report.step_text(Step("tls", False, "reason " * 20, "remedy " * 20), Style(symbols=True, width=60))
    lines = text.splitlines()
    assert len(lines) >= 6
    assert all(len(line) <= 60 for line in lines)
    assert all(line.startswith(" " * 13) for line in lines[1:])
