"""The reference that Pods get at admission, by a real API server."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from choosing import Settings
from tests.chart.kubectl import Kubectl
from tests.chart.rendering import MINIMAL, Json, Rendering, render
from tests.control_plane import ControlPlane

POLICY = ("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding")
HOME, QUIET_HOME = "crew-home", "crew-quiet-home"  # the releases' namespaces; the second opts out
OUR_IMAGE, OTHER_IMAGE = "registry.example.com/team/app:1", "docker.io/library/busybox:1"
numbers = itertools.count()

# Beside HOME and QUIET_HOME: labels, and whether it opts out.
NAMESPACES: dict[str, tuple[dict[str, str], str | None]] = {
    "crew": ({}, None),
    "crew-a": ({"env": "dev"}, None),
    "crew-b": ({"env": "test"}, None),
    "crew-c": ({"env": "prod"}, None),
    "crew-d": ({"env": ""}, None),
    "crew-ab": ({"env": "dev", "tier": "system"}, None),
    "crew-a-b": ({"env": "test", "tier": "user"}, None),
    "crew-0": ({"tier": ""}, None),
    "crew-00": ({"tier": "user"}, None),
    "crew-e": ({"example.com/team": "e"}, None),
    "crew-f": ({"example.com/team": ""}, None),
    "crew-g": ({"example.com/team": "g", "env": "dev"}, None),
    "crew-h": ({"example.com/closed": "yes", "env": "dev"}, None),
    "crew-i": ({"ENV": "dev"}, None),
    "crew-j": ({"env": "DEV"}, None),
    "crew-k": ({"env": "de.v"}, None),
    "crew-l": ({"env": "dev"}, "true"),
    "crew-m": ({"env": "dev"}, "false"),
    "crew-n": ({"env": "dev"}, ""),
    "crew-o": ({"env": "dev"}, "TRUE"),
    "a-crew": ({"env": "dev"}, None),
    "a-crew-a": ({}, None),
    "crewa": ({}, None),
    "xcrew-a": ({"env": "test"}, None),
    "crew-axb": ({}, None),
    "crew-sandbox": ({"env": "dev"}, None),
    "sandbox-crew": ({"env": "dev"}, None),
    "x9": ({}, None),
    "y": ({"env": "dev"}, None),
}


def requirements(*each: tuple[str, str, list[str]]) -> Json:
    expressions = [{"key": key, "operator": operator, "values": values} for key, operator, values in each]
    return {"namespaces": [], "releaseNamespace": False, "namespaceSelector": {"matchExpressions": expressions}}


CHOICES: list[Json] = [
    {"namespaces": ["*"]},
    {"namespaces": ["*"], "releaseNamespace": False, "excludeNamespaces": ["crew-*", "y"]},
    {"namespaces": ["crew-?"]},
    {"namespaces": ["crew-*"], "excludeNamespaces": ["*-sandbox", "crew-??"]},
    {"namespaces": ["crew-a", "crew", "y"], "releaseNamespace": False},
    {"namespaces": ["*crew", "x?"], "excludeNamespaces": []},
    {"namespaces": []},
    {"namespaces": [], "excludeNamespaces": ["*"]},
    {"namespaces": [], "releaseNamespace": False, "namespaceSelector": {"matchLabels": {"env": "dev"}}},
    {"namespaces": ["x9"], "namespaceSelector": {"matchLabels": {"env": "", "tier": ""}}},
    {"namespaces": ["y"], "namespaceSelector": {"matchLabels": {"env": ""}}},
    {"namespaces": ["x9"], "namespaceSelector": {"matchLabels": {}, "matchExpressions": []}},
    requirements(("env", "In", ["dev", "test", ""])),
    requirements(("env", "NotIn", ["dev", "test", ""])),
    requirements(("example.com/team", "Exists", [])),
    requirements(("example.com/team", "DoesNotExist", []), ("example.com/closed", "DoesNotExist", [])),
    requirements(("env", "In", ["dev"]), ("tier", "NotIn", ["system"]), ("example.com/closed", "DoesNotExist", []))
    | {"excludeNamespaces": ["sandbox-*", "crew-m"], "namespaces": ["crew-c", "crewa"]},
]


@pytest.fixture(scope="package")
def cluster(kubectl: Kubectl) -> ControlPlane:
    """A control plane with these namespaces."""
    control_plane = kubectl.control_plane
    homes: dict[str, tuple[dict[str, str], str | None]] = {HOME: ({}, None), QUIET_HOME: ({"env": "dev"}, "true")}
    for name, (labels, opts_out) in (NAMESPACES | homes).items():
        annotations = {} if opts_out is None else {"privreg.io/opt-out": opts_out}
        metadata = {"name": name, "labels": labels, "annotations": annotations}
        control_plane.must("POST", "/api/v1/namespaces", {"metadata": metadata})
    return control_plane


@contextmanager
def enforced(kubectl: Kubectl, folder: Path, *renderings: Rendering) -> Iterator[None]:
    """The policies of releases, in force a moment later, and taken away in the end."""
    manifest = folder / "policies.yaml"
    items = [rendering.one(kind) for rendering in renderings for kind in POLICY]
    manifest.write_text("\n---\n".join(map(json.dumps, items)))
    assert kubectl.run("create", f"--filename={manifest}").stderr == ""
    try:
        yield
    finally:
        kubectl.run("delete", f"--filename={manifest}")


def pod(images: tuple[str, ...] = (OUR_IMAGE,), initial: tuple[str, ...] = (), **spec: Any) -> Json:
    """A Pod with containers of these images."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    if initial:
        spec["initContainers"] = [{"name": f"i{number}", "image": image} for number, image in enumerate(initial)]
    return {"metadata": {"name": f"pod-{next(numbers)}"}, "spec": {"containers": containers, **spec}}


