"""What the doctor reads from objects in the shape that the API server gives them."""

import base64
from typing import Any

import pytest

from privreg_values.doctor import reading

IMAGE = "registry.example.com/team/app:2"
CAUSE = f'Failed to pull image "{IMAGE}": 401 Unauthorized'


def pod(reason: str, message: str, kind: str = "containerStatuses") -> dict[str, Any]:
    """A Pod of a real cluster, shortened."""
    of = {"containerStatuses": "containers", "initContainerStatuses": "initContainers"}[kind]
    other = {"name": "sidecar", "image": "docker.io/library/busybox:1"}
    spec = {
        "containers": [other],
        "serviceAccountName": "builder",
        "imagePullSecrets": [{"name": "one"}, {"name": "two"}],
    }
    spec[of] = [*spec.get(of, []), {"name": "app", "image": IMAGE}]
    waiting = {"name": "app", "image": IMAGE, "state": {"waiting": {"reason": reason, "message": message}}}
    running = {"name": "sidecar", "image": other["image"], "state": {"running": {"startedAt": "2026-11-25T00:34:16Z"}}}
    return {
        "metadata": {"namespace": "team-a", "name": "app"},
        "spec": spec,
        "status": {kind: [running, waiting] if kind == "containerStatuses" else [waiting]},
    }


def event(message: str, last: str, reason: str = "Failed") -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": last}


@pytest.mark.parametrize("kind", ["containerStatuses", "initContainerStatuses"])
def test_the_container_that_waits_for_its_image_is_found(kind: str) -> None:
    it = reading.pod(pod("ErrImagePull", "because", kind))
    assert (it.account, it.references) == ("builder", ("one", "two"))
    (failure,) = it.failures
    assert (failure.image, failure.reason, failure.words) == (IMAGE, "ErrImagePull", "because")


@pytest.mark.parametrize("reason", ["CrashLoopBackOff", "ContainerCreating", "CreateContainerConfigError"])
def test_a_container_that_waits_for_something_else_is_none_of_its_business(reason: str) -> None:
    assert reading.pod(pod(reason, "")).failures == ()


@pytest.mark.parametrize("message", ["", f'Back-off pulling image "{IMAGE}"'])
def test_where_an_older_kubelet_only_says_that_it_waits_the_last_event_of_a_pull_counts(message: str) -> None:
    events = [
        event(CAUSE, "2026-11-25T00:34:20Z"),
        event(f'Back-off pulling image "{IMAGE}"', "2026-11-25T00:34:30Z", "BackOff"),
        event(f'Failed to pull image "{IMAGE}": x509: no', "2026-11-25T00:34:10Z"),
        event('Failed to pull image "another:1": not found', "2026-11-25T00:34:40Z"),
    ]
    (failure,) = reading.pod(pod("ImagePullBackOff", message), events).failures
    assert failure.words == f"Failed: {CAUSE}"


def test_a_pod_that_no_node_has_taken_yet_has_no_statuses() -> None:
    assert reading.pod({"metadata": {"namespace": "a", "name": "b"}, "spec": {"containers": []}}).failures == ()


def test_why_a_pod_does_not_run_is_its_containers_words_and_its_own() -> None:
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    last = {"terminated": {"reason": "Error", "message": "panic"}}
    it = {
        "status": {"reason": "Evicted", "message": "full", "containerStatuses": [{"state": state, "lastState": last}]}
    }
    assert reading.waits(it) == ["Evicted: full", "CrashLoopBackOff: back-off 10s", "Error: panic"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "no key .dockerconfigjson"),
        ({"other": "eA=="}, "no key .dockerconfigjson"),
        ({".dockerconfigjson": base64.b64encode(b"no JSON").decode()}, "it is not"),
        ({".dockerconfigjson": base64.b64encode(b"\xff").decode()}, "it is not"),
    ],
)
def test_a_secret_that_holds_no_login_says_what_it_lacks(data: dict[str, str] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reading.credentials({"data": data})
