"""What a real API server, with the custom resources of cert-manager and Traefik, says of the chart."""

import json
from pathlib import Path

import pytest

from tests.chart.kubectl import Kubectl
from tests.chart.rendering import ALL, EVERYTHING, Json, Pod, label, pods, render, title
from tests.cluster.paths import ROOT

ACCEPTED = [(path,) for path in sorted((ROOT / "tests" / "data" / "accept").glob("*.yaml"))]


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
    (pod,) = (pod for pod in pods(render(EVERYTHING)) if pod.owner.endswith(title(render(EVERYTHING).deployment)))
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
