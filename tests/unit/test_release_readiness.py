"""When an object of a release is ready, and what is said when it is not."""

from typing import Any

import pytest

from privreg_values.release.objects import identity, placed
from privreg_values.release.readiness import State, View

Object = dict[str, Any]


def item(kind: str, **parts: Any) -> Object:
    metadata = {"name": "x", "namespace": "ns", "generation": 2}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, **parts}


def state(live: Object, *pods: Object) -> State:
    (found,) = View([live], {identity(live): live}, list(pods)).states()
    return found


def deployment(**status: Any) -> Object:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "x"}}}
    return item("Deployment", spec=spec, status={"observedGeneration": 2, **status})


def pod(**status: Any) -> Object:
    return {"kind": "Pod", "metadata": {"name": "x-1", "labels": {"app": "x", "more": "y"}}, "status": status}


READY = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def test_a_deployment_is_ready_when_all_its_pods_are_new_and_available() -> None:
    assert state(deployment(**READY)) == State("Deployment x", "ns", True, "2 of 2 ready", True)


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        ({**READY, "observedGeneration": 1}, "is being changed"),
        ({**READY, "availableReplicas": 1}, "1 of 2 ready"),
        ({**READY, "updatedReplicas": 1}, "1 of 2 replaced"),
        ({**READY, "replicas": 3}, "2 of 2 ready"),
        ({}, "0 of 2 replaced"),
    ],
)
def test_a_deployment_is_not_ready_while_pods_are_old_or_missing(status: Object, detail: str) -> None:
    found = state(deployment(**status))
    assert not found.ready
    assert found.detail == detail


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"containerStatuses": [{"name": "c", "image": "i:1", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
         "c cannot pull i:1"),
        ({"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "m"}}}]},
         "c: CrashLoopBackOff, m"),
        ({"initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]},
         "i ended with Error (exit code 3)"),
        ({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]},
         "0/1 nodes are available"),
    ],
)  # fmt: skip
def test_the_reason_is_the_trouble_of_its_pod(status: Object, reason: str) -> None:
    assert state(deployment(updatedReplicas=2, replicas=2), pod(**status)).detail == f"0 of 2 ready: {reason}"


def test_a_pod_that_has_only_begun_is_no_trouble() -> None:
    begun = pod(containerStatuses=[{"name": "c", "state": {"waiting": {"reason": "ContainerCreating"}}}])
    assert state(deployment(updatedReplicas=2, replicas=2), begun).detail == "0 of 2 ready"


def test_pods_that_could_not_be_made_are_said() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
    assert state(deployment(conditions=[refused])).detail == "0 of 2 replaced: exceeded quota"


@pytest.mark.parametrize(
    ("live", "ready", "detail"),
    [
        (item("Job", status={"conditions": [{"type": "Complete", "status": "True"}]}), True, "has ended well"),
        (item("Job", status={"conditions": [{"type": "Failed", "status": "True", "message": "limit"}]}),
         False, "has failed: limit"),
        (item("Job"), False, "is running"),
        (item("PersistentVolumeClaim", status={"phase": "Pending"}), False, "is pending"),
        (item("PersistentVolumeClaim", status={"phase": "Bound"}), True, "is bound"),
        (item("Service", spec={"type": "LoadBalancer"}), False, "waits for an address of the load balancer"),
        (item("Service", spec={"type": "LoadBalancer"}, status={"loadBalancer": {"ingress": [{"ip": "10.0.0.7"}]}}),
         True, "has 10.0.0.7"),
        (item("Service", spec={"type": "ClusterIP"}), True, "is there"),
        (item("Certificate", status={"conditions": [{"type": "Ready", "status": "False", "message": "no issuer"}]}),
         False, "no issuer"),
        (item("Certificate"), False, "waits for cert-manager"),
        (item("ConfigMap"), True, "is there"),
    ],
)  # fmt: skip
def test_other_kinds_are_ready_as_helm_waits_for_them(live: Object, ready: bool, detail: str) -> None:
    found = state(live)
    assert (found.ready, found.detail) == (ready, detail)


@pytest.mark.parametrize(
    "kind",
    ["ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
)
def test_an_object_that_has_no_namespace_is_found_though_the_release_has_one(kind: str) -> None:
    """Case 17: what helm renders without a namespace is taken for the release's, and the cluster shows none."""
    live = item(kind)
    del live["metadata"]["namespace"]
    (wanted,) = placed([live], "ns")
    assert View([wanted], {identity(live): live}, []).states() == [State(f"{kind} x", "ns", True, "is there", False)]


def test_an_object_of_another_namespace_is_not_taken_for_it() -> None:
    elsewhere = item("ConfigMap")
    elsewhere["metadata"] = {**elsewhere["metadata"], "namespace": "other"}
    (found,) = View([item("ConfigMap")], {identity(elsewhere): elsewhere}, []).states()
    assert not found.ready


def test_what_is_not_there_is_not_ready() -> None:
    (found,) = View([item("Secret")], {}, []).states()
    assert (found.ready, found.detail) == (False, "is not there")
