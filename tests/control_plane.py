"""A real Kubernetes API without a node: etcd and kube-apiserver on loopback, for as long as a test runs.

There are no controllers: namespaces get no ServiceAccount `default`, and nothing is garbage collected.
"""

import json
import shutil
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
from tests.ports import free_ports

Json = dict[str, Any]
START_TIMEOUT = 120.0  # seconds; some ten are usual
ADMIN_TOKEN = "an-administrator"


class Program:
    """A process that cannot outlive this one, with its log beside its files."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command, self._folder = command, folder
        self.start()

    def start(self) -> None:
        """Start it; again, after `kill`."""
        leash = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (self._folder / f"{Path(self._command[0]).name}.log").open("ab") as log:
            command = [*leash, *self._command]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self._folder)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None


@dataclass(frozen=True)
class ControlPlane:
    """A running API server, and a client that may do everything there.

    Attributes:
        port: on 127.0.0.1.
        folder: certificates, logs and etcd's data.
        etcd: where all is kept.
        api_server: which may be killed and started again.
    """

    port: int
    folder: Path
    etcd: Program
    api_server: Program

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

    def wait_until_ready(self) -> None:
        """Return when the API server answers."""
        deadline = time.monotonic() + START_TIMEOUT
        seen = "no answer"
        while time.monotonic() < deadline and self.etcd.runs and self.api_server.runs:
            try:
                status, answer = self.call("GET", "/readyz")
                # The bootstrap Roles and the namespace kube-system come a moment after the first answers.
                if status == 200 and self.call("GET", "/api/v1/namespaces/default")[0] == 200:
                    return
                seen = str(answer)
            except OSError as error:
                seen = str(error)
            time.sleep(0.2)
        logs = [f"{path}:\n{path.read_text()[-2000:]}" for path in self.folder.glob("*.log")]
        raise RuntimeError("\n".join([f"the API server did not become ready: {seen}", *logs]))


@contextmanager
def running(folder: Path) -> Iterator[ControlPlane]:
    """Start etcd and kube-apiserver with their files in `folder`; they end with the context or this process."""
    for name in ("etcd", "kube-apiserver"):
        if not (BIN / name).exists():
            raise FileNotFoundError(f"{BIN / name}: not built yet; run `make tools`")
    client_port, peer_port, api_port = free_ports(3)
    etcd, api = f"http://127.0.0.1:{client_port}", f"https://127.0.0.1:{api_port}"
    peer = f"http://127.0.0.1:{peer_port}"
    authority = pki.Authority.create(folder)
    authority.issue("apiserver", "kube-apiserver", sans=("127.0.0.1", "localhost"))
    pki.write_signing_key(folder / "service-accounts.key")
    (folder / "tokens.csv").write_text(f'{ADMIN_TOKEN},admin,admin,"system:masters"\n')
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
        etcd_program, api_server = Program(etcd_command, folder), Program(api_command, folder)
        stack.callback(etcd_program.kill)
        stack.callback(api_server.kill)
        control_plane = ControlPlane(api_port, folder, etcd_program, api_server)
        control_plane.wait_until_ready()
        yield control_plane
