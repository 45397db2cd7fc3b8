"""A gateway and its registry as one Pod has them, from the rendered chart, on loopback."""

import contextlib
import csv
import itertools
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.paths import BIN
from tests.gateway.client import Client
from tests.gateway.logs import GatewayLog, Reached, RegistryLog, wait_for
from tests.gateway.mounts import Addresses, Files, Values, render
from tests.gateway.users import ADMIN
from tests.gateway.volume import Volume
from tests.ports import free_ports

INTERVAL = "0.2"  # seconds between the gateway's two looks at what is mounted


class DidNotStart(Exception):
    """The gateway or the registry ended at once; the text is what they printed."""


class Site:
    """One Pod.

    Attributes:
        client: requests to the gateway; `request` is its own.
        metrics: requests to the port that the Service does not have.
        registry: requests past the gateway, to the registry's port for metrics.
        gateway_log, registry_log: what the two print.
        auth, config, tls: the mounted folders; `change` writes those of the chart.
    """

    def __init__(
        self, folder: Path, values: Values, htpasswd: str | None = None, certificate: Files | None = None
    ) -> None:
        """Start both.

        Args:
            folder: an empty one.
            values: over those of `mounts.VALUES`.
            htpasswd: the file in the existing Secret, where the values name one.
            certificate: tls.crt and tls.key of the Secret that gateway.tls.secretName names.

        Raises:
            DidNotStart: one of them did not.
        """
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._sentinels = itertools.count()
        run, storage = folder / "run", folder / "storage"
        run.mkdir()
        clients, metrics, debug = free_ports(3)
        self.addresses = Addresses(clients, metrics, debug, run, storage)
        self.client = Client(self.addresses.clients)
        self.request = self.client.request
        self.metrics = Client(self.addresses.metrics)
        self.registry = Client(self.addresses.debug)
        self.values = values
        mounts = render(values, self.addresses)
        self.config = Volume(folder / "gateway", mounts.gateway)
        self.auth = Volume(folder / "auth", mounts.auth if htpasswd is None else {"htpasswd": htpasswd})
        self.tls = Volume(folder / "tls", certificate) if certificate else None
        for name, text in {**mounts.registry, **mounts.verifier}.items():
            (folder / name).write_text(text)
        self.gateway_log = GatewayLog(folder / "gateway.log")
        self.registry_log = RegistryLog(folder / "registry.log")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        registry = [str(BIN / "registry"), "serve"]
        script, run = str(self.config.folder / "gateway.sh"), str(self.addresses.run)
        gateway = ["sh", script, str(self.config.folder), str(self.auth.folder)]
        log = self.registry_log.path
        self._registry = self._run([*registry, str(self.folder / "config.yml")], log, OTEL_TRACES_EXPORTER="none")
        users = self._run(["sh", script, "--users", str(self.auth.folder), run], self.gateway_log.path)
        if users.wait():
            raise DidNotStart(self.printed())
        self._processes.remove(users)
        verifier = [*registry, str(self.folder / "verifier.yml")]
        log = self.folder / "verifier.log"
        self._run(verifier, log, OTEL_TRACES_EXPORTER="none", GOMAXPROCS="1")
        tls = str(self.tls.folder) if self.tls else ""
        self.gateway = self._run([*gateway, tls, str(self.addresses.run)], self.gateway_log.path, INTERVAL=INTERVAL)
        wait_for(self._is_ready, "the gateway's and the registry's start")

    def _run(self, command: list[str], log: Path, **environment: str) -> subprocess.Popen[bytes]:
        # The registry writes its access log to stdout and what it thinks of each request to stderr.
        errors_go_to = log if log == self.registry_log.path else log.with_suffix(".stderr")
        with log.open("ab") as output, errors_go_to.open("ab") as errors:
            process = subprocess.Popen(
                command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL,
                start_new_session=True, env={**os.environ, **environment},
            )  # fmt: skip
        self._processes.append(process)
        return process

    def _is_ready(self) -> bool:
        for process in self._processes:
            if process.poll() is not None:
                raise DidNotStart(self.printed())
        with contextlib.suppress(OSError):
            return (
                self.metrics.request("GET", "/healthz/registry").status == 200
                and self.metrics.request("GET", "/healthz/verifier").status == 200
            )
        return False

    def processor_time(self) -> int:
        """What the gateway and the registry have used so far, in clock ticks; not a matter of what else runs."""
        groups = {str(process.pid) for process in self._processes}
        used = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()  # proc(5): state is the third field
                used += sum(map(int, fields[11:13])) if fields[2] in groups else 0
        return used

    def stop(self) -> None:
        """End both, and all that they started."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def end_registry(self) -> None:
        """Let the registry fail, as the kubelet would see it for a moment."""
        self._registry.kill()
        self._registry.wait()

    def printed(self) -> str:
        """All that both printed, for a failed test and to look for what must not be there."""
        printed = [
            self.gateway_log.path,
            self.registry_log.path,
            *self.folder.glob("*.stderr"),
            *self.folder.glob("verifier.log"),
        ]
        return "\n".join(path.read_text(errors="replace") for path in printed)

    def change(self, values: Values) -> None:
        """`helm upgrade` with other values; the kubelet writes one folder after the other."""
        mounts = render(values, self.addresses)
        self.values = values
        if mounts.auth != self.auth.files and mounts.auth:
            self.auth.write(mounts.auth)
        if mounts.gateway != self.config.files:
            self.config.write(mounts.gateway)

    def wait_until_changed(self, since: int) -> None:
        """Wait until a change after a mark of the gateway's log is in force."""
        self.gateway_log.wait_until_said(since, "the changed configuration is active")

    @contextlib.contextmanager
    def reached(self) -> Iterator[list[Reached]]:
        """A list that has, after the block, the requests that reached the registry in the meantime."""
        before, found = self.registry_log.mark(), list[Reached]()
        yield found
        last = f"/v2/sentinel-{next(self._sentinels)}/tags/list"
        assert self.request("GET", last, ADMIN).status == 404
        requests = wait_for(
            lambda: (
                [each for each in self.registry_log.requests(before) if each.target == last]
                and self.registry_log.requests(before)
            ),
            "the last request in the registry's log",
        )
        found += [each for each in requests if each.target != last]

    def uploaded(self, repository: str) -> int:
        """How many bytes of a repository's only upload the registry has written."""
        repositories = self.addresses.storage / "docker/registry/v2/repositories"
        (data,) = (repositories / repository / "_uploads").glob("*/data")
        return data.stat().st_size

    def admin(self, command: str) -> str:
        """What HAProxy's admin socket answers to a command."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.addresses.run / "admin.sock"))
            connection.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def count(self, proxy: str, side: str, column: str) -> int:
        """A number of HAProxy's statistics: of the FRONTEND, the BACKEND or a server of a proxy."""
        rows = csv.DictReader(self.admin("show stat").removeprefix("# ").splitlines())
        return next(int(row[column]) for row in rows if (row["pxname"], row["svname"]) == (proxy, side))

    def table(self, name: str) -> int:
        """How many entries a stick table has."""
        (used,) = re.findall(rf"^# table: {name}, .*used:(\d+)", self.admin(f"show table {name}"), re.MULTILINE)
        return int(used)
