"""A release of the chart as a user would make it: values from `privreg-values gen`, installed by helm."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.cluster.cluster import Cluster
from tests.cluster.images import HELLO
from tests.cluster.paths import ROOT
from tests.e2e.clients import Client

CHART = ROOT / "charts" / "privreg"
TLS_SECRET = "registry-tls"
TIMEOUT = 180  # seconds

Values = dict[str, Any]


@dataclass
class Release:
    """One release and the files that were generated for it.

    Attributes:
        cluster: where it is installed.
        name: the release's name, which is also its full name's end.
        namespace: its namespace; made if it does not exist.
        host: the registry's name.
        folder: holds values.yaml and credentials.yaml.
        helm: the helm binary, helm (4) or helm3.
        gen: more arguments of `privreg-values gen`.
    """

    cluster: Cluster
    name: str
    namespace: str
    host: str
    folder: Path
    helm: str = "helm"
    gen: tuple[str, ...] = ()
    overlays: list[Path] = field(default_factory=list)

    @property
    def values(self) -> Path:
        return self.folder / "values.yaml"

    @property
    def credentials(self) -> Path:
        return self.folder / "credentials.yaml"

    @property
    def fullname(self) -> str:
        return self.name if "privreg" in self.name else f"{self.name}-privreg"

    def generate(self) -> None:
        """Make the values and the credentials, and the namespace with the TLS Secret."""
        ingress = (f"--ingress-class={self.cluster.ingress_class}", f"--ingress-preset={self.cluster.ingress_preset}")
        self.values_cli("gen", f"--host={self.host}", "--yes", *ingress, f"--tls-secret={TLS_SECRET}", *self.gen)
        create_namespace(self.cluster, self.namespace)
        if self.cluster.pki:
            create_tls_secret(self.cluster, self.namespace)

    def values_cli(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run privreg-values in the release's folder, where the registry's name resolves."""
        command = ["env", f"--chdir={self.folder}", str(ROOT / ".venv" / "bin" / "privreg-values"), *arguments]
        ended = subprocess.run(
            self.cluster.inside(command),
            capture_output=True,
            text=True,
            env=self.cluster.environment(NO_COLOR="1", COLUMNS="120"),
            check=False,
            timeout=TIMEOUT,
        )
        if check:
            assert ended.returncode == 0, f"privreg-values {arguments}: {ended.stderr}{ended.stdout}"
        return ended

    def set(self, values: Values) -> None:
        """Lay `values` over those of all earlier calls, in a file of their own."""
        overlay = self.folder / f"overlay-{len(self.overlays)}.yaml"
        overlay.write_text(json.dumps(values))
        self.overlays.append(overlay)

    def install(self, *flags: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """`helm install`, and wait until everything is ready."""
        return self._helm("install", *self._chart_and_values(), "--wait", "--timeout=120s", *flags, check=check)

    def upgrade(self, *flags: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """`helm upgrade`, and wait until everything is ready."""
        return self._helm("upgrade", *self._chart_and_values(), "--wait", "--timeout=120s", *flags, check=check)

    def uninstall(self, check: bool = True, wait: bool = True) -> "subprocess.CompletedProcess[str]":
        """`helm uninstall`, and wait until everything is gone."""
        if not wait:
            return self._helm("uninstall", self.name, check=check)
        ended = self._helm("uninstall", self.name, "--wait", check=check)
        pods = ["pods", f"--namespace={self.namespace}", f"--selector=app.kubernetes.io/instance={self.name}"]
        kubectl(self.cluster, "wait", "--for=delete", *pods, "--timeout=90s", check=False)
        return ended

    def test(self, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """`helm test`; the chart has helm show the Pods' logs."""
        return self._helm("test", self.name, check=check)

    def _chart_and_values(self) -> list[str]:
        files = [f"--values={path}" for path in (self.values, *self.overlays)]
        return [self.name, str(CHART), *files]

    def _helm(self, command: str, *arguments: str, check: bool) -> "subprocess.CompletedProcess[str]":
        return run_helm(self.cluster, self.helm, command, *arguments, f"--namespace={self.namespace}", check=check)

    def password(self, user: str) -> str:
        """The generated password of `user`."""
        users = YAML(typ="safe").load(self.credentials.read_text())["users"]
        return str(users[user] if isinstance(users, dict) else {u["name"]: u["password"] for u in users}[user])

    def client(self, user: str = "admin", name: str = "") -> Client:
        """A client of this registry, logged in as `user`."""
        home = self.folder / (name or f"home-{user}")
        home.mkdir(exist_ok=True)
        client = Client(self.cluster, self.host, home)
        client.login(user, self.password(user))
        return client

    def push_hello(self, repository: str) -> str:
        """Push the hello image; returns the name that Pods use."""
        self.client().push(HELLO.archive, repository)
        return f"{self.host}/{repository}"

    def pod(self) -> Values:
        """The registry's only Pod, those that are ending apart."""
        selector = f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component=registry"
        pods = get(self.cluster, "pods", self.namespace, f"--selector={selector}")["items"]
        (pod,) = (pod for pod in pods if "deletionTimestamp" not in pod["metadata"])
        return dict(pod)


def run_helm(cluster: Cluster, helm: str, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run helm or helm3 against the cluster."""
    ended = subprocess.run(
        [helm, *arguments], capture_output=True, text=True, env=cluster.environment(), check=False, timeout=TIMEOUT * 2
    )
    if check:
        assert ended.returncode == 0, f"{helm} {' '.join(arguments)}: {ended.stderr}{ended.stdout}"
    return ended


def said(ended: "subprocess.CompletedProcess[str]") -> str:
    """All that a command said: helm shows its hooks' logs on standard error."""
    return ended.stdout + ended.stderr


def kubectl(cluster: Cluster, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
    """Run kubectl; returns its output, the errors with it when `check` is off."""
    ended = subprocess.run(
        ["kubectl", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=cluster.environment(),
        check=False,
        timeout=TIMEOUT,
    )
    if check:
        assert ended.returncode == 0, f"kubectl {' '.join(arguments)}: {ended.stderr}"
        return ended.stdout
    return ended.stdout + ended.stderr


def get(cluster: Cluster, resource: str, namespace: str, *arguments: str) -> Values:
    """What `kubectl get` answers, as an object."""
    answer: Values = json.loads(
        kubectl(cluster, "get", resource, f"--namespace={namespace}", "--output=json", *arguments)
    )
    return answer


def apply(cluster: Cluster, *objects: Values) -> None:
    """Apply objects."""
    kubectl(cluster, "apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def create_namespace(cluster: Cluster, name: str) -> None:
    """Make the namespace, and wait for its ServiceAccount `default`."""
    apply(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    kubectl(cluster, "wait", "--for=create", "serviceaccount/default", f"--namespace={name}", "--timeout=30s")


def create_tls_secret(cluster: Cluster, namespace: str) -> None:
    """Put the certificate of the registries' names into `namespace`."""
    assert cluster.pki
    manifest = kubectl(
        cluster, "create", "secret", "tls", TLS_SECRET, f"--cert={cluster.pki}/registry.crt",
        f"--key={cluster.pki}/registry.key", f"--namespace={namespace}", "--dry-run=client", "--output=json",
    )  # fmt: skip
    kubectl(cluster, "apply", "--filename=-", stdin=manifest)


def run_pod(cluster: Cluster, namespace: str, name: str, image: str) -> None:
    """Run a Pod of `image`, with nothing said about pull secrets."""
    kubectl(cluster, "run", name, f"--namespace={namespace}", f"--image={image}", "--image-pull-policy=Always")


def wait_running(cluster: Cluster, namespace: str, name: str) -> None:
    """Return when the Pod runs."""
    kubectl(cluster, "wait", "--for=condition=Ready", f"pod/{name}", f"--namespace={namespace}", "--timeout=60s")


def image_pull_secrets(cluster: Cluster, namespace: str, account: str = "default") -> list[str]:
    """The names that the ServiceAccount refers to, in order."""
    found = get(cluster, "serviceaccount", namespace, account)
    return [entry["name"] for entry in found.get("imagePullSecrets", [])]
