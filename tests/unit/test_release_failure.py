"""Why a Deployment is not ready, asked of a real API server."""

from pathlib import Path

import pytest

from privreg_values.cluster.kubectl import Kubectl
from privreg_values.release.failure import Failure, collect
from privreg_values.release.readiness import View, look
from tests.cluster.paths import BIN
from tests.control_plane import ControlPlane

NAMESPACE = "failure"
IMAGE = "docker.io/library/registry:nope"
WARNINGS = (
    ("Failed", f'Failed to pull image "{IMAGE}": failed to resolve reference "{IMAGE}": {IMAGE}: not found'),
    ("Failed", "Error: ErrImagePull"),
)


@pytest.fixture
def failure(control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Failure:
    """What is said of a Deployment whose Pod does not get its image."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(tmp_path / "kubeconfig")))
    kubectl = Kubectl(binary=str(BIN / "kubectl"))
    control_plane.create_namespace(NAMESPACE, "default")
    spec = {"containers": [{"name": "registry", "image": IMAGE}]}
    metadata = {"name": "privreg", "labels": {"app": "privreg"}}
    pods, events = (f"/api/v1/namespaces/{NAMESPACE}/{kind}" for kind in ("pods", "events"))
    selector = {"selector": {"matchLabels": metadata["labels"]}, "template": {"metadata": metadata, "spec": spec}}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": selector}
    control_plane.must("POST", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", deployment)
    control_plane.must("POST", pods, {"metadata": metadata, "spec": spec})
    state = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}
    status = {"name": "registry", "image": IMAGE, "imageID": "", "ready": False, "restartCount": 0, "state": state}
    control_plane.must("PATCH", f"{pods}/privreg/status", {"status": {"containerStatuses": [status]}})
    for number, (reason, message) in enumerate(WARNINGS):
        event = {
            "reason": reason,
            "message": message,
            "type": "Warning",
            "lastTimestamp": f"2026-11-25T00:00:0{number}Z",
        }
        about = {"kind": "Pod", "name": "privreg", "namespace": NAMESPACE}
        control_plane.must("POST", events, {"metadata": {"name": f"e{number}"}, "involvedObject": about, **event})
    wanted = [{**deployment, "metadata": {**metadata, "namespace": NAMESPACE}}]
    view: View = look(kubectl, wanted, NAMESPACE)
    (found,) = collect(kubectl, view, NAMESPACE)
    return found


def test_the_pod_s_events_come_with_the_doctor_s_opinion(failure: Failure) -> None:
    assert (failure.title, failure.reason) == ("Pod privreg", f"registry cannot pull {IMAGE}")
    assert failure.events == [f"{reason}: {message}" for reason, message in WARNINGS]
    assert failure.opinion
    assert (failure.opinion.trouble, failure.opinion.what) == ("own-image", f"there is no image {IMAGE}")
