"""What a real API server, with the custom resources of cert-manager and Traefik, says of the chart."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import pull_secrets
from kubernetes_api import Api
from tests.chart.kubernetes import CUSTOM_RESOURCES, custom_resource_definition
from tests.chart.rendering import ALL, EVERYTHING, MINIMAL, NAMESPACE, Json, Pod, Rendering, label, pods, render
from tests.cluster.paths import BIN, ROOT
from tests.control_plane import ControlPlane

ACCEPTED = [(path,) for path in sorted((ROOT / "tests" / "data" / "accept").glob("*.yaml"))]


@dataclass(frozen=True)
class Kubectl:
    """kubectl as the administrator of a control plane."""

    control_plane: ControlPlane
    folder: Path

    def run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run it in the release's namespace, and give back what it said."""
        kubeconfig = self.control_plane.write_kubeconfig(self.folder / "kubeconfig", NAMESPACE)
        command = [f"{BIN}/kubectl", f"--kubeconfig={kubeconfig}", f"--cache-dir={self.folder}", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    def dry_run(self, manifests: str | Path) -> str:
        """What is wrong with manifests, or with those in a folder, when the API server reads them strictly and makes
        nothing."""
        file, stdin = (manifests, "") if isinstance(manifests, Path) else ("-", manifests)
        return self.run("create", "--dry-run=server", "--validate=strict", f"--filename={file}", stdin=stdin).stderr


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """A control plane with the custom resources and the namespaces that the values files name."""
    it = Kubectl(control_plane, tmp_path_factory.mktemp("kubectl"))
    for kind in CUSTOM_RESOURCES:
        ended = it.run("create", f"--filename={custom_resource_definition(kind)}")
        assert ended.returncode == 0, ended.stderr
    definitions = it.run("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
    assert definitions.returncode == 0, definitions.stderr
    for name in (NAMESPACE, "team-a", "123"):
        control_plane.create_namespace(name)
    control_plane.create_namespace("restricted")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    control_plane.must("PATCH", "/api/v1/namespaces/restricted", {"metadata": {"labels": labels}})
    for class_name in ("everything", "1e3"):
        priority = {"metadata": {"name": class_name}, "value": 1}
        control_plane.must("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", priority)
    yield it


def test_the_api_server_takes_every_object(kubectl: Kubectl, tmp_path: Path) -> None:
    seen = set[str]()
    for files in (*ALL, *ACCEPTED):
        new = [text for text in render(*files).text.split("\n---\n") if text not in seen]
        (tmp_path / label(files)).write_text("\n---\n".join(new))
        seen.update(new)
    assert len(seen) > 250
    assert len(list(tmp_path.iterdir())) == len([*ALL, *ACCEPTED])
    assert kubectl.dry_run(tmp_path) == ""


@pytest.mark.parametrize(
    ("kind", "spec"),
    [("Certificate", {"secretNmae": "x"}), ("Middleware", {"redirectScheme": {"scheem": "https"}})],
)
def test_the_api_server_knows_the_custom_resources(kind: str, spec: Json, kubectl: Kubectl) -> None:
    item = render(EVERYTHING).one(kind)
    manifest = json.dumps(item | {"spec": item["spec"] | spec})
    assert f'unknown field "spec.{"redirectScheme.scheem" if "redirectScheme" in spec else "secretNmae"}"' in (
        kubectl.dry_run(manifest)
    )


def test_every_pod_is_restricted(kubectl: Kubectl, tmp_path: Path) -> None:
    for files in ALL:
        manifests = [as_pod(number, without_exceptions(pod)) for number, pod in enumerate(pods(render(*files)))]
        assert len(manifests) >= 2
        (tmp_path / label(files)).write_text("\n---\n".join(map(json.dumps, manifests)))
    assert kubectl.dry_run(tmp_path) == ""


def test_nothing_but_the_owner_of_a_host_path_is_not_restricted(kubectl: Kubectl) -> None:
    (pod,) = (pod for pod in pods(render(EVERYTHING)) if "Deployment" in pod.owner)
    said = kubectl.dry_run(json.dumps(as_pod(0, pod)))
    assert 'violates PodSecurity "restricted:latest"' in said
    assert '(container "own-folder" must not include "CHOWN", "DAC_OVERRIDE" in' in said
    assert 'volume "storage" uses restricted volume type "hostPath"' in said
    assert 'container "registry"' not in said
    assert 'container "gateway"' not in said


def as_pod(number: int, pod: Pod) -> Json:
    metadata = {**pod.metadata, "name": f"pod-{number}", "namespace": "restricted"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod.spec}


def without_exceptions(pod: Pod) -> Pod:
    """A Pod without what the standard does not allow: NFS, a node's folder, and the container that gives that to
    the registry."""
    initializing = [each for each in pod.spec.get("initContainers", []) if each["name"] != "own-folder"]
    volumes = [
        {"name": each["name"], "emptyDir": {}} if {"hostPath", "nfs"} & set(each) else each
        for each in pod.spec["volumes"]
    ]
    return Pod(pod.owner, pod.metadata, pod.spec | {"initContainers": initializing, "volumes": volumes})


# --- The rights of the pull-secrets Jobs


@pytest.fixture
def granted(kubectl: Kubectl, tmp_path: Path) -> Iterator[Rendering]:
    """The chart's ServiceAccount, Roles and RoleBindings, in force."""
    rendering = render(
        MINIMAL, values={"pullSecrets": {"namespaces": ["team-a"], "serviceAccounts": ["default", "ci"]}}
    )
    kinds = ("ServiceAccount", "Role", "RoleBinding")
    manifest = tmp_path / "rights.yaml"
    manifest.write_text("\n---\n".join(json.dumps(item) for kind in kinds for item in rendering.all(kind)))
    assert kubectl.run("apply", f"--filename={manifest}").stderr == ""
    for namespace in (NAMESPACE, "team-a"):
        for account in ("default", "ci"):
            kubectl.run("create", "serviceaccount", account, f"--namespace={namespace}")
    yield rendering
    kubectl.run("delete", f"--filename={manifest}")


def test_the_roles_are_enough_for_the_program(granted: Rendering, kubectl: Kubectl, tmp_path: Path) -> None:
    control_plane = kubectl.control_plane
    identity = control_plane.identity(control_plane.token_of(NAMESPACE, "privreg-pull-secrets"), tmp_path)
    (tmp_path / "settings.json").write_text(granted.one("ConfigMap", "privreg-programs")["data"]["settings.json"])
    (tmp_path / "credential").write_text('{"auths": {}}')

    def run(command: str, *options: str) -> int:
        arguments = [command, f"--settings={tmp_path}/settings.json", *options]
        return pull_secrets.main(arguments, lambda: Api("127.0.0.1", control_plane.port, identity))

    def state() -> list[tuple[int, int]]:
        found = []
        for namespace in (NAMESPACE, "team-a"):
            path = f"/api/v1/namespaces/{namespace}"
            accounts = [control_plane.must("GET", f"{path}/serviceaccounts/{name}") for name in ("default", "ci")]
            references = sum(len(account.get("imagePullSecrets", [])) for account in accounts)
            found.append((control_plane.call("GET", f"{path}/secrets/privreg-pull")[0], references))
        return found

    assert run("deliver", f"--credential={tmp_path}/credential") == 0
    assert state() == [(200, 2), (200, 2)]
    assert run("withdraw") == 0
    assert state() == [(404, 0), (404, 0)]


def test_the_roles_give_no_right_more(granted: Rendering, kubectl: Kubectl) -> None:
    assert granted.all("ClusterRole") == granted.all("ClusterRoleBinding") == []
    account = f"system:serviceaccount:{NAMESPACE}:privreg-pull-secrets"
    everybodys = rights(kubectl, "default", f"--as=system:serviceaccount:{NAMESPACE}:nobody")
    for namespace, rows in (
        ("default", []),
        (
            "team-a",
            [
                "secrets [] [create]",
                "secrets [privreg-pull] [get patch delete]",
                "serviceaccounts [ci] [get patch]",
                "serviceaccounts [default] [get patch]",
            ],
        ),
    ):
        assert sorted(rights(kubectl, namespace, f"--as={account}") - everybodys) == rows


def rights(kubectl: Kubectl, namespace: str, who: str) -> set[str]:
    """The lines of `kubectl auth can-i --list`, without the URLs that are no resources."""
    groups = ("--as-group=system:serviceaccounts", "--as-group=system:authenticated")
    said = kubectl.run("auth", "can-i", "--list", "--no-headers", f"--namespace={namespace}", who, *groups)
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
