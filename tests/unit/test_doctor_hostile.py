"""The doctor among people who would like to harm it: what they write into objects of theirs is data, and only that."""

import json
from pathlib import Path

import pytest

from privreg_values.cluster.kubectl import Kubectl
from privreg_values.doctor import reading
from privreg_values.pull_secret.docker_config import logins
from tests.cluster.paths import BIN
from tests.control_plane import ControlPlane
from tests.unit.scripted_server import Scripted, serving

NAME = "hostile"


@pytest.fixture
def kubectl(control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(tmp_path / "kubeconfig")))
    return Kubectl(binary=str(BIN / "kubectl"))


def test_a_name_that_is_an_option_does_not_lead_kubectl_elsewhere(
    control_plane: ControlPlane, kubectl: Kubectl
) -> None:
    """Kubernetes does not check the names in imagePullSecrets, and the doctor asks for each of them."""
    control_plane.create_namespace(NAME)
    with serving(Scripted(200)) as server:
        spec = {
            "containers": [{"name": "app", "image": "app"}],
            "imagePullSecrets": [{"name": f"--server=http://127.0.0.1:{server.port}"}],
        }
        body = {"metadata": {"name": "app"}, "spec": spec}
        pod = reading.pod(control_plane.must("POST", f"/api/v1/namespaces/{NAME}/pods", body))
        assert [kubectl.get("secrets", name, NAME) for name in pod.references] == [None]
        assert server.requests == []


@pytest.mark.parametrize("name", ["-o=yaml", "pods/app", "..", "a%2fb", "", "a b", "a\n"])
def test_what_is_no_name_is_not_there(kubectl: Kubectl, name: str) -> None:
    assert kubectl.get("secrets", name, "default") is None


def test_words_of_others_are_shown_without_what_a_terminal_would_obey() -> None:
    spec = {
        "containers": [{"name": "app", "image": "x\x1b[2J/app:1"}],
        "imagePullSecrets": [{"name": "y\x1b]0;z"}, {"name": "kept." * 50}],
    }
    pod = reading.pod({"metadata": {"name": "app", "namespace": NAME}, "spec": spec, "status": {}})
    assert pod.images == ("x [2J/app:1",)
    assert pod.references == ("y ]0;z", "kept." * 50)


@pytest.mark.parametrize(
    ("secret", "release"),
    [("x; rm -rf /", "a/b"), ("$(id)", "a/b"), ("--all", "a/b"), ("x", "a/b; id"), ("x", "a"), ("", "a/b")],
)
def test_an_event_that_would_put_something_into_a_command_to_type_is_left_out(secret: object, release: str) -> None:
    event = {
        "metadata": {"annotations": {"privreg.io/release": release}},
        "reason": "PullSecretRefused",
        "involvedObject": {"name": secret},
        "message": "Secret x was not made by privreg; it is left alone",
    }
    assert reading.refusals([event]) == ()
    event |= {"involvedObject": {"name": "x"}, "metadata": {"annotations": {"privreg.io/release": "a/b"}}}
    assert [it.secret for it in reading.refusals([event])] == ["x"]


@pytest.mark.parametrize(
    "text", ["[" * 5000, '{"auths": ' * 5000 + "1" + "}" * 5000, json.dumps({"auths": {"h": [1]}})]
)
def test_a_secret_that_is_nested_without_end_is_told_like_any_other_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="it is not"):
        logins(text)
