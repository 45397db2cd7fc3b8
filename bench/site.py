"""What is measured: the registry alone, the registry behind the gateway, and the registry's own htpasswd.

Everything is started as the chart's Pod would start it, from the files that the chart renders; only ports and
folders of the peers are others. It ends with the process namespace of the bench.
"""

import http.client
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench.chart import render
from bench.errors import BenchError
from bench.users import VERIFIED, VICTIM, User, crowd
from tests.cluster.paths import BIN, environment

Process = subprocess.Popen[bytes]
PATIENCE = 30.0  # seconds until something has started


@dataclass(frozen=True)
class Door:
    """A way to a registry.

    Attributes:
        name: what the report calls it.
        port: where it listens, on every address.
        user: who comes in; None: everybody may.
    """

    name: str
    port: int
    user: User | None = None

    @property
    def authorization(self) -> str | None:
        """The Authorization header that it wants."""
        return self.user.authorization if self.user else None


COST_10, COST_5 = replace(VERIFIED, cost=10), replace(VERIFIED, cost=5)
DIRECT = Door("registry, no authentication", 5100)
GATEWAY = Door("gateway, bcrypt cost 12", 5000, VERIFIED)
HTPASSWD_10 = Door("registry's htpasswd, cost 10", 5200, COST_10)
HTPASSWD_5 = Door("registry's htpasswd, cost 5", 5300, COST_5)


@dataclass(frozen=True)
class Site:
    """Everything, running.

    Attributes:
        folder: in memory; the registries keep their images below it.
        gateway: the shell that runs HAProxy.
        registry: the one behind it.
    """

    folder: Path
    gateway: Process
    registry: Process

    def haproxy(self) -> list[int]:
        """The processes of HAProxy: the master, its worker, and old workers that are not done yet."""
        (master,) = [child for child in _children(self.gateway.pid) if _command(child) == "haproxy"]
        return [master, *_children(master)]

    def reload(self) -> None:
        """Change a mounted file and wait until the gateway has changed over: nobody is remembered any more."""
        before = set(self.haproxy())
        htpasswd = self.folder / "gateway/auth/htpasswd"
        htpasswd.write_text(f"{htpasswd.read_text()}# changed\n")
        wait(lambda: bool(set(self.haproxy()) - before), "the gateway did not reload")
        wait(partial(_answers, GATEWAY), "the gateway did not come back")


def start(folder: Path) -> Site:
    """Start everything, with all data below `folder`.

    Raises:
        BenchError: something did not start; the text has the ends of all logs.
    """
    behind = folder / "gateway"
    run = behind / "run"
    render("gateway", [VERIFIED, VICTIM, *crowd()]).mount(behind)
    run.mkdir()
    registry = _registry(behind, HTTP_ADDR=f"{run}/registry.sock")
    script = behind / "gateway/gateway.sh"
    subprocess.run(["sh", script, "--users", behind / "auth", run], check=True)
    verifier = behind / "verifier"
    verifier.mkdir()
    addresses = {"REGISTRY_HTTP_ADDR": f"{run}/verifier.sock", "REGISTRY_AUTH_HTPASSWD_PATH": f"{run}/htpasswd"}
    compare: list[str | Path] = [BIN / "registry", "serve", behind / "gateway/verifier.yml"]
    _start(compare, verifier, OTEL_TRACES_EXPORTER="none", GOMAXPROCS="1", **addresses)
    gateway = _start(["sh", script, behind / "gateway", behind / "auth", "", run], behind)

    direct = folder / "direct"
    render("gateway", [VERIFIED]).mount(direct)
    _registry(direct, HTTP_NET="tcp", HTTP_ADDR=f":{DIRECT.port}", HTTP_DEBUG_ADDR=f"127.0.0.1:{DIRECT.port + 1}")

    for door, user in ((HTPASSWD_10, COST_10), (HTPASSWD_5, COST_5)):
        own = folder / f"htpasswd-{user.cost}"
        render("htpasswd", [user]).mount(own)
        _registry(own, HTTP_ADDR=f":{door.port}", AUTH_HTPASSWD_PATH=str(own / "auth/htpasswd"))

    try:
        for door in (DIRECT, GATEWAY, HTPASSWD_10, HTPASSWD_5):
            wait(partial(_answers, door), f"{door.name}: does not answer")
    except BenchError as error:
        last = [log.read_text()[-500:] for log in folder.glob("*/*.log")]
        raise BenchError("\n".join([str(error), *last])) from None
    return Site(folder, gateway, registry)


def wait(condition: Callable[[], bool], complaint: str) -> None:
    """Wait until `condition` holds.

    Raises:
        BenchError: it did not within PATIENCE seconds; its text is `complaint`.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(complaint)
        time.sleep(0.02)


def _registry(folder: Path, **settings: str) -> Process:
    """Start the registry with what is mounted in `folder`, and `settings` over it; all share one store."""
    return _start(
        [BIN / "registry", "serve", folder / "config.yml"],
        folder,
        OTEL_TRACES_EXPORTER="none",
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(folder.parent / "images"),
        **{f"REGISTRY_{name}": text for name, text in settings.items()},
    )


def _start(command: list[str | Path], folder: Path, **variables: str) -> Process:
    """Start a program that logs into `folder`."""
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        return subprocess.Popen(command, env=environment(**variables), stdout=log, stderr=subprocess.STDOUT)


def _answers(door: Door) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=5)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status in (200, 401)
    except OSError:
        return False
    finally:
        connection.close()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command(pid: int) -> str:
    """The name of the program; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
