"""What the tests of pull_secrets.py work on: three namespaces, and a ServiceAccount with the least rights."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pull_secrets
from kubernetes_api import Api
from tests.control_plane import ControlPlane

Json = dict[str, Any]
NAME = "privreg-pull"
RELEASE = "registry/privreg"
CREDENTIAL = json.dumps({"auths": {"registry.example.com": {"auth": "cHVsbDp2ZXJ5LXNlY3JldA=="}}})
NEW_CREDENTIAL = json.dumps({"auths": {"registry.example.com": {"auth": "cHVsbDpuZXdlci1zZWNyZXQ="}}})


@dataclass
class Site:
    """The namespaces of one test, and a program that serves them.

    Attributes:
        control_plane: the API.
        folder: for the program's files.
        release: its namespace.
        others: two more namespaces.
        settings: those that differ from the usual.
    """

    control_plane: ControlPlane
    folder: Path
    release: str
    others: tuple[str, str]
    settings: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        for namespace in (self.release, *self.others):
            self.control_plane.create_namespace(namespace, "default")
        self.control_plane.must(
            "POST",
            f"/api/v1/namespaces/{self.release}/serviceaccounts",
            {"metadata": {"name": "privreg-pull-secrets"}},
        )
        for namespace in (self.release, *self.others):
            self._grant(namespace)
        token = self.control_plane.token_of(self.release, "privreg-pull-secrets")
        self.identity = self.control_plane.identity(token, self.folder / "identity")

    def _grant(self, namespace: str) -> None:
        """The rights that the program's docstring asks for."""
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        rules: list[Json] = [
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
            {
                "apiGroups": [""],
                "resources": ["secrets"],
                "resourceNames": [NAME],
                "verbs": ["get", "patch", "delete"],
            },
            {
                "apiGroups": [""],
                "resources": ["serviceaccounts"],
                "resourceNames": ["default", "ci"],
                "verbs": ["get", "patch"],
            },
        ]
        self.control_plane.must("POST", f"{path}/roles", {"metadata": {"name": "privreg"}, "rules": rules})
        subject = {"kind": "ServiceAccount", "name": "privreg-pull-secrets", "namespace": self.release}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "privreg"}
        binding = {"metadata": {"name": "privreg"}, "roleRef": role, "subjects": [subject]}
        self.control_plane.must("POST", f"{path}/rolebindings", binding)

    def run(self, command: str, credential: str = CREDENTIAL, kind: type[Api] = Api) -> int:
        """Run the program as the Job does; returns its exit code."""
        settings = {
            "release": RELEASE,
            "secretName": NAME,
            "sourceSecret": "by-the-user",
            "releaseNamespace": self.release,
            "namespaces": [self.release, *self.others],
            "serviceAccounts": ["default"],
            "strict": False,
        }
        settings_file, credential_file = self.folder / "settings.json", self.folder / "credential"
        settings_file.write_text(json.dumps(settings | self.settings))
        credential_file.write_text(credential)
        arguments = [command, f"--settings={settings_file}"]
        if command == "deliver":
            arguments.append(f"--credential={credential_file}")
        return pull_secrets.main(arguments, lambda: kind("127.0.0.1", self.control_plane.port, self.identity))

    def secret(self, namespace: str) -> Json | None:
        """The Secret in a namespace."""
        status, answer = self.control_plane.call("GET", f"/api/v1/namespaces/{namespace}/secrets/{NAME}")
        assert status in (200, 404)
        return answer if status == 200 else None

    def put_secret(self, namespace: str, annotations: Json) -> Json:
        """Make a Secret of the same name by hand."""
        metadata = {"name": NAME, "annotations": annotations}
        body = {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": encoded('{"auths": {}}')}
        return self.control_plane.must("POST", f"/api/v1/namespaces/{namespace}/secrets", body)

    def account(self, namespace: str, name: str = "default") -> Json:
        """A ServiceAccount."""
        return self.control_plane.must("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")

    def set_references(self, namespace: str, *names: str) -> Json:
        """Write a ServiceAccount's imagePullSecrets by hand."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
        return self.control_plane.must("PATCH", path, {"imagePullSecrets": [{"name": name} for name in names]})

    def references(self, namespace: str) -> list[str]:
        """The names in a ServiceAccount's imagePullSecrets."""
        return [entry["name"] for entry in self.account(namespace).get("imagePullSecrets", [])]

    def everything(self) -> list[Json | None]:
        """All that the program could have written, to be compared."""
        namespaces = (self.release, *self.others)
        return [*map(self.secret, namespaces), *map(self.account, namespaces)]


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
        "metadata": {"name": site.release},
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
        "metadata": {"name": site.release},
        "spec": {"policyName": site.release, "validationActions": ["Deny"]},
    }
    path = "/apis/admissionregistration.k8s.io/v1"
    site.control_plane.must("POST", f"{path}/validatingadmissionpolicies", policy)
    site.control_plane.must("POST", f"{path}/validatingadmissionpolicybindings", binding)
