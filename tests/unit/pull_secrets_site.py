"""What the tests of pull_secrets.py work on: namespaces, and the ServiceAccount with the chart's own rights."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pull_secrets
from kubernetes_api import Api
from privreg_values.cluster.helm import Helm
from tests.cluster.paths import BIN, ROOT
from tests.control_plane import ControlPlane

Json = dict[str, Any]
NAME = "privreg-pull"
SOURCE = "by-the-user"
CREDENTIAL = json.dumps({"auths": {"registry.example.com": {"auth": "cHVsbDp2ZXJ5LXNlY3JldA=="}}})
NEW_CREDENTIAL = json.dumps({"auths": {"registry.example.com": {"auth": "cHVsbDpuZXdlci1zZWNyZXQ="}}})
RIGHTS = {
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
}

USUAL = {
    "existingSecret": SOURCE,
    "credential": {"username": "", "password": ""},
    "namespaces": ["one-000", "two-000"],
}


@cache
def rendered(values: str) -> str:
    """The chart, for a release in namespace `delivering-000`, as JSON; the namespaces of each test take its place."""
    chart = ROOT / "charts" / "privreg"
    objects = Helm(str(BIN / "helm")).template(
        chart,
        files=[chart / "ci" / "users-values.yaml"],
        values={"pullSecrets": json.loads(values)},
        namespace="delivering-000",
    )
    return json.dumps(objects)


@dataclass
class Site:
    """The namespaces of one test, and a program that serves them.

    Attributes:
        control_plane: the API.
        folder: for the program's files.
        number: tells the namespaces from those of other tests.
        values: what the chart is given as pullSecrets, beside the Secret that the credential comes from.
    """

    control_plane: ControlPlane
    folder: Path
    number: int
    values: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.release = f"delivering-{self.number}"
        self.others = (f"one-{self.number}", f"two-{self.number}")
        for namespace in (self.release, *self.others):
            self.control_plane.create_namespace(namespace, "default")
        self.control_plane.must(
            "POST",
            f"/api/v1/namespaces/{self.release}/serviceaccounts",
            {"metadata": {"name": "privreg-pull-secrets"}},
        )
        token = self.control_plane.token_of(self.release, "privreg-pull-secrets")
        self.identity = self.control_plane.identity(token, self.folder / "identity")
        self.put_credential(CREDENTIAL)
        self.install()

    @property
    def settings(self) -> Path:
        """What the release has in its ConfigMap."""
        return self.folder / "settings.json"

    def install(self, **values: Any) -> None:
        """Give the release the rights and settings that the chart has for these values."""
        self.values |= values
        objects = self._render(self.values)
        self._grant(objects)
        _write_settings(objects, self.settings)

    def serve(self, host: str) -> None:
        """Give the release another host."""
        self.settings.write_text(json.dumps(json.loads(self.settings.read_text()) | {"host": host}))

    def target(self, **values: Any) -> Path:
        """The settings of the release as it would be with these values; its rights stay as they are."""
        path = self.folder / "target.json"
        _write_settings(self._render(self.values | values), path)
        return path

    def _render(self, values: Json) -> list[Json]:
        objects: list[Json] = json.loads(rendered(json.dumps(USUAL | values)).replace("-000", f"-{self.number}"))
        return objects

    def _grant(self, objects: list[Json]) -> None:
        for item in objects:
            if path := RIGHTS.get(item["kind"]):
                collection = path.format(namespace=item["metadata"].get("namespace"))
                status, answer = self.control_plane.call("POST", collection, item)
                if status == 409:
                    status, answer = self.control_plane.call("PUT", f"{collection}/{item['metadata']['name']}", item)
                assert status < 300, answer

    def connect(self, kind: type[Api] = Api) -> Api:
        """A connection with the program's rights."""
        return kind("127.0.0.1", self.control_plane.port, self.identity)

    def run(self, command: str, *arguments: str, kind: type[Api] = Api) -> int:
        """Run the program as the Job does; returns its exit code."""
        return pull_secrets.main([command, f"--settings={self.settings}", *arguments], lambda: self.connect(kind))

    @contextmanager
    def watching(self) -> Iterator["subprocess.Popen[bytes]"]:
        """The program as the Deployment runs it; killed in the end."""
        program = (
            "import pull_secrets, kubernetes_api, pathlib; raise SystemExit(pull_secrets.main("
            f"['watch', '--settings={self.settings}'], lambda: kubernetes_api.Api("
            f"'127.0.0.1', {self.control_plane.port}, pathlib.Path('{self.identity}'))))"
        )
        folder = Path(pull_secrets.__file__).parent
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", program], cwd=folder, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @property
    def log(self) -> Path:
        """What the watching program said."""
        return self.folder / "watch.log"

    def put_credential(self, credential: str) -> None:
        """Give the release's source Secret this content."""
        path = f"/api/v1/namespaces/{self.release}/secrets"
        secret = {
            "metadata": {"name": SOURCE},
            "type": "kubernetes.io/dockerconfigjson",
            "data": encoded(credential),
        }
        if self.secret(self.release, SOURCE) is None:
            self.control_plane.must("POST", path, secret)
        else:
            self.control_plane.must("PATCH", f"{path}/{SOURCE}", {"data": encoded(credential)})

    def secret(self, namespace: str, name: str = NAME) -> Json | None:
        """The Secret in a namespace."""
        status, answer = self.control_plane.call("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        assert status in (200, 404)
        return answer if status == 200 else None

    def put_secret(self, namespace: str, annotations: Json, credential: str = '{"auths": {}}') -> Json:
        """Make a Secret of the same name by hand."""
        metadata = {"name": NAME, "annotations": annotations}
        body = {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": encoded(credential)}
        return self.control_plane.must("POST", f"/api/v1/namespaces/{namespace}/secrets", body)

    def account(self, namespace: str, name: str = "default") -> Json:
        """A ServiceAccount."""
        return self.control_plane.must("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")

    def annotate(self, path: str, **annotations: str | None) -> None:
        """Set annotations of ours on an object; None takes one away."""
        named = {f"privreg.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.control_plane.must("PATCH", path, {"metadata": {"annotations": named}})

    def set_references(self, namespace: str, *names: str, account: str = "default") -> Json:
        """Write a ServiceAccount's imagePullSecrets by hand."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}"
        return self.control_plane.must("PATCH", path, {"imagePullSecrets": [{"name": name} for name in names]})

    def references(self, namespace: str, account: str = "default") -> list[str]:
        """The names in a ServiceAccount's imagePullSecrets."""
        return [entry["name"] for entry in self.account(namespace, account).get("imagePullSecrets", [])]

    def everything(self) -> list[Json | None]:
        """All that the program could have written, to be compared."""
        namespaces = (self.release, *self.others)
        return [*map(self.secret, namespaces), *map(self.account, namespaces)]


def _write_settings(objects: list[Json], path: Path) -> None:
    (settings,) = (it["data"]["settings.json"] for it in objects if it["metadata"]["name"] == "privreg-programs")
    path.write_text(settings)


def encoded(credential: str) -> Json:
    return {".dockerconfigjson": base64.b64encode(credential.encode()).decode()}


def essence(item: Json | None) -> Json | None:
    """An object without what every write changes."""
    if item is None:
        return None
    kept = {
        key: value
        for key, value in item["metadata"].items()
        if key not in ("resourceVersion", "managedFields", "uid", "creationTimestamp")
    }
    return item | {"metadata": kept}


def repeat_secrets_in_errors(site: Site) -> None:
    """An admission policy that repeats what it was sent: the worst that an API server can do."""
    policy = {
        "metadata": {"name": f"{site.release}-repeats"},
        "spec": {
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": site.others[0]}},
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]}
                ],
            },
            "validations": [
                {
                    "expression": "false",
                    "messageExpression": "'you sent ' + string(object.data['.dockerconfigjson'])",
                }
            ],
        },
    }
    binding = {
        "metadata": {"name": f"{site.release}-repeats"},
        "spec": {"policyName": f"{site.release}-repeats", "validationActions": ["Deny"]},
    }
    path = "/apis/admissionregistration.k8s.io/v1"
    site.control_plane.must("POST", f"{path}/validatingadmissionpolicies", policy)
    site.control_plane.must("POST", f"{path}/validatingadmissionpolicybindings", binding)
