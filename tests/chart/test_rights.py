"""What the program that delivers pull Secrets may do, according to a real API server: enough, and no more."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import pull_secrets
from kubernetes_api import Api
from tests.chart.kubectl import Kubectl
from tests.chart.rendering import MINIMAL, NAMESPACE, Json, Rendering, render, title
from tests.control_plane import ADMIN_TOKEN, ControlPlane

NAME = "privreg-pull-secrets"
RIGHTS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
GUARD = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
FORMS: dict[str, Json] = {
    "named": {"namespaces": ["team-a"], "serviceAccounts": ["default", "ci"]},
    "everywhere": {"namespaces": ["team-*"], "serviceAccounts": ["default", "ci"]},
    "all-accounts": {"namespaces": ["team-*"], "serviceAccounts": ["*"], "watch": False},
}


@dataclass(frozen=True)
class Granted:
    """A release whose rights are in force.

    Attributes:
        form: which of FORMS it has.
        rendering: its objects.
        kubectl: the administrator's.
        token: the program's.
    """

    form: str
    rendering: Rendering
    kubectl: Kubectl
    token: str = field(repr=False)

    @property
    def control_plane(self) -> ControlPlane:
        return self.kubectl.control_plane


@pytest.fixture(params=FORMS)
def granted(request: pytest.FixtureRequest, kubectl: Kubectl, tmp_path: Path) -> Iterator[Granted]:
    """The chart's ServiceAccount with its rights and their guard, and the Secret that the credential comes from."""
    rendering = render(MINIMAL, values={"pullSecrets": FORMS[request.param]})
    items = [item for kind in (*RIGHTS, *GUARD) for item in rendering.all(kind)]
    manifest = tmp_path / "rights.json"
    manifest.write_text("\n---\n".join(map(json.dumps, [*items, rendering.one("Secret", "privreg-credential")])))
    assert kubectl.run("apply", f"--filename={manifest}").stderr == ""
    for namespace in (NAMESPACE, "team-a"):
        for account in ("default", "ci"):
            kubectl.run("create", "serviceaccount", account, f"--namespace={namespace}")
    token = kubectl.control_plane.token_of(NAMESPACE, NAME)
    yield Granted(request.param, rendering, kubectl, token)
    assert kubectl.run("delete", f"--filename={manifest}").stderr == ""


def test_the_rights_are_enough_for_the_program(granted: Granted, tmp_path: Path) -> None:
    control_plane = granted.control_plane
    identity = control_plane.identity(granted.token, tmp_path)
    settings = tmp_path / "settings.json"
    settings.write_text(granted.rendering.one("ConfigMap", "privreg-programs")["data"]["settings.json"])

    def run(command: str) -> int:
        arguments = [command, f"--settings={settings}"]
        return pull_secrets.main(arguments, lambda: Api("127.0.0.1", control_plane.port, identity))

    def state() -> list[tuple[int, int]]:
        found = []
        for namespace in (NAMESPACE, "team-a"):
            path = f"/api/v1/namespaces/{namespace}"
            accounts = [control_plane.must("GET", f"{path}/serviceaccounts/{name}") for name in ("default", "ci")]
            references = sum(len(account.get("imagePullSecrets", [])) for account in accounts)
            found.append((control_plane.call("GET", f"{path}/secrets/privreg-pull")[0], references))
        return found

    assert run("deliver") == 0
    assert state() == [(200, 2), (200, 2)]
    assert run("withdraw") == 0
    assert state() == [(404, 0), (404, 0)]


