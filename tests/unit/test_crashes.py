"""Runs that are killed (SIGKILL) while they write: no file is cut, lost, or readable by others.

Each kill is a real one, of a real process that writes real files: a fork of this one, which has all modules already.
"""

import os
import random
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from privreg_values import files, interrupts
from privreg_values.__main__ import main
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST
from tests.unit.test_shapes import fits, texts

RUNS = {
    "gen": ([], ["gen", HOST]),
    "gen --split": ([], ["gen", HOST, "--split"]),
    "gen --manifests": ([], ["gen", HOST, "--manifests=secrets"]),
    "users add": (["gen", HOST], ["users", "add", "jane", "--role=push"]),
    "users rotate, split": (["gen", HOST, "--split"], ["users", "rotate", "cluster", "--keep-old=1h"]),
    "users rotate, manifests": (["gen", HOST, "--manifests=secrets"], ["users", "rotate", "cluster"]),
    "users remove, manifests": (["gen", HOST, "--manifests=secrets"], ["users", "remove", "ci"]),
}
TRACED = {files.__file__, interrupts.__file__}  # where files are written, line by line
RANDOM_MOMENTS = 15  # for each of the runs, beside every second of those lines: some 500 kills
SEED = 20261125


@dataclass(frozen=True)
class Written:
    """What a run writes: the files in their order, with their old bytes and their new ones."""

    contents: list[tuple[files.Target, bytes]]
    before: dict[Path, bytes | None]

    def restore(self) -> None:
        for path, data in self.before.items():
            for left in path.parent.glob(f".{path.name}.*"):
                left.unlink()
            path.unlink(missing_ok=True)
            if data is not None:
                path.touch(0o600)
                path.write_bytes(data)

    def check(self) -> int:
        """See that each file is its old or its new self and private; gives how many are new."""
        new = [it.path.exists() and it.path.read_bytes() == data for it, data in self.contents]
        for (it, _), is_new in zip(self.contents, new, strict=True):
            assert is_new or (it.path.read_bytes() if it.path.exists() else None) == self.before[it.path], it.name
        assert new == sorted(new, reverse=True), "a file was written before one that it relies on"
        for folder in {it.path.parent for it, _ in self.contents}:
            for path in folder.iterdir():
                assert path.is_dir() or path.name == ".gitignore" or stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        return sum(new)


def forked(work: Callable[[], object]) -> int:
    """Start a process that does some work in silence, and ends."""
    process = os.fork()
    if process:
        return process
    try:
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        work()
    finally:
        os._exit(0)


def ended(process: int) -> bool:
    """Wait for a process; tell whether it was killed."""
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def killing_itself(line: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that kills its process before a traced line is executed, counted from 1."""
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in TRACED:
            return None
        if event == "line":
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


@contextmanager
def intercepted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Written]]:
    """Keep what a run is about to write instead of writing it."""
    found: list[Written] = []

    def keep(contents: list[tuple[files.Target, bytes]]) -> None:
        found.append(Written(contents, {it.path: it.read() for it, _ in contents}))

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_all", keep)
        yield found


@pytest.fixture(params=RUNS)
def written(request: pytest.FixtureRequest, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Written:
    """What each of the runs is about to write."""
    first, then = RUNS[request.param]
    if first:
        assert cli(*first).code == 0
    with intercepted(monkeypatch) as found:
        assert cli(*then).code == 0
    for it, _ in found[0].contents:
        it.path.parent.mkdir(mode=0o700, exist_ok=True)
    assert len(found[0].contents) >= 2
    return found[0]


def test_killed_at_every_second_line_while_writing_every_file_is_whole(written: Written) -> None:
    states, line = set(), 1
    while True:

        def write(line: int = line) -> None:
            sys.settrace(killing_itself(line))
            files.write_all(written.contents)

        if not ended(forked(write)):
            break
        states.add(written.check())
        written.restore()
        line += 2
    assert written.check() == len(written.contents)
    assert line > 20
    assert states == set(range(len(written.contents) + 1))


def test_killed_at_random_moments_while_writing_every_file_is_whole(written: Written) -> None:
    chance = random.Random(SEED)
    began = time.monotonic()
    assert not ended(forked(lambda: files.write_all(written.contents)))
    lasts = time.monotonic() - began
    killed = 0
    for _ in range(RANDOM_MOMENTS):
        written.restore()
        process = forked(lambda: files.write_all(written.contents))
        time.sleep(chance.uniform(0, lasts))
        os.kill(process, signal.SIGKILL)
        killed += ended(process)
        written.check()
    assert killed > 0


@pytest.mark.parametrize("lines", [15, 45, 75])
def test_after_a_kill_the_next_run_works_and_takes_away_what_was_left(lines: int, cli: Cli, folder: Path) -> None:
    for shape in ([], ["--split"], ["--manifests=secrets"]):
        process = forked(lambda shape=shape: run_killed(lines, "gen", HOST, *shape))  # type: ignore[misc]
        assert ended(process)
        assert cli("gen", HOST, *shape).code == 0
        assert fits(folder)
        assert ended(forked(lambda: run_killed(lines, "users", "rotate", "ci")))
        again = cli("users", "rotate", "ci")
        assert again.code == 0, again.err
        assert fits(folder)
        assert not [name for name in texts(folder) if name.endswith(".tmp")]
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def run_killed(line: int, *arguments: str) -> None:
    """Run the command line, and be killed at the traced line of this number."""
    sys.argv = ["privreg-values", *arguments]
    real = files.write_all

    def write_all(contents: list[tuple[files.Target, bytes]]) -> None:
        sys.settrace(killing_itself(line))
        real(contents)

    files.write_all = write_all  # type: ignore[assignment]
    main()


def test_a_whole_run_that_is_killed_at_any_moment_leaves_whole_files(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST).code == 0
    chance = random.Random(SEED)
    seen = set()
    for _ in range(25):
        before = texts(folder)
        process = forked(lambda: run_killed(10**9, "users", "rotate", "cluster"))
        time.sleep(chance.uniform(0, 0.25))
        os.kill(process, signal.SIGKILL)
        ended(process)
        after = texts(folder)
        for name in ("values.yaml", "credentials.yaml"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
            assert after[name].count("\n") == before[name].count("\n")
        changed = {name for name in ("values.yaml", "credentials.yaml") if after[name] != before[name]}
        seen.add(frozenset(changed))
        assert changed != {"values.yaml"}
        if changed == {"credentials.yaml"}:
            assert cli("users", "rotate", "cluster").code == 0
        assert fits(folder)
    assert seen
