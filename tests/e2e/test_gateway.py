"""Roles at the door of an installed registry: what each user may do, and that there is no way around."""

import base64
import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cluster import pki
from tests.cluster.cluster import Cluster
from tests.cluster.images import HELLO, PYTHON_IMAGE
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import TLS_SECRET, Release, apply, get, kubectl
from tests.e2e.test_install import http_status, login
from tests.e2e.test_lifecycle import identity

# Connects to every port of an address from inside a Pod and prints those that answer.
SCAN = """
import concurrent.futures, socket, sys
def answers(port):
    with socket.socket() as s:
        s.settimeout(5)
        return s.connect_ex((sys.argv[1], port)) == 0
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    print([port for port, yes in enumerate(pool.map(answers, range(1, 65536)), 1) if yes])
"""
# GETs a URL from inside a Pod and prints the status.
GET = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


def test_a_push_user_pushes_and_an_admin_deletes(registry: Release) -> None:
    ci = registry.client("ci")
    target = f"{registry.host}/roles/app:1"
    ci.run("crane", "push", str(HELLO.archive), target)
    digest = ci.run("crane", "digest", target).strip()
    assert "DENIED" in ci.run("crane", "delete", f"{registry.host}/roles/app@{digest}", check=False)
    assert "DENIED" in ci.run("crane", "catalog", registry.host, check=False)
    admin = registry.client("admin")
    assert "roles/app" in admin.run("crane", "catalog", registry.host)
    admin.run("crane", "delete", f"{registry.host}/roles/app@{digest}")


def test_a_pull_user_pulls_and_can_neither_push_nor_delete_nor_list(registry: Release) -> None:
    registry.client("ci").run("crane", "push", str(HELLO.archive), f"{registry.host}/roles/read:1")
    puller = registry.client("cluster")
    digest = puller.run("crane", "digest", f"{registry.host}/roles/read:1").strip()
    for refused in (
        ["crane", "push", str(HELLO.archive), f"{registry.host}/roles/read:2"],
        ["crane", "copy", f"{registry.host}/roles/read:1", f"{registry.host}/roles/copy:1"],
        ["crane", "tag", f"{registry.host}/roles/read:1", "another"],
        ["crane", "delete", f"{registry.host}/roles/read@{digest}"],
        ["crane", "catalog", registry.host],
    ):
        assert "DENIED" in puller.run(*refused, check=False), refused


def test_the_credential_in_a_namespace_is_the_pull_users_and_cannot_push(registry: Release) -> None:
    delivered = get(registry.cluster, "secret", "default", f"{registry.fullname}-pull")
    config = json.loads(base64.b64decode(delivered["data"][".dockerconfigjson"]))
    entry = config["auths"][registry.host]
    assert entry["username"] == "cluster"
    assert entry["password"] == registry.password("cluster")
    status, _ = http_status(
        registry, f"https://{registry.host}/v2/roles/app/blobs/uploads/", "--request", "POST",
        *login(registry, entry["username"], entry["password"]),
    )  # fmt: skip
    assert status == 403


@pytest.fixture(scope="module")
def prober(cluster: Cluster) -> Iterator[str]:
    """A Pod in namespace default that can run Python."""
    kubectl(cluster, "run", "prober", f"--image={PYTHON_IMAGE.name}", "--command", "--", "python3", "-c",
            "import time; time.sleep(3600)")  # fmt: skip
    kubectl(cluster, "wait", "--for=condition=Ready", "pod/prober", "--timeout=60s")
    yield "prober"
    kubectl(cluster, "delete", "pod", "prober", "--now")


def in_pod(cluster: Cluster, pod: str, program: str, argument: str) -> str:
    return kubectl(cluster, "exec", pod, "--", "python3", "-c", program, argument).strip()


def test_from_another_pod_only_the_gateway_and_the_metrics_answer(registry: Release, prober: str) -> None:
    address = registry.pod()["status"]["podIP"]
    assert json.loads(in_pod(registry.cluster, prober, SCAN, address)) == [5000, 9000]


def test_no_port_of_the_pod_serves_images_without_a_login(registry: Release, prober: str) -> None:
    address = registry.pod()["status"]["podIP"]
    for path, status in (
        ("5000/v2/", "401"),
        ("5000/metrics", "401"),
        ("5000/debug/pprof/", "401"),
        ("9000/v2/", "404"),
        ("9000/v2/roles/read/manifests/1", "404"),
        ("9000/debug/pprof/", "404"),
        ("9000/debug/health", "404"),
        ("9000/metrics", "200"),
        ("9000/registry/metrics", "200"),
    ):
        assert in_pod(registry.cluster, prober, GET, f"http://{address}:{path}") == status, path


