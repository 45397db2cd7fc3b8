"""`gen` where a cluster answers, or should: a real API server with classes and issuers."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from privreg_values.cluster import facts
from privreg_values.cluster.facts import Class, Facts, Issuer
from privreg_values.errors import ClusterError
from tests.cluster.paths import BIN
from tests.control_plane import ADMIN_TOKEN, ControlPlane, Json
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST, load
from tests.unit.test_terminal import terminal

INGRESS_CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ISSUERS = "/apis/cert-manager.io/v1/clusterissuers"
# cert-manager's own definition checks more, and none of that is read here.
DEFINITION: Json = {
    "metadata": {"name": "clusterissuers.cert-manager.io"},
    "spec": {
        "group": "cert-manager.io",
        "names": {"kind": "ClusterIssuer", "plural": "clusterissuers"},
        "scope": "Cluster",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
OBJECTS: list[tuple[str, Json]] = [
    (INGRESS_CLASSES, {"metadata": {"name": "edge"}, "spec": {"controller": "example.com/edge"}}),
    (
        INGRESS_CLASSES,
        {
            "metadata": {
                "name": "public",
                "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
            },
            "spec": {"controller": "k8s.io/ingress-nginx"},
        },
    ),
    (
        STORAGE_CLASSES,
        {
            "metadata": {
                "name": "standard",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "rancher.io/local-path",
        },
    ),
    *(
        (
            ISSUERS,
            {
                "apiVersion": "cert-manager.io/v1",
                "kind": "ClusterIssuer",
                "metadata": {"name": name},
                "spec": {kind: {}},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            },
        )
        for name, kind, ready in (("letsencrypt", "acme", "True"), ("other", "acme", "False"), ("house", "ca", "True"))
    ),
]


def wait_for(control_plane: ControlPlane, path: str, status: int) -> None:
    deadline = time.monotonic() + 30
    while control_plane.call("GET", path)[0] != status:
        assert time.monotonic() < deadline, path
        time.sleep(0.1)


@pytest.fixture(scope="module")
def kubeconfig(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster with what `gen` looks for; it has none of it afterwards."""
    control_plane.must("POST", DEFINITIONS, DEFINITION)
    wait_for(control_plane, ISSUERS, 200)
    for path, it in OBJECTS:
        control_plane.must("POST", path, it)
    yield control_plane.write_kubeconfig(tmp_path_factory.mktemp("gen") / "kubeconfig")
    for path, it in OBJECTS:
        control_plane.must("DELETE", f"{path}/{it['metadata']['name']}")
    control_plane.must("DELETE", f"{DEFINITIONS}/{DEFINITION['metadata']['name']}")
    wait_for(control_plane, "/apis/cert-manager.io", 404)


@pytest.fixture
def cluster(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))
    return kubeconfig


@pytest.mark.usefixtures("cluster")
def test_what_a_registry_can_use_is_read_the_defaults_first() -> None:
    assert facts.read() == Facts(
        cluster="it",
        ingress_classes=(Class("public", "k8s.io/ingress-nginx", is_default=True), Class("edge", "example.com/edge")),
        storage_classes=(Class("standard", "rancher.io/local-path", is_default=True),),
        issuers=(
            Issuer("house", "a CA of its own"),
            Issuer("letsencrypt", "ACME"),
            Issuer("other", "ACME", is_ready=False),
        ),
        cert_manager=True,
    )