def references(control_plane: ControlPlane, namespace: str, body: Json) -> list[str]:
    """The names in the imagePullSecrets of a Pod as the API server would make it."""
    made = control_plane.must("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", body)
    return [each.get("name", "") for each in made["spec"].get("imagePullSecrets", [])]


def eventually(look: Callable[[], Any], wanted: object) -> Any:
    """What is seen, as soon as it is what is wanted: a policy comes into force a moment after it is there."""
    deadline = time.monotonic() + 20
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return seen


def test_pods_get_the_reference_in_the_namespaces_that_the_program_serves(
    cluster: ControlPlane, kubectl: Kubectl, tmp_path: Path
) -> None:
    cases = [*((HOME, choice) for choice in CHOICES), *((QUIET_HOME, choice) for choice in CHOICES[:2])]
    renderings: dict[str, Rendering] = {}
    for number, (home, choice) in enumerate(cases):
        name = f"{home}-{number:02}"
        values = {"inject": "admission", "name": name, **choice}
        renderings[name] = render(MINIMAL, values={"pullSecrets": values}, namespace=home, release=name)
    namespaces = {item["metadata"]["name"]: item for item in cluster.must("GET", "/api/v1/namespaces")["items"]}

    def told(rendering: Rendering) -> Settings:
        path = tmp_path / "settings.json"
        programs = (it for it in rendering.all("ConfigMap") if it["metadata"]["name"].endswith("-programs"))
        path.write_text(next(programs)["data"]["settings.json"])
        return Settings.read(path)

    settings = {name: told(rendering) for name, rendering in renderings.items()}
    wanted = {
        namespace: sorted(name for name, it in settings.items() if it.chooses(item))
        for namespace, item in namespaces.items()
        if namespace in NAMESPACES or namespace in (HOME, QUIET_HOME, "kube-system")
    }
    assert len(wanted) >= 30
    counts = [sum(name in names for names in wanted.values()) for name in settings]
    assert len(set(counts)) > 10, "the choices are too alike"

    def seen() -> dict[str, list[str]]:
        return {namespace: sorted(references(cluster, namespace, pod())) for namespace in wanted}

    with enforced(kubectl, tmp_path, *renderings.values()):
        assert eventually(seen, wanted) == wanted


# --- Which Pods


