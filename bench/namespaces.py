"""Own namespaces: every port is free, and whatever is started or made here is gone when the bench ends."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.errors import BenchError

INSIDE = "--inside"
SIZE = "6G"


def enter(module: str) -> None:
    """Run `module` again, as the first process of own network, process and mount namespaces; does not return.

    When that process ends, however it ends, the kernel kills all others there, and takes the interfaces and
    the file system in memory away.

    Raises:
        BenchError: there is no unshare.
    """
    if not shutil.which("unshare"):
        raise BenchError("unshare: not found; install util-linux")
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    kinds = ["--net", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child"]
    os.execvp("unshare", ["unshare", *as_root, *kinds, sys.executable, "-m", module, INSIDE])


@contextlib.contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder on a file system in memory, so that no disk is measured.

    Raises:
        BenchError: it could not be mounted.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        run("mount", "-t", "tmpfs", "-o", f"mode=700,size={SIZE}", "tmpfs", name)
        try:
            yield Path(name)
        finally:
            run("umount", "--lazy", name)


def open_loopback() -> None:
    """Take the loopback interface into use.

    Raises:
        BenchError: it could not be done.
    """
    run("ip", "link", "set", "lo", "up")


def run(*command: str) -> None:
    """Run a command that should succeed.

    Raises:
        BenchError: it did not; the text is what it said.
    """
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise BenchError(f"{' '.join(command)}: {ended.stderr.strip()}")
