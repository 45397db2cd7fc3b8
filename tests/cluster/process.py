"""A process that outlives the command that started it, named so that it can be found and ended for sure."""

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    """A process number that a reused number or a reboot cannot be mistaken for.

    Attributes:
        pid: the number.
        started: clock ticks since boot, field 22 of /proc/PID/stat.
        boot: the kernel's boot id.
    """

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The identity of the living process `pid`.

        Raises:
            ProcessLookupError: there is none.
        """
        return cls(pid, _started(pid), _boot_id())

    @classmethod
    def load(cls, path: Path) -> "ProcessId | None":
        """Read what `save` wrote; None when there is no such file or it makes no sense."""
        try:
            return cls(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Write the identity to `path`, whole or not at all."""
        write_atomically(path, json.dumps(asdict(self)))

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        if self.boot != _boot_id():
            return False
        try:
            return _started(self.pid) == self.started
        except ProcessLookupError:
            return False

    def kill(self, timeout: float = 15) -> None:
        """End the process and wait up to `timeout` seconds until it is gone.

        Raises:
            TimeoutError: it is still there.
        """
        deadline = time.monotonic() + timeout
        while self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} does not end")
            time.sleep(0.05)


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path`: a reader sees all of it or nothing."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.rename(path)


def _started(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(pid) from None
    state, *fields = stat.rpartition(")")[2].split()
    if state in "ZX":
        raise ProcessLookupError(pid)
    return int(fields[18])


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
