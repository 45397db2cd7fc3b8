"""`privreg-values users`, interrupted or run twice at once: no file is half written, no password is lost."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from privreg_values import files
from privreg_values.users import credentials
from privreg_values.values import validate
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST, hashes, passwords
from tests.unit.test_gen_again import snapshot


@pytest.fixture
def made(cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has run."""
    assert cli("gen", HOST).code == 0
    return folder


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "privreg_values", "users", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def fits(folder: Path) -> bool:
    """Each user has a hash, a password, and both belong together."""
    known, hashed = passwords(folder), hashes(folder)
    return set(known) == set(hashed) and all(credentials.matches(known[name], hashed[name]) for name in hashed)


def test_of_changes_at_once_none_is_lost(made: Path) -> None:
    changes = [
        ["add", "one", "--role=push"],
        ["add", "two", "--role=pull", "--repository=a/*"],
        ["rotate", "cluster"],
        ["remove", "ci"],
    ]
    runs = [start(made, *arguments) for arguments in changes]
    for run in runs:
        _, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
    assert set(hashes(made)) == {"admin", "cluster", "one", "two"}
    assert fits(made)
    assert validate.validate(["values.yaml"]).problems == []


def test_of_two_who_add_the_same_user_one_is_told(made: Path) -> None:
    runs = [start(made, "add", "jane", "--role=push") for _ in range(2)]
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 1]
    assert any(b"jane is there" in err for err in said)
    assert fits(made)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.9])
def test_an_interrupt_leaves_both_files_whole(seconds: float, number: int, made: Path) -> None:
    before = snapshot(made)
    run = start(made, "add", "jane", "--role=push")
    time.sleep(seconds)
    run.send_signal(number)
    run.communicate(timeout=60)
    after = snapshot(made)
    assert sorted(after) == sorted(before)
    assert after == before or "jane" in hashes(made)
    assert fits(made)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_when_a_file_has_just_been_begun_leaves_nothing_of_it(
    number: int, code: int, made: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(made)
    real = tempfile.mkstemp

    def mkstemp(prefix: str, suffix: str, dir: Path) -> tuple[int, str]:
        begun = real(prefix=prefix, suffix=suffix, dir=dir)
        signal.raise_signal(number)
        return begun

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    assert cli("users", "add", "jane", "--role=push").code == code
    assert snapshot(made) == before


def test_an_interrupt_between_the_files_comes_after_the_second(
    made: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        done = real(self, target)
        if target.name == "credentials.yaml":
            signal.raise_signal(signal.SIGINT)
        return done

    monkeypatch.setattr(Path, "replace", replace)
    ended = cli("users", "add", "jane", "--role=push")
    assert ended.code == 130
    assert "jane" in hashes(made)
    assert fits(made)


def test_when_one_file_cannot_be_written_neither_is(made: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(made)
    real = files._stage

    def stage(it: files.Target, *rest: object) -> Path:
        if it.name == "values.yaml":
            raise files._cannot("written", it.name, OSError(28, "No space left on device"))
        return real(it, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_stage", stage)
    for arguments in (["add", "jane", "--role=push"], ["rotate", "cluster"], ["remove", "ci"]):
        ended = cli("users", *arguments)
        assert ended.code == 1
        assert "No space left on device; nothing was changed" in ended.err
        assert snapshot(made) == before


@pytest.mark.parametrize("name", ["values.yaml", "credentials.yaml"])
def test_a_read_only_file_is_left_alone(name: str, made: Path, cli: Cli) -> None:
    (made / name).chmod(0o400)
    before = snapshot(made)
    ended = cli("users", "rotate", "ci")
    assert ended.code == 1
    assert f"{name}: is read-only" in ended.err
    assert snapshot(made) == before
