"""Files that hold secrets: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from privreg_values.errors import FileError
from privreg_values.interrupts import interrupts_held

LOCK_SECONDS = 10.0
_LOG = logging.getLogger(__name__)
_STAGED = ".tmp"
_NO_LOCKS_HERE = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)


@dataclass(frozen=True)
class Target:
    """A file to write.

    Args:
        name: The name the user gave, for messages.
        path: Where the bytes go: what the name stands for after following symbolic links.
    """

    name: str
    path: Path

    def read(self) -> bytes | None:
        """Give the file's bytes, or None when there is no file.

        Raises:
            FileError: it is there and cannot be read.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot("read", self.name, error) from None
        _LOG.debug("read: %s", self.name)
        return raw

    def is_private(self) -> bool:
        """Tell whether nobody but the owner may read or write the file."""
        return stat.S_IMODE(self.path.stat().st_mode) & 0o077 == 0


def is_there(name: str) -> bool:
    """Tell whether there is something of this name that can be seen."""
    try:
        return Path(name).exists()
    except OSError:
        return False


def target(name: str) -> Target:
    """Find out where a file would be written, and whether it can be.

    Raises:
        FileError: it is a folder, it is read-only, or its folder is missing or read-only.
    """
    try:
        path = Path(name).resolve()
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except RuntimeError:  # what pathlib makes of ELOOP
        raise FileError(f"{name}: is a link that leads nowhere", "remove it") from None
    except OSError as error:
        raise _cannot("read", name, error) from None
    if mode is not None and stat.S_ISDIR(mode):
        raise FileError(f"{name}: is a folder", "name a file in it")
    if mode is not None and not stat.S_ISREG(mode):
        raise FileError(f"{name}: is not an ordinary file", "name another file")
    # Root may write anywhere; read-only bits are a wish that is honoured all the same.
    if mode is not None and not (mode & 0o222 and os.access(path, os.W_OK)):
        raise FileError(f"{name}: is read-only", f"make it writable with `chmod u+w {name}`, or name another file")
    if not path.parent.is_dir():
        raise FileError(f"{name}: there is no folder {path.parent}", "make it, or name another file")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise FileError(f"{name}: the folder {path.parent} is read-only", "name a file in another folder")
    return Target(name, path)


def write_all(contents: Sequence[tuple[Target, bytes]]) -> None:
    """Replace files with new bytes, mode 0600, in the order given; links to them stay.

    All bytes are on the disk before the first file is replaced, and an interrupt is held back while
    they are: whatever fails, each file is either its old or its new self.

    Raises:
        FileError: a file could not be written; the message says if one before it was.
    """
    with contextlib.ExitStack() as undo:
        staged = [(it, _stage(it, data, undo)) for it, data in contents]
        with interrupts_held():
            done: list[str] = []
            for it, temporary in staged:
                try:
                    temporary.replace(it.path)
                except OSError as error:
                    raise _cannot("written", it.name, error, done) from None
                done.append(it.name)
                _LOG.debug("written: %s", it.name)
    for folder in {it.path.parent for it, _ in contents}:
        _sync_folder(folder)


def sweep(it: Target) -> None:
    """Remove what runs that were killed left of a file's new self; to be called while the file is locked."""
    for path in it.path.parent.iterdir():
        if path.name.startswith(f".{it.path.name}.") and path.name.endswith(_STAGED):
            path.unlink(missing_ok=True)


def _stage(it: Target, data: bytes, undo: contextlib.ExitStack) -> Path:
    """Write the bytes to a private file (mkstemp) beside the target; it is removed if it is never renamed."""
    with interrupts_held():
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{it.path.name}.", suffix=_STAGED, dir=it.path.parent)
        except OSError as error:
            raise _cannot("written", it.name, error) from None
        temporary = Path(name)
        undo.callback(temporary.unlink, missing_ok=True)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _keep_owner(descriptor, it.path)
            os.fsync(descriptor)
    except OSError as error:
        raise _cannot("written", it.name, error) from None
    return temporary


def _keep_owner(descriptor: int, path: Path) -> None:
    """Leave the file to the user it belonged to, when root rewrites it."""
    with contextlib.suppress(OSError):
        old = path.stat()
        os.fchown(descriptor, old.st_uid, old.st_gid)


def _sync_folder(folder: Path) -> None:
    descriptor = _open_folder(folder)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_folder(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise _cannot("read", str(folder), error) from None


@contextlib.contextmanager
def locked(targets: Sequence[Target], seconds: float = LOCK_SECONDS) -> Iterator[bool]:
    """Keep other runs away from the folders of these files; the kernel lets go when a run ends.

    Args:
        targets: The files to be written.
        seconds: How long to wait for another run.

    Yields:
        Whether others are kept away: not every file system has locks.

    Raises:
        FileError: another run holds a folder for longer than that.
    """
    with contextlib.ExitStack() as held:
        alone = True
        for folder in sorted({it.path.parent for it in targets}):
            descriptor = _open_folder(folder)
            held.callback(os.close, descriptor)
            alone = _lock(descriptor, folder, time.monotonic() + seconds) and alone
        yield alone


def _lock(descriptor: int, folder: Path, deadline: float) -> bool:
    """Lock a folder; False where its file system has no locks."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                message = f"{folder}: another privreg-values is writing here"
                raise FileError(message, "wait until it has ended, then try again") from None
            time.sleep(0.05)
        except OSError as error:
            if error.errno in _NO_LOCKS_HERE:  # NFS and the like: go on without, renames are atomic there too
                return False
            raise


def _cannot(what: str, name: str, error: OSError, done: Sequence[str] = ()) -> FileError:
    remedy = {
        errno.ENOSPC: "make room on the disk, then try again",
        errno.EDQUOT: "make room in your quota, then try again",
        errno.EFBIG: "raise the limit of file sizes (ulimit -f), then try again",
        errno.EROFS: "name a file on a writable file system",
    }.get(error.errno or 0, "check the permissions of the file and its folder")
    state = f"; {', '.join(done)} is written" if done else "; nothing was changed" if what == "written" else ""
    return FileError(f"{name}: cannot be {what}: {error.strerror}{state}", remedy)
