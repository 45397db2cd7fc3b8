"""`validate --cluster`: what the values name is there, on a real API server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from privreg_values.cluster.kubectl import Kubectl
from tests.chart.kubernetes import custom_resource_definition
from tests.cluster.paths import BIN
from tests.control_plane import ControlPlane
from tests.unit.conftest import Cli
from tests.unit.test_validate import GOOD

NAMESPACE = "validated"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
STORAGE = "/apis/storage.k8s.io/v1/storageclasses"
HOST_PATH = "storage: {type: hostPath}\n"  # needs nothing of the cluster
Check = Callable[[str], tuple[int, list[str]]]


@pytest.fixture(scope="module")
def kubeconfig(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster with an Ingress class and a StorageClass of each kind, none of them the default."""
    control_plane.create_namespace(NAMESPACE, "builder")
    classes = {
        "nginx": "k8s.io/ingress-nginx",
        "nginx-of-f5": "nginx.org/ingress-controller",
        "traefik": "traefik.io/ingress-controller",
        "haproxy": "haproxy.org/ingress-controller/haproxy",
        "haproxy-community": "haproxy-ingress.github.io/controller",
        "internal": "example.com/some-controller",
    }
    for name, controller in classes.items():
        control_plane.must("POST", CLASSES, {"metadata": {"name": name}, "spec": {"controller": controller}})
    control_plane.must("POST", STORAGE, {"metadata": {"name": "fast"}, "provisioner": "example.com/disk"})
    secrets: dict[str, tuple[str, dict[str, str]]] = {
        "users": ("Opaque", {"htpasswd": "x"}),
        "empty": ("Opaque", {}),
        "upload": ("Opaque", {"httpSecret": "x"}),
        "keys": ("Opaque", {"jwks.json": "x"}),
        "bucket": ("Opaque", {"credentials": "[default]"}),
        "tls": ("kubernetes.io/tls", {"tls.crt": "x", "tls.key": "x"}),
        "pull": ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "{}"}),
    }
    for name, (kind, data) in secrets.items():
        control_plane.must("POST", SECRETS, {"metadata": {"name": name}, "type": kind, "stringData": data})
    yield control_plane.write_kubeconfig(tmp_path_factory.mktemp("validate") / "kubeconfig")
    for name in classes:
        control_plane.must("DELETE", f"{CLASSES}/{name}")
    control_plane.must("DELETE", f"{STORAGE}/fast")


@pytest.fixture
def check(kubeconfig: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Validate good values and some lines over them against the cluster."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))

    def run(lines: str) -> tuple[int, list[str]]:
        Path("good.yaml").write_text(GOOD)
        Path("values.yaml").write_text(lines)
        ended = cli("validate", "good.yaml", "values.yaml", "--cluster", "--namespace", NAMESPACE)
        assert ended.err == ""
        return ended.code, [line for line in ended.out.splitlines() if ".yaml:" in line and ": ok" not in line]

    return run


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("ingress: {className: nginks}", "values.yaml:1:22: ingress.className: there is no IngressClass nginks; set i"),
        ("ingress: {preset: nginx}", "ingress.className: is not set, and no IngressClass is the default; set it to on"),
        ("ingress: {className: nginx-of-f5, preset: nginx}", "is nginx, and the controller of IngressClass nginx-of-f"),
        ("ingress: {className: internal, preset: nginx}", "is example.com/some-controller; set it to none, and its li"),
        ("ingress: {className: nginx, preset: haproxy}", "k8s.io/ingress-nginx; set it to nginx"),
        ("ingress: {className: traefik, preset: traefik}", "ingress.redirect: needs the custom resource Middleware"),
        ("tls: {secretName: absent}", "tls.secretName: there is no Secret absent in namespace validated; make it"),
        ("tls: {secretName: users}", "tls.secretName: the Secret users is of type Opaque; Kubernetes needs one of typ"),
        ("tls: {certManager: {enabled: true}}", "tls.certManager: cert-manager is not installed in the cluster"),
        ("storage: {type: pvc}", "storage.persistence.storageClass: is not set, and no StorageClass is the default; t"),
        ("storage: {type: pvc, persistence: {storageClass: slow}}", "there is no StorageClass slow; there is fast"),
        ("storage: {type: pvc, persistence: {existingClaim: mine}}", "there is no PersistentVolumeClaim mine; the clu"),
        (
            "auth: {users: null, existingSecret: empty, access: [{name: a, role: pull}]}",
            "auth.existingSecret: the Secret empty has no key htpasswd; add it",
        ),
        ("httpSecret: {value: null, existingSecret: absent}", "httpSecret.existingSecret: there is no Secret absent"),
        ("pullSecrets: {enabled: true, existingSecret: users}", "pullSecrets.existingSecret: the Secret users is of t"),
        (
            "auth: {mode: token, users: null}\n"
            "token: {service: a, issuer: b, realm: 'https://c.example.com', existingSecret: keys, keys: certificates}",
            "token.existingSecret: the Secret keys has no key bundle.pem",
        ),
        ("gateway: {tls: {secretName: users}}\ningress: {enabled: false}", "gateway.tls.secretName: the Secret users"),
        (
            "pullSecrets: {enabled: true, existingSecret: pull, namespaces: [default, absent]}",
            "pullSecrets.namespaces[1]: there is no namespace absent; `kubectl create namespace absent` makes it",
        ),
        (
            "storage: {type: s3, s3: {bucket: images, region: eu-west-1, existingSecret: users}}",
            "storage.s3.existingSecret: the Secret users has no key credentials; add it",
        ),
        ("imagePullSecrets: [absent]", "imagePullSecrets[0]: there is no Secret absent"),
        ("priorityClassName: absent", "priorityClassName: there is no PriorityClass absent; there is system-cluster-c"),
        ("serviceAccount: {create: false, name: absent}", "there is no ServiceAccount absent; there is builder"),
    ],
)  # fmt: skip
def test_what_the_cluster_lacks_is_a_problem_at_its_place(lines: str, words: str, check: Check) -> None:
    if "storage" not in lines:
        lines += f"\n{HOST_PATH}"
    if "ingress" not in lines:
        lines += "\ningress: {className: internal}"
    code, found = check(lines)
    assert code == 1
    assert len(found) == 1, found
    assert words in found[0]


