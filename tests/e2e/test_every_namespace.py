"""Namespaces chosen by pattern: served when they come, followed when things change, left without a trace."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cluster.cluster import Cluster
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import (
    Release,
    create_namespace,
    get,
    image_pull_secrets,
    kubectl,
    run_pod,
    wait_running,
)

SECRET = "deliverer-privreg-pull"
AT_ONCE = 50  # Pods that are made in the second in which their namespaces are
CHOSEN = {
    "namespaces": ["every-*"],
    "excludeNamespaces": ["every-not-*"],
    "serviceAccounts": ["default", "ci"],
    "inject": "both",
}


@pytest.fixture(scope="module")
def before_all_of_it(cluster: Cluster) -> set[str]:
    """What names privreg before there is this release."""
    return naming(cluster, "privreg")


@pytest.fixture(scope="module")
def deliverer(make_module_release: MakeRelease, cluster: Cluster, before_all_of_it: set[str]) -> Iterator[Release]:
    assert before_all_of_it is not None
    release = make_module_release("deliverer", cluster.hosts[1])
    release.generate()
    release.set({"storage": {"type": "emptyDir"}, "pullSecrets": CHOSEN})
    create_namespace(cluster, "every-one")
    create_namespace(cluster, "every-not-one")
    release.install()
    yield release
    kubectl(
        cluster, "delete", "namespace", "every-one", "every-two", "every-not-one", "--ignore-not-found", "--wait=false"
    )


@pytest.fixture(scope="module")
def image(deliverer: Release) -> str:
    return deliverer.push_hello("every/hello:1")


def eventually(holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def delivered(cluster: Cluster, namespace: str, secret: str = SECRET) -> tuple[str, str]:
    """The host and the password in a delivered Secret."""
    encoded = get(cluster, "secret", namespace, secret)["data"][".dockerconfigjson"]
    ((host, login),) = json.loads(base64.b64decode(encoded))["auths"].items()
    return host, login["password"]


def test_a_namespace_that_comes_later_is_served_and_its_pods_pull(deliverer: Release, image: str) -> None:
    cluster = deliverer.cluster
    create_namespace(cluster, "every-two")
    eventually(lambda: image_pull_secrets(cluster, "every-two") == [SECRET], "the new namespace is not served")
    run_pod(cluster, "every-two", "pulls", image)
    wait_running(cluster, "every-two", "pulls")
    assert image_pull_secrets(cluster, "every-one") == [SECRET]
    assert image_pull_secrets(cluster, "every-not-one") == []
    assert SECRET not in kubectl(cluster, "get", "secrets", "--namespace=every-not-one", "--output=name")


def test_a_pod_made_in_the_same_second_as_its_namespace_runs_fifty_times(deliverer: Release, image: str) -> None:
    cluster = deliverer.cluster
    namespaces = [f"every-second-{number}" for number in range(AT_ONCE)]

    def make(namespace: str) -> None:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "pulls", "namespace": namespace, "labels": {"made": "at-once"}},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "containers": [{"name": "it", "image": image, "imagePullPolicy": "Always"}],
            },
        }
        kubectl(cluster, "create", "namespace", namespace)
        while "created" not in kubectl(cluster, "create", "--filename=-", stdin=json.dumps(pod), check=False):
            time.sleep(0.02)  # Kubernetes refuses a Pod until the ServiceAccount `default` is there

    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(make, namespaces))
        pods = ["pods", "--selector=made=at-once", "--all-namespaces"]
        assert len(kubectl(cluster, "get", *pods, "--output=name").split()) == AT_ONCE
        kubectl(cluster, "wait", "--for=condition=Ready", *pods, "--timeout=60s")
    finally:
        kubectl(cluster, "delete", "namespace", *namespaces, "--ignore-not-found", "--wait=false")


def test_what_an_upgrade_changes_follows_and_a_rollback_brings_it_back(deliverer: Release, image: str) -> None:
    cluster = deliverer.cluster
    kubectl(cluster, "create", "serviceaccount", "ci", "--namespace=every-one")
    eventually(lambda: image_pull_secrets(cluster, "every-one", "ci") == [SECRET], "the new ServiceAccount")
    before = delivered(cluster, "every-one")
    values = deliverer.values.read_text()
    (revision,) = json.loads(deliverer._helm("history", deliverer.name, "--output=json", check=True).stdout)[-1:]

    deliverer.values_cli("users", "rotate", "cluster")
    changed = {"namespaces": ["every-o*"], "serviceAccounts": ["default"], "name": "renamed-pull"}
    deliverer.set({"host": cluster.hosts[2], "pullSecrets": changed})
    deliverer.upgrade()

    host, password = delivered(cluster, "every-one", "renamed-pull")
    assert host == cluster.hosts[2]
    assert password != before[1]
    assert image_pull_secrets(cluster, "every-one") == ["renamed-pull"]
    assert image_pull_secrets(cluster, "every-one", "ci") == []
    assert image_pull_secrets(cluster, "every-two") == []
    secrets = kubectl(cluster, "get", "secrets", "--all-namespaces", "--output=name")
    assert SECRET not in secrets
    assert "renamed-pull" not in kubectl(cluster, "get", "secrets", "--namespace=every-two", "--output=name")

    deliverer._helm("rollback", deliverer.name, str(revision["revision"]), "--wait", check=True)
    deliverer.values.write_text(values)
    deliverer.overlays.pop()
    for namespace, account in (("every-one", "default"), ("every-one", "ci"), ("every-two", "default")):
        eventually(lambda it=namespace, of=account: image_pull_secrets(cluster, it, of) == [SECRET], namespace)  # type: ignore[misc]
    assert delivered(cluster, "every-two") == before
    assert "renamed-pull" not in kubectl(cluster, "get", "secrets", "--all-namespaces", "--output=name")
    run_pod(cluster, "every-two", "pulls-again", image)
    wait_running(cluster, "every-two", "pulls-again")


def test_uninstall_leaves_what_it_is_told_to_and_otherwise_no_trace(
    deliverer: Release, before_all_of_it: set[str]
) -> None:
    cluster = deliverer.cluster
    theirs = {"imagePullSecrets": [{"name": "theirs-one"}, {"name": SECRET}, {"name": "theirs-two"}]}
    kubectl(
        cluster,
        "patch",
        "serviceaccount",
        "default",
        "--namespace=every-one",
        f"--patch={json.dumps(theirs)}",
        "--type=merge",
    )
    kubectl(cluster, "delete", "pod", "--all", "--namespace=every-two", "--now")

    deliverer.set({"pullSecrets": {"keepOnUninstall": True}})
    deliverer.upgrade()
    deliverer.uninstall()
    assert image_pull_secrets(cluster, "every-one") == ["theirs-one", SECRET, "theirs-two"]
    assert delivered(cluster, "every-two")

    deliverer.overlays.pop()
    deliverer.install()
    kubectl(
        cluster,
        "scale",
        "deployment/deliverer-privreg-pull-secrets",
        "--replicas=0",
        f"--namespace={deliverer.namespace}",
    )
    deliverer.uninstall()

    assert image_pull_secrets(cluster, "every-one") == ["theirs-one", "theirs-two"]
    assert image_pull_secrets(cluster, "every-two") == []
    assert naming(cluster, f"{deliverer.namespace}/{deliverer.name}") == set()
    assert naming(cluster, "privreg") <= before_all_of_it, "what is left of other releases, and nothing of this"


def naming(cluster: Cluster, text: str) -> set[str]:
    """Every object in the cluster that has `text` anywhere in it; Events, which Kubernetes forgets itself, apart."""
    resources = kubectl(cluster, "api-resources", "--verbs=list", "--output=name").split()
    kinds = ",".join(it for it in resources if not it.startswith("events") and "metrics.k8s.io" not in it)
    listed = kubectl(cluster, "get", kinds, "--all-namespaces", "--output=json", "--show-managed-fields")
    items = json.loads(listed)["items"]
    assert len(items) > 50
    found = (it for it in items if text in json.dumps(it))
    return {f"{it['kind']} {it['metadata'].get('namespace', '')}/{it['metadata']['name']}" for it in found}
