"""What the CLI learns from a cluster through kubectl, on a real API server."""

from pathlib import Path

import pytest

from privreg_values.cluster.kubectl import Kubectl
from privreg_values.errors import ClusterError, ForbiddenError
from tests.cluster.paths import BIN
from tests.control_plane import ControlPlane


@pytest.fixture
def kubectl(control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(tmp_path / "kubeconfig")))
    return Kubectl(binary=str(BIN / "kubectl"))


def config_map(name: str, value: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": value}}


def create(control_plane: ControlPlane, namespace: str, item: dict[str, object]) -> None:
    control_plane.must("POST", f"/api/v1/namespaces/{namespace}/configmaps", item)


def test_an_object_is_given_back_by_name_and_in_a_list(kubectl: Kubectl, control_plane: ControlPlane) -> None:
    create(control_plane, "default", config_map("kubectl-one", "b"))
    found = kubectl.get("configmaps", "kubectl-one", "default")
    assert found
    assert found["data"] == {"key": "b"}
    assert "kubectl-one" in {it["metadata"]["name"] for it in kubectl.list("configmaps")}
    assert not kubectl.list("configmaps", labels="no=such")


def test_what_is_not_there_is_none(kubectl: Kubectl) -> None:
    assert kubectl.get("secrets", "nobody", "default") is None
    assert kubectl.get("certificates.cert-manager.io", "nobody", "default") is None
    assert kubectl.list("clusterissuers.cert-manager.io") == []


def test_of_many_objects_those_that_are_there_are_found_in_all_namespaces(
    kubectl: Kubectl, control_plane: ControlPlane
) -> None:
    control_plane.create_namespace("kubectl-find")
    wanted = [
        {**config_map(name, "ignored"), "metadata": {"name": name, "namespace": namespace}}
        for name, namespace in (("one", "default"), ("one", "kubectl-find"), ("none", "default"))
    ]
    assert kubectl.find(wanted) == []
    create(control_plane, "kubectl-find", wanted[1])
    assert [it["metadata"]["namespace"] for it in kubectl.find(wanted)] == ["kubectl-find"]
    create(control_plane, "default", wanted[0])
    assert len(kubectl.find(wanted)) == 2
    assert kubectl.find([]) == []


def test_a_cluster_that_does_not_answer_is_said_in_one_line_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ClusterError, match="no cluster answers") as caught:
        Kubectl(binary=str(BIN / "kubectl")).get("secrets", "x", "default")
    assert "KUBECONFIG" in caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_kubectl_that_is_not_there_is_said() -> None:
    with pytest.raises(ClusterError, match="no-kubectl is not there; install kubectl"):
        Kubectl(binary="no-kubectl").list("pods")


def test_a_context_that_does_not_exist_is_said(kubectl: Kubectl) -> None:
    with pytest.raises(ClusterError, match="get-contexts"):
        Kubectl(context="elsewhere", binary=kubectl.binary).list("pods")


def test_who_may_not_is_told_so(kubectl: Kubectl) -> None:
    with pytest.raises(ForbiddenError, match="log in to the cluster as somebody who may"):
        kubectl.run(["get", "secrets", "--as=nobody", "--all-namespaces"])
