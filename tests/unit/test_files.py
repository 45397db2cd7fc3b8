"""files.py: whole files or none, private, through links, under a lock."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from privreg_values import files
from privreg_values.errors import FileError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def write(*contents: tuple[Path, bytes]) -> None:
    files.write_all([(files.target(str(path)), data) for path, data in contents])


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    write((tmp_path / "a", b"x"))
    assert (tmp_path / "a").read_bytes() == b"x"
    assert mode(tmp_path / "a") == 0o600


def test_a_file_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch(0o644)
    assert not files.target(str(path)).is_private()
    write((path, b"x"))
    assert mode(path) == 0o600
    assert files.target(str(path)).is_private()


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real" / "file")
    write((link, b"x"))
    assert link.is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"x"


def refusal(name: Path) -> str:
    with pytest.raises(FileError) as caught:
        files.target(str(name))
    return str(caught.value)


def test_a_folder_a_device_and_a_loop_of_links_are_refused(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)
    assert "not an ordinary file" in refusal(Path("/dev/null"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "link that leads nowhere" in refusal(tmp_path / "loop")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"there is no folder {tmp_path / 'none'}" in refusal(tmp_path / "none" / "a")


def test_a_read_only_file_is_left_alone_even_by_root(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch(0o444)
    assert "chmod u+w" in refusal(path)


def test_a_read_only_folder_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, how: path != tmp_path and real(path, how))  # root may write anywhere
    assert "read-only" in refusal(tmp_path / "a")


def test_a_name_that_is_too_long_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    assert "cannot be read: File name too long" in refusal(tmp_path / ("a" * 300))
    assert not files.is_there(str(tmp_path / ("a" * 300)))


def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = files.target(str(tmp_path / "a"))

    def fail(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")  # root may open anything

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(FileError, match="Permission denied"), files.locked([target]):
        pass


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: what a full disk does, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_when_the_second_file_does_not_fit_the_first_keeps_its_old_content(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"old")
    with file_size_limit(1000), pytest.raises(FileError, match=r"second: cannot be written.*nothing was changed"):
        write((first, b"new"), (second, b"x" * 5000))
    assert first.read_bytes() == b"old"
    assert not second.exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "room on the disk"), (errno.EROFS, "writable file system"), (errno.EACCES, "permissions")],
)
def test_a_failure_to_write_says_what_to_do(
    number: int, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError, match=remedy):
        write((tmp_path / "a", b"x"))
    assert list(tmp_path.iterdir()) == []


def test_when_the_second_rename_fails_the_message_names_the_file_that_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target.name == "second":
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(FileError, match=r"second: cannot be written.*first is written"):
        write((tmp_path / "first", b"1"), (tmp_path / "second", b"2"))
    assert (tmp_path / "first").read_bytes() == b"1"
    assert leftovers(tmp_path) == []


def test_an_interrupt_between_the_two_renames_waits_for_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        done = real(self, target)
        if target.name == "first":
            os.kill(os.getpid(), signal.SIGINT)
        return done

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        write((tmp_path / "first", b"1"), (tmp_path / "second", b"2"))
    assert (tmp_path / "second").read_bytes() == b"2"
    assert leftovers(tmp_path) == []


def test_an_interrupt_while_writing_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first").write_bytes(b"old")
    calls = []

    def fsync(_: int) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(KeyboardInterrupt):
        write((tmp_path / "first", b"new"), (tmp_path / "second", b"new"))
    assert (tmp_path / "first").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


HOLD = """
import sys, time
from privreg_values import files
with files.locked([files.target(sys.argv[1])]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_waits_and_then_says_that_another_one_is_writing(tmp_path: Path) -> None:
    target = files.target(str(tmp_path / "a"))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(target.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(FileError, match="another privreg-values is writing"), files.locked([target], seconds=0.2):
            pass
        other.kill()  # the kernel lets go of a dead run's lock
        other.wait()
        with files.locked([target], seconds=5):
            pass
    assert list(tmp_path.iterdir()) == []


def test_where_a_file_system_has_no_locks_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("privreg_values.files.fcntl.flock", flock)
    with files.locked([files.target(str(tmp_path / "a"))]):
        pass