@dataclass
class Load:
    """Requests of one verified user, some hundred a second, through Ingress and TLS, until it is stopped."""

    release: Release
    answers: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @contextmanager
    def running(self, clients: int = 4) -> Iterator[None]:
        stop = threading.Event()
        threads = [threading.Thread(target=self._client, args=(stop,)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(timeout=30)

    def _client(self, stop: threading.Event) -> None:
        pair = f"cluster:{self.release.password('cluster')}"
        headers = {"Host": self.release.host, "Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        deadline = time.monotonic() + 300
        connection = None
        while not stop.wait(0.03) and time.monotonic() < deadline:
            try:
                connection = connection or self._connect()
                connection.request("GET", "/v2/", headers=headers)
                answer = connection.getresponse()
                answer.read()
                self.answers.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(repr(error))
                connection = None
        if connection:
            connection.close()

    def _connect(self) -> http.client.HTTPSConnection:
        cluster = self.release.cluster
        assert cluster.pki
        context = ssl.create_default_context(cafile=cluster.pki / "ca.crt")
        connection = http.client.HTTPSConnection(self.release.host, context=context, timeout=30)
        plain = http.client.HTTPConnection(cluster.address or self.release.host, 443, timeout=30)
        plain.connect()
        connection.sock = context.wrap_socket(plain.sock, server_hostname=self.release.host)
        return connection


def test_users_change_under_load_without_a_failed_request_or_a_restart(
    cluster: Cluster, make_release: MakeRelease
) -> None:
    release = make_release("reloads", cluster.hosts[1])
    release.generate()
    release.set({"storage": {"type": "emptyDir"}})
    release.install()
    before = identity(release)
    load = Load(release)
    url = f"https://{release.host}/v2/"
    with load.running():
        for name in ("first", "second"):
            release.values_cli("users", "add", name, "--role=pull")
            release.upgrade()
            arguments = login(release, name, release.password(name))
            deadline = time.monotonic() + 120
            while http_status(release, url, *arguments)[0] != 200:
                assert time.monotonic() < deadline, "the added user is not let in"
                time.sleep(1)
        password = release.password("first")
        release.values_cli("users", "remove", "first")
        gone = login(release, "first", password)  # with the password that was right until now
        assert http_status(release, url, *gone)[0] == 200
        release.upgrade()
        deadline = time.monotonic() + 120
        while http_status(release, url, *gone)[0] != 401:
            assert time.monotonic() < deadline, "the removed user is still let in"
            time.sleep(1)
    assert load.errors == []
    assert len(load.answers) > 500
    assert set(load.answers) == {200}
    assert identity(release) == before


def served_certificate(cluster: Cluster, port: int) -> str:
    return ssl.get_server_certificate((cluster.address or address_of_a_node(cluster), port), timeout=10)


def address_of_a_node(cluster: Cluster) -> str:
    node = json.loads(kubectl(cluster, "get", "nodes", "--output=json"))["items"][0]
    return str(next(it["address"] for it in node["status"]["addresses"] if it["type"] == "InternalIP"))


def test_the_gateway_serves_a_renewed_certificate_without_a_restart(
    cluster: Cluster, make_release: MakeRelease, tmp_path: Path
) -> None:
    port = 30443
    release = make_release("ends-tls", cluster.hosts[1])
    release.generate()
    release.set(
        {
            "gateway": {"tls": {"secretName": TLS_SECRET}},
            "ingress": {"enabled": False},
            "service": {"type": "NodePort", "port": 443, "nodePort": port},
            "storage": {"type": "emptyDir"},
        }
    )
    release.install()
    assert release.test(check=False).returncode == 0
    before = identity(release)
    first = served_certificate(cluster, port)

    other = pki.Authority.create(tmp_path)
    other.issue("renewed", release.host, sans=(release.host,))
    encoded = {
        f"tls.{end}": base64.b64encode((tmp_path / f"renewed.{end}").read_bytes()).decode() for end in ("crt", "key")
    }
    metadata = {"name": TLS_SECRET, "namespace": release.namespace}
    apply(cluster, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls",
                    "data": encoded})  # fmt: skip
    deadline = time.monotonic() + 120
    while served_certificate(cluster, port) == first:
        assert time.monotonic() < deadline, "the old certificate is still served"
        time.sleep(1)
    assert served_certificate(cluster, port).strip() == (tmp_path / "renewed.crt").read_text().strip()
    assert identity(release) == before
