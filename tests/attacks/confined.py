"""Sites whose gateway and registry run in cgroups with the chart's own memory limits, on one CPU."""

import contextlib
import itertools
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from tests.chart import rendering
from tests.cluster.cgroups import ROOT
from tests.gateway.client import Client
from tests.gateway.mounts import VALUES, Values, merged
from tests.gateway.site import Site

UNITS = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
ENTER = 'echo $$ >"$1/cgroup.procs" || exit 1; cpu=$2; shift 2; exec taskset -c "$cpu" "$@"'

_number = itertools.count()


@dataclass(frozen=True)
class MemoryGroup:
    """A cgroup with a memory limit, of version 1 or 2.

    Attributes:
        folder: in the hierarchy of the memory controller.
        limit: in bytes.
    """

    folder: Path
    limit: int

    @classmethod
    def create(cls, name: str, limit: int) -> "MemoryGroup":
        """Make an empty one, without swap where the kernel counts it."""
        v1 = ROOT / "memory"
        top = v1 if v1.is_dir() else ROOT
        if top == ROOT:
            with contextlib.suppress(OSError):
                (ROOT / "cgroup.subtree_control").write_text("+memory")
        group = cls(top / f"privreg-{os.getpid()}-{next(_number)}-{name}", limit)
        group.folder.mkdir()
        (group.folder / group._file("memory.limit_in_bytes", "memory.max")).write_text(str(limit))
        with contextlib.suppress(OSError):
            (group.folder / group._file("memory.memsw.limit_in_bytes", "memory.swap.max")).write_text(
                str(limit) if group._v1 else "0"
            )
        return group

    @property
    def _v1(self) -> bool:
        return (self.folder / "memory.limit_in_bytes").exists()

    def _file(self, v1: str, v2: str) -> str:
        return v1 if self._v1 else v2

    @property
    def most(self) -> int:
        """The most memory in bytes that its processes have had, page cache included."""
        return int((self.folder / self._file("memory.max_usage_in_bytes", "memory.peak")).read_text())

    @property
    def resident(self) -> int:
        """The memory in bytes that its processes have now, without page cache."""
        found = re.findall(r"^(?:total_rss|anon) (\d+)$", (self.folder / "memory.stat").read_text(), re.MULTILINE)
        return sum(map(int, found))

    @property
    def out_of_memory_kills(self) -> int:
        """How many processes the kernel has ended."""
        text = (self.folder / self._file("memory.oom_control", "memory.events")).read_text()
        return sum(map(int, re.findall(r"^oom_kill (\d+)$", text, re.MULTILINE)))

    def remove(self) -> None:
        """Remove it when its processes have ended."""
        for _ in range(100):
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.05)


def limits(values: Values) -> dict[str, int]:
    """The memory limit in bytes of each container of the registry's Pod, as the chart renders it."""
    pod = rendering.render(values=merged(VALUES, values)).one("Deployment", "privreg")["spec"]["template"]["spec"]
    found = {}
    for container in pod["containers"]:
        number, unit = re.fullmatch(r"(\d+)([KMG]i)?", container["resources"]["limits"]["memory"]).groups("")  # type: ignore[union-attr]
        found[container["name"]] = int(number) * UNITS[unit]
    return found


class ConfinedSite(Site):
    """A site in cgroups: "gateway" and "registry", with the limits that the chart gives the two containers.

    Attributes:
        groups: by the container's name.
    """

    def __init__(self, folder: Path, values: Values, **mounted: object) -> None:
        self.groups = {
            name: MemoryGroup.create(name, limit)
            for name, limit in limits(values).items()
            if name in ("gateway", "registry")
        }
        self._cpu = min(os.sched_getaffinity(0))
        super().__init__(folder, values, **mounted)  # type: ignore[arg-type]

    def _run(self, command: list[str], log: Path, **environment: str) -> Popen[bytes]:
        name = self._container(command)
        if name:
            command = ["sh", "-c", ENTER, "enter", str(self.groups[name].folder), str(self._cpu), *command]
        return super()._run(command, log, **environment)

    @staticmethod
    def _container(command: list[str]) -> str:
        if command[0] == "sh":
            return "" if "--users" in command else "gateway"
        return "registry" if command[-1].endswith("/config.yml") else ""

    def stop(self) -> None:
        """End all processes, and remove the cgroups."""
        super().stop()
        for group in self.groups.values():
            group.remove()

    def worker(self) -> str:
        """The process id of HAProxy's worker: it changes where one has crashed."""
        (pid,) = re.findall(r"^Pid: (\d+)$", self.admin("show info"), re.MULTILINE)
        return str(pid)

    def assert_unharmed(self, worker: str) -> None:
        """No process was ended or replaced since `worker` was read, and health is answered."""
        assert {name: group.out_of_memory_kills for name, group in self.groups.items()} == dict.fromkeys(self.groups, 0)
        assert self.worker() == worker
        for path in ("/healthz/gateway", "/healthz/registry", "/healthz/verifier"):
            assert self.metrics.request("GET", path).status == 200, path

    def memory_after(self, before: int) -> int:
        """How much more memory in bytes the gateway has than `before`, a former value of `resident`."""
        return self.groups["gateway"].resident - before

    def at(self, address: str) -> Client:
        """A client that comes from an address of its own in 127.0.0.0/8."""
        return Client(self.addresses.clients, source=address)
