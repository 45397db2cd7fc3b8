"""The real registry program over TLS on loopback, with users and a certificate of its own, while a test runs."""

import contextlib
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from privreg_values.registry.client import Client, Site, digest
from privreg_values.users.credentials import hash_password
from tests.cluster import pki
from tests.cluster.paths import BIN
from tests.ports import free_ports

HOST = "registry.example.com"
USER, PASSWORD = "admin", "correct horse battery"
START_TIMEOUT = 60.0  # seconds; a fraction of one is usual


@dataclass(frozen=True)
class RunningRegistry:
    """A registry that answers.

    Attributes:
        port: on 127.0.0.1.
        ca: the certificate to trust.
        folder: its configuration, data and log.
    """

    port: int
    ca: Path
    folder: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def site(self, host: str = HOST) -> Site:
        """Where it is, for a client that trusts its authority."""
        return Site(host, "127.0.0.1", self.port, ssl.create_default_context(cafile=str(self.ca)))


@contextlib.contextmanager
def running(folder: Path, *, deletion: bool = True) -> Iterator[RunningRegistry]:
    """Start the registry in a folder, and end it whatever happens."""
    authority = pki.Authority.create(folder / "pki")
    authority.issue("registry", HOST, sans=(HOST, "localhost"))
    (folder / "htpasswd").write_text(f"{USER}:{hash_password(PASSWORD, 4)}\n")
    (port,) = free_ports(1)
    config = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": deletion}},
        "http": {
            "addr": f"127.0.0.1:{port}",
            "secret": "s" * 32,
            "tls": {"certificate": str(folder / "pki" / "registry.crt"), "key": str(folder / "pki" / "registry.key")},
        },
        "auth": {"htpasswd": {"realm": "test realm", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.yml").write_text(json.dumps(config))
    with (folder / "log").open("wb") as log:
        command = [str(BIN / "registry"), "serve", str(folder / "config.yml")]
        environment = {"OTEL_TRACES_EXPORTER": "none", "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait(process, port, folder / "log")
            yield RunningRegistry(port, folder / "pki" / "ca.crt", folder)
        finally:
            process.kill()
            process.wait()


def push_app(registry: RunningRegistry) -> None:
    """Push team/app:1, an image that holds nothing."""
    client = Client(registry.site(), (USER, PASSWORD))
    config = b'{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}'
    client.push_blob("team/app", config)
    kind = "application/vnd.oci.image.manifest.v1+json"
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(config)}
    described["digest"] = digest(config)
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": described, "layers": []}
    client.push_manifest("team/app", "1", json.dumps(manifest).encode())


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"the registry does not listen: {log.read_text()}")