def test_what_the_user_may_not_see_is_unknown_and_not_absent(
    control_plane: ControlPlane, cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control_plane.create_namespace("gen-visitor", "visitor")
    token = control_plane.token_of("gen-visitor", "visitor")
    visitors = tmp_path / "kubeconfig"
    visitors.write_text(cluster.read_text().replace(ADMIN_TOKEN, token))
    monkeypatch.setenv("KUBECONFIG", str(visitors))
    seen = facts.read()
    assert (seen.ingress_classes, seen.storage_classes, seen.issuers) == (None, None, None)
    assert seen.cert_manager


@pytest.mark.usefixtures("cluster")
def test_a_script_takes_what_fits_and_says_why(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST)
    assert ended.code == 0, ended.err
    values = load(folder / "values.yaml")
    assert values["ingress"] == {"className": "public", "preset": "nginx"}
    assert values["tls"]["certManager"] == {"enabled": True, "issuerRef": {"name": "letsencrypt"}}
    assert values["storage"] == {"type": "pvc", "persistence": {"size": "20Gi"}}
    assert ended.err.splitlines() == [
        "note: cluster it: ingress classes public, edge; ClusterIssuers house, letsencrypt, other; "
        "storage class standard; no Gateway API",
        "note: Ingress class public: the cluster's default (--ingress-class, or --no-ingress)",
        "note: Ingress controller nginx: the class is of k8s.io/ingress-nginx (--ingress-preset)",
        "note: Certificate letsencrypt: ClusterIssuer, ACME, ready (--cert-manager --issuer, or --tls-secret)",
        "note: Storage pvc: a volume claim of storage class standard, the cluster's default (--storage)",
    ]


@pytest.mark.usefixtures("cluster")
def test_options_win_over_what_fits_and_what_the_cluster_lacks_is_said(cli: Cli, folder: Path) -> None:
    options = ["--ingress-class=missing", "--cert-manager", "--issuer=other", "--storage-class=gone"]
    ended = cli("gen", HOST, *options)
    assert ended.code == 0
    assert load(folder / "values.yaml")["ingress"]["className"] == "missing"
    assert [line for line in ended.err.splitlines() if line.startswith("warning: ")] == [
        "warning: the cluster has no IngressClass missing; it has public, edge",
        "warning: the cluster has no StorageClass gone; it has standard",
        "warning: the ClusterIssuer other is not ready",
    ]


@pytest.mark.usefixtures("cluster")
def test_who_does_not_want_the_cluster_read_gets_what_is_assumed(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST, "--no-cluster").code == 0
    assert load(folder / "values.yaml")["ingress"] == {"className": ""}


@pytest.mark.usefixtures("cluster")
def test_a_context_that_does_not_exist_is_said_and_does_no_harm(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--context=elsewhere")
    assert ended.code == 0
    assert "elsewhere" in ended.err.splitlines()[0]
    assert load(folder / "values.yaml")["ingress"] == {"className": ""}


@pytest.mark.usefixtures("cluster")
def test_at_a_terminal_the_cluster_s_own_are_offered_and_enter_takes_the_usual(tmp_path: Path) -> None:
    with terminal(tmp_path, "gen", HOST, NO_COLOR="1") as it:
        it.wait_for("Answer [public]: ")
        assert "  public  k8s.io/ingress-nginx, the cluster's default\n  edge    example.com/edge\n" in it.seen
        it.type("\n")
        it.wait_for("Answer [letsencrypt]: ")
        assert "\nIngress controller nginx: the class is of k8s.io/ingress-nginx\n(--ingress-preset)\n" in it.seen
        assert "  other        ClusterIssuer, ACME, not ready\n" in it.seen
        it.type("secret\n")
        it.wait_for("Answer [default]: ")
        it.type("registry-tls\n")
        it.wait_for("Answer [pvc]: ")
        it.type("hostpath\n")
        it.wait_for("Folder on the node (--storage-path) [/var/lib/privreg]: ")
        it.type("\n")
        it.wait_for("(--namespace) [default]: ")
        it.type("team-a, team-b\n")
        it.wait_for("[Y/n]: ")
        it.type("\n")
        assert it.end() == 0
    values = load(tmp_path / "values.yaml")
    assert values["ingress"] == {"className": "public", "preset": "nginx"}
    assert values["tls"] == {"secretName": "registry-tls"}
    assert values["storage"] == {"type": "hostPath", "hostPath": {"path": "/var/lib/privreg"}}
    assert values["pullSecrets"]["namespaces"] == ["team-a", "team-b"]


# --- A cluster that does not answer


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "PATIENCE", 1)
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))


def write_kubeconfig(path: Path, port: int, user: str) -> str:
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: it\n"
        f"clusters: [{{name: it, cluster: {{server: 'https://127.0.0.1:{port}'}}}}]\n"
        f"users: [{{name: it, user: {user}}}]\n"
        "contexts: [{name: it, context: {cluster: it, user: it}}]\n"
    )
    return str(path)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_that_takes_calls_and_never_answers_is_none(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = write_kubeconfig(folder / "kubeconfig", silent.getsockname()[1], "{token: x}")
        monkeypatch.setenv("KUBECONFIG", config)
        started = time.monotonic()
        ended = cli("gen", HOST)
        assert time.monotonic() - started < 10
    assert ended.code == 0
    assert ended.err.startswith("note: no cluster")
    assert load(folder / "values.yaml")["ingress"] == {"className": ""}


@pytest.mark.usefixtures("impatient")
def test_a_login_that_never_ends_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login = (
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: sleep, args: ['60'], interactiveMode: Never}}"
    )
    monkeypatch.setenv("KUBECONFIG", write_kubeconfig(folder / "kubeconfig", 1, login))
    started = time.monotonic()
    with pytest.raises(ClusterError, match="no end after 2 s"):
        facts.read()
    assert time.monotonic() - started < 10


class Page(BaseHTTPRequestHandler):
    """Something else than Kubernetes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Hello</html>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.usefixtures("impatient")
def test_what_answers_and_is_not_kubernetes_is_no_cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = Path(write_kubeconfig(folder / "kubeconfig", server.server_port, "{}"))
        config.write_text(config.read_text().replace("https:", "http:"))
        monkeypatch.setenv("KUBECONFIG", str(config))
        with pytest.raises(ClusterError, match="what does is not Kubernetes"):
            facts.read()
        server.shutdown()


def test_kubectl_never_gets_our_standard_input_which_may_hold_a_password(tmp_path: Path) -> None:
    binary = tmp_path / "kubectl"
    binary.write_text("#!/bin/sh\ncat\n")
    binary.chmod(0o755)
    script = f"from privreg_values.cluster.kubectl import Kubectl; print(Kubectl(binary='{binary}').run([]))"
    ended = subprocess.run(
        [sys.executable, "-c", script], input="hunter2", capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout == "\n"