@pytest.mark.parametrize(
    "lines",
    [
        "ingress: {className: nginx, preset: nginx}",
        "ingress: {className: haproxy, preset: haproxy}",
        "ingress: {className: haproxy-community, preset: haproxy}",
        "ingress: {className: traefik, preset: traefik, redirect: false}",
        "ingress: {enabled: false}",
        "ingress: {className: internal}\ntls: {secretName: tls}",
        "ingress: {enabled: false}\ngateway: {tls: {secretName: tls}}",
        "ingress: {enabled: false}\nstorage: {type: s3, s3: {bucket: images, region: eu, existingSecret: bucket}}",
        "ingress: {enabled: false}\nhttpSecret: {value: null, existingSecret: upload}",
        "ingress: {enabled: false}\npullSecrets: {enabled: true, existingSecret: pull}\nimagePullSecrets: [pull]",
        "ingress: {enabled: false}\npullSecrets: {enabled: true, existingSecret: pull, namespaces: ['te?m-*']}",
        "ingress: {enabled: false}\nauth: {users: null, existingSecret: users, access: [{name: a, role: pull}]}",
        "ingress: {enabled: false}\nstorage: {type: pvc, persistence: {storageClass: fast}}",
        "ingress: {enabled: false}\nstorage: {type: pvc, persistence: {storageClass: '-'}}",
        "ingress: {enabled: false}\nserviceAccount: {create: false, name: builder}",
    ],
)
def test_what_the_cluster_has_is_no_problem(lines: str, check: Check) -> None:
    assert check(lines if "storage" in lines else f"{lines}\n{HOST_PATH}") == (0, [])


def test_defaults_of_the_cluster_are_used(check: Check, control_plane: ControlPlane) -> None:
    for path, name in ((f"{CLASSES}/nginx", "ingressclass"), (f"{STORAGE}/fast", "storageclass")):
        key = f"{name}.kubernetes.io/is-default-class"
        control_plane.must("PATCH", path, {"metadata": {"annotations": {key: "true"}}})
    assert check("ingress: {preset: nginx}") == (0, [])
    code, found = check("ingress: {preset: traefik, redirect: false}")
    assert code == 1
    assert "is traefik, and the controller of IngressClass nginx is k8s.io/ingress-nginx; set it to nginx" in found[0]
    for path in (f"{CLASSES}/nginx", f"{STORAGE}/fast"):
        control_plane.must("PATCH", path, {"metadata": {"annotations": None}})