@pytest.fixture(scope="module")
def policy(cluster: ControlPlane, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The policy of one release, in force."""
    values = {"pullSecrets": {"inject": "both", "namespaces": ["crew-*"]}}
    rendering = render(MINIMAL, values=values, namespace=HOME)
    with enforced(kubectl, tmp_path_factory.mktemp("policy"), rendering):
        assert eventually(lambda: references(cluster, "crew-a", pod()), ["privreg-pull"]) == ["privreg-pull"]
        yield


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (pod((OUR_IMAGE,)), ["privreg-pull"]),
        (pod((OTHER_IMAGE, OUR_IMAGE)), ["privreg-pull"]),
        (pod((OTHER_IMAGE,), (OUR_IMAGE,)), ["privreg-pull"]),
        (pod((OTHER_IMAGE,), (OTHER_IMAGE, OUR_IMAGE)), ["privreg-pull"]),
        (pod((f"registry.example.com/app@sha256:{'0' * 64}",)), ["privreg-pull"]),
        (pod((OTHER_IMAGE,)), []),
        (pod((OTHER_IMAGE,), (OTHER_IMAGE,)), []),
        (pod(("registry.example.com.evil/team/app:1",)), []),
        (pod(("registry.example.com:5000/team/app:1",)), []),
        (pod(("registry.example.com",)), []),  # docker.io/library/registry.example.com
        (pod(("evil.example.org/registry.example.com/app:1",)), []),
        (pod(("xregistry.example.com/app:1",)), []),
    ],
    ids=lambda it: str([each["image"] for each in it["spec"]["containers"]]) if isinstance(it, dict) else "",
)
@pytest.mark.usefixtures("policy")
def test_a_pod_gets_the_reference_when_a_container_of_it_names_the_host(
    body: Json, names: list[str], cluster: ControlPlane
) -> None:
    assert references(cluster, "crew-a", body) == names


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["privreg-pull"], ["privreg-pull"]),
        (["a", "privreg-pull", "b"], ["a", "privreg-pull", "b"]),
        (["b", "a"], ["b", "a", "privreg-pull"]),
        (["privreg-pull-2"], ["privreg-pull-2", "privreg-pull"]),
        ([""], ["", "privreg-pull"]),
        ([], ["privreg-pull"]),
    ],
    ids=str,
)
@pytest.mark.usefixtures("policy")
def test_it_is_added_once_behind_those_that_are_there(
    before: list[str], after: list[str], cluster: ControlPlane
) -> None:
    body = pod(imagePullSecrets=[{"name": name} if name else {} for name in before])
    assert references(cluster, "crew-a", body) == after


@pytest.mark.usefixtures("policy")
def test_it_is_there_when_the_pod_is_read_and_nothing_else_is_changed(cluster: ControlPlane) -> None:
    with_reference, without = pod((OUR_IMAGE,)), pod((OTHER_IMAGE,))
    path = "/api/v1/namespaces/crew-a/pods"
    specs = []
    for body in (with_reference, without):
        cluster.must("POST", path, body)
        specs.append(cluster.must("GET", f"{path}/{body['metadata']['name']}")["spec"])
    assert specs[0].pop("imagePullSecrets") == [{"name": "privreg-pull"}]
    specs[0]["containers"][0]["image"] = OTHER_IMAGE
    assert specs[0] == specs[1]


@pytest.mark.usefixtures("policy")
def test_a_pod_cannot_get_it_later_nor_be_made_with_ephemeral_containers(cluster: ControlPlane) -> None:
    ephemeral = {"ephemeralContainers": [{"name": "debug", "image": OUR_IMAGE}]}
    body = pod((OTHER_IMAGE,))
    path = "/api/v1/namespaces/crew-a/pods"
    status, said = cluster.call("POST", path, body | {"spec": body["spec"] | ephemeral})
    assert status == 422
    assert "spec.ephemeralContainers: Forbidden: cannot be set on create" in said["message"]
    cluster.must("POST", path, body)
    own = f"{path}/{body['metadata']['name']}"
    made = cluster.must("PATCH", f"{own}/ephemeralcontainers", {"spec": ephemeral})
    assert "imagePullSecrets" not in made["spec"]
    status, said = cluster.call("PATCH", own, {"spec": {"imagePullSecrets": [{"name": "privreg-pull"}]}})
    assert status == 422
    assert "pod updates may not change fields other than" in said["message"]
