"""The memory of a container's process, seen from the machine that it runs on."""

import re
from pathlib import Path

from bench.errors import BenchError

CGROUPS = Path("/sys/fs/cgroup")
MIB = 1 << 20


def memory(pod: str, program: str) -> dict[str, float]:
    """MiB of the process in the Pod of that uid whose command line names `program`.

    Now and at its most, the pages that it shares with others included (proc(5), status), and what the kernel
    charges its container with, less the cached files that it can give back: that is what a limit counts.

    Raises:
        BenchError: there is none on this machine.
    """
    process = _process(pod, program)
    status = (process / "status").read_text()
    sizes = {name: int(size) * 1024 for name, size in re.findall(r"^(\w+):\s+([0-9]+) kB$", status, re.MULTILINE)}
    return {"resident": sizes["VmRSS"] / MIB, "at most": sizes["VmHWM"] / MIB, "container": _charged(process) / MIB}


def _process(pod: str, program: str) -> Path:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if program in (process / "cmdline").read_text() and pod in (process / "cgroup").read_text().replace(
                "_", "-"
            ):
                return process
        except (FileNotFoundError, ProcessLookupError):
            continue
    raise BenchError(f"no process on this machine runs {program} in Pod {pod}")


def _charged(process: Path) -> int:
    """Bytes of the process's cgroup, as the kubelet counts its working set; cgroup v1 or v2."""
    for line in (process / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            folder, used, idle = CGROUPS / "memory", "memory.usage_in_bytes", "total_inactive_file"
            break
        if not controllers and (CGROUPS / "cgroup.controllers").exists():
            folder, used, idle = CGROUPS, "memory.current", "inactive_file"
            break
    else:
        raise BenchError("the container has no cgroup that counts memory")
    folder /= path.lstrip("/")
    found = re.search(rf"^{idle} ([0-9]+)$", (folder / "memory.stat").read_text(), re.MULTILINE)
    assert found
    return int((folder / used).read_text()) - int(found[1])