def test_an_issuer_must_be_there_and_ready(check: Check, control_plane: ControlPlane) -> None:
    kubectl = Kubectl(binary=str(BIN / "kubectl"))
    certificates = custom_resource_definition("Certificate")
    issuers = [certificates.with_name(f"cert-manager.io_{name}.yaml") for name in ("clusterissuers", "issuers")]
    for manifest in (certificates, *issuers):
        kubectl.run(["create", f"--filename={manifest}"])
    kubectl.run(["wait", "crd", "--all", "--for=condition=Established", "--timeout=60s"])
    values = HOST_PATH + "ingress: {className: internal}\ntls: {certManager: {enabled: true, issuerRef: {name: mine}}}"
    path = "/apis/cert-manager.io/v1/clusterissuers"
    try:
        assert "there is no ClusterIssuer mine; the cluster has no ClusterIssuer at all" in check(values)[1][0]
        issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "mine"}}
        control_plane.must("POST", path, issuer | {"spec": {"selfSigned": {}}})
        assert "the ClusterIssuer mine is not ready: cert-manager has not said anything yet" in check(values)[1][0]
        condition = {"type": "Ready", "status": "False", "reason": "x", "message": "no account"}
        control_plane.must("PATCH", f"{path}/mine/status", {"status": {"conditions": [condition]}})
        assert "the ClusterIssuer mine is not ready: no account" in check(values)[1][0]
        control_plane.must("PATCH", f"{path}/mine/status", {"status": {"conditions": [condition | {"status": "True"}]}})
        assert check(values) == (0, [])
        assert "there is no Issuer mine" in check(values.replace("issuerRef: {", "issuerRef: {kind: Issuer, "))[1][0]
        assert check(values.replace("issuerRef: {", "issuerRef: {kind: Odd, group: example.com, ")) == (0, [])
    finally:
        for manifest in (certificates, *issuers):
            kubectl.run(["delete", "--ignore-not-found", f"--filename={manifest}"])


@pytest.mark.parametrize(
    ("level", "values", "refused"),
    [
        ("restricted", HOST_PATH, True),
        ("baseline", HOST_PATH, True),
        ("privileged", HOST_PATH, False),
        ("restricted", "storage: {type: nfs, nfs: {server: nas, path: /images}}\n", True),
        ("baseline", "storage: {type: nfs, nfs: {server: nas, path: /images}}\n", False),
        ("restricted", "storage: {type: emptyDir}\n", False),
    ],
)
def test_a_volume_that_the_namespace_refuses_is_foreseen(
    level: str, values: str, refused: bool, check: Check, control_plane: ControlPlane
) -> None:
    """Case 48."""
    path, label = f"/api/v1/namespaces/{NAMESPACE}", "pod-security.kubernetes.io/enforce"
    labels = control_plane.must("GET", path)["metadata"]["labels"]
    control_plane.must("PUT", path, {"metadata": {"name": NAMESPACE, "labels": {**labels, label: level}}})
    code, lines = check(values + "ingress: {enabled: false}\n")
    control_plane.must("PUT", path, {"metadata": {"name": NAMESPACE, "labels": labels}})
    assert code == int(refused)
    told = [line for line in lines if "storage.type: is" in line and f"the Pod Security Standard {level}" in line]
    assert len(told) == int(refused)


def test_what_this_user_may_not_see_is_a_warning(
    kubeconfig: Path, cli: Cli, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = kubeconfig.read_text().replace("an-administrator", control_plane.token_of(NAMESPACE, "builder"))
    Path("kubeconfig").touch(mode=0o600)
    Path("kubeconfig").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(Path("kubeconfig").absolute()))
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))
    ended = cli("validate", "-", "--cluster", stdin=GOOD)
    assert ended.code == 0
    assert "warning: not all could be compared with the cluster: " in ended.out
    assert "ok (2 warnings)" in ended.out


def test_a_cluster_that_does_not_answer_is_an_error_that_says_so(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(folder / "none"))
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))
    ended = cli("validate", "-", "--cluster", stdin=GOOD)
    assert ended.code == 1
    assert ended.err.startswith("error: no cluster answers: ")
    assert cli("validate", "-", stdin=GOOD).code == 0


def test_another_context_of_the_kubeconfig_can_be_named(
    cli: Cli, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))
    ended = cli("validate", "-", "--context", "elsewhere", stdin=GOOD)
    assert ended.code == 1
    assert "elsewhere" in ended.err
