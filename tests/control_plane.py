"""A real Kubernetes API without a node: etcd and kube-apiserver on loopback, for as long as a test runs.

There are no controllers: namespaces get no ServiceAccount `default`, and nothing is garbage collected.
"""

import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from tests.cluster import pki
from tests.cluster.paths import BIN

Json = dict[str, Any]
START_TIMEOUT = 120.0  # seconds; some ten are usual
ADMIN_TOKEN = "an-administrator"


@dataclass(frozen=True)
class ControlPlane:
    """A running API server, and a client that may do everything there.

    Attributes:
        port: on 127.0.0.1.
        folder: certificates, logs and etcd's data.
    """

    port: int
    folder: Path

    def call(self, method: str, path: str, body: Json | None = None, *, token: str = ADMIN_TOKEN) -> tuple[int, Json]:
        """Send one request; a PATCH is a merge patch. Returns the HTTP status and the answer."""
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        is_json = "json" in response.headers.get("Content-Type", "")
        return response.status, json.loads(text) if is_json else {"text": text.decode()}

    def must(self, method: str, path: str, body: Json | None = None) -> Json:
        """The same, as the administrator, for what cannot fail."""
        status, answer = self.call(method, path, body)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def create_namespace(self, name: str, *service_accounts: str) -> None:
        """Make a namespace with these ServiceAccounts."""
        self.must("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        for account in service_accounts:
            self.must("POST", f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": account}})

    def write_kubeconfig(self, path: Path, namespace: str = "default") -> Path:
        """Write a kubeconfig of the administrator's; returns its path. JSON is YAML."""
        cluster = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority": str(self.folder / "ca.crt"),
        }
        context = {"cluster": "it", "user": "admin", "namespace": namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": ADMIN_TOKEN}}],
            "contexts": [{"name": "it", "context": context}],
            "current-context": "it",
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        return path

    def identity(self, token: str, folder: Path) -> Path:
        """Write `token` and the CA into `folder`, as the kubelet does for a Pod; returns it."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(token)
        shutil.copy(self.folder / "ca.crt", folder / "ca.crt")
        return folder

    def token_of(self, namespace: str, service_account: str) -> str:
        """A token of a ServiceAccount, as its Pods have."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        answer = self.must("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        token: str = answer["status"]["token"]
        return token


@contextmanager
def running(folder: Path) -> Iterator[ControlPlane]:
    """Start etcd and kube-apiserver with their files in `folder`; they end with the context or this process."""
    for name in ("etcd", "kube-apiserver"):
        if not (BIN / name).exists():
            raise FileNotFoundError(f"{BIN / name}: not built yet; run `make tools`")
    client_port, peer_port, api_port = _free_ports(3)
    etcd, api = f"http://127.0.0.1:{client_port}", f"https://127.0.0.1:{api_port}"
    peer = f"http://127.0.0.1:{peer_port}"
    authority = pki.Authority.create(folder)
    authority.issue("apiserver", "kube-apiserver", sans=("127.0.0.1", "localhost"))
    pki.write_signing_key(folder / "service-accounts.key")
    (folder / "tokens.csv").write_text(f'{ADMIN_TOKEN},admin,admin,"system:masters"\n')
    control_plane = ControlPlane(api_port, folder)
    with ExitStack() as stack:
        etcd_command = [
            f"{BIN}/etcd",
            f"--data-dir={folder}/etcd",
            "--unsafe-no-fsync",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]
        api_command = [
            f"{BIN}/kube-apiserver",
            f"--etcd-servers={etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={api_port}",
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--tls-cert-file={folder}/apiserver.crt",
            f"--tls-private-key-file={folder}/apiserver.key",
            f"--service-account-key-file={folder}/service-accounts.pub",
            f"--service-account-signing-key-file={folder}/service-accounts.key",
            f"--service-account-issuer={api}",
            f"--token-auth-file={folder}/tokens.csv",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
        ]
        processes = [stack.enter_context(_process(command, folder)) for command in (etcd_command, api_command)]
        _wait_until_ready(control_plane, processes)
        yield control_plane


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that cannot outlive this one, with its log beside its files."""
    leash = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen([*leash, *command], stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _wait_until_ready(control_plane: ControlPlane, processes: "list[subprocess.Popen[bytes]]") -> None:
    deadline = time.monotonic() + START_TIMEOUT
    seen = "no answer"
    while time.monotonic() < deadline and all(process.poll() is None for process in processes):
        try:
            status, answer = control_plane.call("GET", "/readyz")
            # The bootstrap Roles and the namespace kube-system come a moment after the first answers.
            if status == 200 and control_plane.call("GET", "/api/v1/namespaces/default")[0] == 200:
                return
            seen = str(answer)
        except OSError as error:
            seen = str(error)
        time.sleep(0.2)
    logs = [f"{path}:\n{path.read_text()[-2000:]}" for path in control_plane.folder.glob("*.log")]
    raise RuntimeError("\n".join([f"the API server did not become ready: {seen}", *logs]))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
