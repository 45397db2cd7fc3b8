"""Pods pull with a credential that nobody typed; where it was not delivered they do not."""

import time

import pytest

from tests.cluster.cluster import Cluster
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import (
    Release,
    apply,
    create_namespace,
    get,
    image_pull_secrets,
    kubectl,
    run_pod,
    wait_running,
)

OUTSIDE = "ns-without-the-secret"


@pytest.fixture(scope="module")
def image(registry: Release) -> str:
    return registry.push_hello("pulling/hello:1")


@pytest.mark.parametrize("where", ["default", "the release's namespace"])
def test_a_pod_pulls_through_ingress_and_tls(registry: Release, image: str, where: str) -> None:
    namespace = "default" if where == "default" else registry.namespace
    if namespace == registry.namespace:  # restricted: the Pod must be so as well
        kubectl(registry.cluster, "apply", f"--namespace={namespace}", "--filename=-", stdin=_restricted_pod(image))
    else:
        run_pod(registry.cluster, namespace, "pulls", image)
    try:
        wait_running(registry.cluster, namespace, "pulls")
        assert "Hello from your own registry" in kubectl(registry.cluster, "logs", "pulls", f"--namespace={namespace}")
    finally:
        kubectl(registry.cluster, "delete", "pod", "pulls", f"--namespace={namespace}", "--now")


def _restricted_pod(image: str) -> str:
    return f"""\
apiVersion: v1
kind: Pod
metadata: {{name: pulls}}
spec:
  securityContext: {{runAsNonRoot: true, runAsUser: 1000, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: pulls
      image: {image}
      imagePullPolicy: Always
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""


def test_a_pod_in_a_namespace_without_the_secret_does_not_get_the_image(registry: Release, image: str) -> None:
    create_namespace(registry.cluster, OUTSIDE)
    run_pod(registry.cluster, OUTSIDE, "refused", image)
    try:
        message = _waiting_message(registry.cluster, OUTSIDE, "refused")
        assert "401" in message or "no basic auth credentials" in message or "authorization failed" in message
    finally:
        kubectl(registry.cluster, "delete", "namespace", OUTSIDE, "--wait=false")


def _waiting_message(cluster: Cluster, namespace: str, name: str) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        statuses = get(cluster, "pod", namespace, name)["status"].get("containerStatuses", [])
        for status in statuses:
            assert "running" not in status["state"]
            if status["state"].get("waiting", {}).get("reason") == "ErrImagePull":
                return str(status["state"]["waiting"]["message"])
        time.sleep(0.2)
    raise AssertionError("the Pod did not fail to pull within 60 s")


def test_others_pull_secrets_stay_in_place_and_in_order(cluster: Cluster, make_release: MakeRelease) -> None:
    release = make_release("beside-others", cluster.hosts[1])
    release.gen = ("--namespace=ns-others",)
    release.generate()
    create_namespace(cluster, "ns-others")
    before = [{"name": "theirs-one"}, {"name": "theirs-two"}]
    kubectl(
        cluster, "patch", "serviceaccount", "default", "--namespace=ns-others", "--type=merge",
        f"--patch={{\"imagePullSecrets\": {before}}}".replace("'", '"'),
    )  # fmt: skip
    release.set({"storage": {"type": "emptyDir"}})
    release.install()
    ours = f"{release.fullname}-pull"
    assert image_pull_secrets(cluster, "ns-others") == ["theirs-one", "theirs-two", ours]
    assert image_pull_secrets(cluster, release.namespace) == [ours]

    release.uninstall(wait=False)

    assert image_pull_secrets(cluster, "ns-others") == ["theirs-one", "theirs-two"]
    assert image_pull_secrets(cluster, release.namespace) == []
    assert ours not in kubectl(cluster, "get", "secrets", "--all-namespaces", "--output=name")
    kubectl(cluster, "delete", "namespace", "ns-others", "--wait=false")


def test_a_secret_of_that_name_that_belongs_to_somebody_else_is_left_alone_and_reported(
    cluster: Cluster, make_release: MakeRelease
) -> None:
    release = make_release("meets-foreign", cluster.hosts[1])
    release.gen = ("--namespace=ns-foreign",)
    release.generate()
    create_namespace(cluster, "ns-foreign")
    name = f"{release.fullname}-pull"
    foreign = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "ns-foreign"},
        "stringData": {"theirs": "kept"},
    }
    apply(cluster, foreign)
    before = get(cluster, "secret", "ns-foreign", name)
    release.set({"storage": {"type": "emptyDir"}})

    installed = release.install()

    assert "ns-foreign" in installed.stdout + installed.stderr
    assert "REFUSED" in installed.stdout + installed.stderr
    assert get(cluster, "secret", "ns-foreign", name) == before
    assert image_pull_secrets(cluster, "ns-foreign") == []
    assert image_pull_secrets(cluster, release.namespace) == [name]  # the others are served all the same
    release.uninstall(wait=False)
    assert get(cluster, "secret", "ns-foreign", name) == before
    kubectl(cluster, "delete", "namespace", "ns-foreign", "--wait=false")