# The whole list of what the program may do, in the release's namespace, in one that is served and in another.
CREATES = ["events [] [create]", "secrets [] [create]"]
NAMED = [*CREATES, "secrets [privreg-pull] [get list patch delete]", "serviceaccounts [] [list]"]
NAMED += [f"serviceaccounts [{name}] [get patch]" for name in ("ci", "default")]
EVERYWHERE = [*CREATES, "namespaces [] [get list watch]", "secrets [privreg-pull] [get list watch patch delete]"]
EVERYWHERE += ["serviceaccounts [] [list watch]"]
EVERYWHERE += [f"serviceaccounts [{name}] [get patch]" for name in ("ci", "default")]
ALL_ACCOUNTS = [*CREATES, "namespaces [] [get list]", "secrets [privreg-pull] [get list patch delete]"]
ALL_ACCOUNTS += ["serviceaccounts [] [list get patch]"]
TABLE = {
    "named": {
        NAMESPACE: [*NAMED, f"namespaces [{NAMESPACE}] [get]", "secrets [privreg-credential] [get]"],
        "team-a": [*NAMED, "namespaces [team-a] [get]"],
        "default": [],
    },
    "everywhere": {
        NAMESPACE: [
            *EVERYWHERE,
            "secrets [privreg-credential] [get list watch]",
            f"deployments.apps [{NAME}] [get delete]",
        ],
        "team-a": EVERYWHERE,
        "default": EVERYWHERE,
    },
    "all-accounts": {
        NAMESPACE: [*ALL_ACCOUNTS, "secrets [privreg-credential] [get]", f"cronjobs.batch [{NAME}] [get delete]"],
        "team-a": ALL_ACCOUNTS,
        "default": ALL_ACCOUNTS,
    },
}


def test_the_rights_are_these_and_no_more(granted: Granted) -> None:
    account = f"system:serviceaccount:{NAMESPACE}:{NAME}"
    everybodys = rights(granted.kubectl, "default", f"system:serviceaccount:{NAMESPACE}:nobody")
    found = {
        namespace: sorted(rights(granted.kubectl, namespace, account) - everybodys) for namespace in TABLE[granted.form]
    }
    assert found == {namespace: sorted(rows) for namespace, rows in TABLE[granted.form].items()}


def rights(kubectl: Kubectl, namespace: str, who: str) -> set[str]:
    """The lines of `kubectl auth can-i --list`, without the URLs that are no resources."""
    groups = ("--as-group=system:serviceaccounts", "--as-group=system:authenticated")
    said = kubectl.run("auth", "can-i", "--list", "--no-headers", f"--namespace={namespace}", f"--as={who}", *groups)
    assert said.returncode == 0, said.stderr
    lines = set()
    for line in said.stdout.splitlines():
        resource, _, rest = line.partition("[")
        _urls, names, verbs = split(rest)
        lines.add(f"{resource.strip()} {names} {verbs}")
    return lines


def split(rest: str) -> tuple[str, str, str]:
    """The three bracketed columns of a line, the first without its opening bracket."""
    urls, names, verbs = [f"[{part.rpartition(']')[0]}]" for part in rest.split("[")]
    return urls, names, verbs


# --- The guard of rights in all namespaces


def secret(kind: str) -> Json:
    annotations = {"kubernetes.io/service-account.name": "default"}
    data = {} if kind.endswith("token") else {".dockerconfigjson": "e30="}
    return {"metadata": {"name": "privreg-pull", "annotations": annotations}, "type": kind, "data": data}


TOKEN, OURS = "kubernetes.io/service-account-token", "kubernetes.io/dockerconfigjson"


def test_no_token_of_another_service_account_can_be_had(granted: Granted) -> None:
    if granted.form == "named":
        assert [title(item) for kind in GUARD for item in granted.rendering.all(kind)] == []
        return

    def answer(body: Json, token: str = granted.token) -> tuple[int, str]:
        path = "/api/v1/namespaces/team-a/secrets?dryRun=All"
        status, said = granted.control_plane.call("POST", path, body, token=token)
        return status, said.get("message", "")

    deadline = time.monotonic() + 30
    while answer(secret(TOKEN))[0] == 201 and time.monotonic() < deadline:
        time.sleep(0.2)  # a policy comes into force a moment after it is there
    status, message = answer(secret(TOKEN))
    assert status == 422
    assert "privreg delivers Secrets of type kubernetes.io/dockerconfigjson only" in message
    assert answer(secret("Opaque"))[0] == 422
    assert answer(secret(OURS))[0] == 201
    assert answer(secret(TOKEN), ADMIN_TOKEN)[0] == 201, "it is about this program alone"
