"""What `privreg-values node-config containerd` writes, on the embedded node."""

import time
from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.images import HELLO
from tests.cluster.layout import RUN
from tests.cluster.pki import Authority
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import TLS_SECRET, Release, apply, get, kubectl, run_pod, wait_running

CERTS = f"{RUN}/certs.d"
CONFIG = f"CONTAINERD_CONFIG={RUN}/containerd.toml"
REFUSED = "public-registries-are-refused"


@pytest.fixture(scope="module")
def release(cluster: Cluster, make_module_release: MakeRelease) -> Release:
    """A registry whose certificate comes from a CA that nobody knows."""
    made = make_module_release("fresh", cluster.hosts[3])
    made.generate()
    authority = Authority.create(made.folder / "pki")
    authority.issue("registry", made.host, sans=(made.host,))
    data = {f"tls.{part}": (authority.folder / f"registry.{part}").read_text() for part in ("crt", "key")}
    ca = made.folder / "ca" / "ca.crt"
    ca.parent.mkdir()
    ca.write_bytes((authority.folder / "ca.crt").read_bytes())
    kubectl(cluster, "delete", "secret", TLS_SECRET, f"--namespace={made.namespace}")
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "stringData": data}
    apply(cluster, {**secret, "metadata": {"name": TLS_SECRET, "namespace": made.namespace}})
    made.set({"storage": {"type": "emptyDir"}})
    made.install()
    return made


@pytest.fixture
def node(cluster: Cluster, release: Release) -> Iterator[Cluster]:
    """The node, which trusts nothing for this registry until it is told to; in the end it is as it was."""
    mine = f"{CERTS}/{release.host}"
    cluster.run(["mv", mine, f"{CERTS}.kept"])
    yield cluster
    cluster.run(["sh", "-c", f"rm -rf {mine} {CERTS}/_default {CERTS}/docker.io && mv {CERTS}.kept {mine}"])


def run_script(release: Release, *arguments: str) -> str:
    """Write the script and run it on the node."""
    options = ("--ca-file=ca/ca.crt", "--mirror=docker.io", "--login=cluster", f"--config-path={CERTS}")
    script = release.values_cli("node-config", "containerd", *options, "--refuse-public", "--script").stdout
    return release.cluster.run(["env", CONFIG, "sh", "-s", *arguments], stdin=script).stdout


def why_not(cluster: Cluster, namespace: str, pod: str) -> str:
    """What the kubelet says about an image that it could not pull."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for event in get(cluster, "events", namespace, f"--field-selector=involvedObject.name={pod}")["items"]:
            if "Failed to pull" in event["message"]:
                return str(event["message"])
        time.sleep(0.2)
    raise AssertionError(f"no failed pull of {pod}")


def test_a_node_trusts_a_new_ca_mirrors_docker_io_and_refuses_the_rest(release: Release, node: Cluster) -> None:
    namespace = release.namespace
    trust, login = f"--dest-cert-dir={release.folder}/ca", f"--dest-creds=admin:{release.password('admin')}"
    for repository in ("team/hello", "library/mirrored"):
        node.run(
            [
                "skopeo",
                "copy",
                trust,
                login,
                f"docker-archive:{HELLO.archive}",
                f"docker://{release.host}/{repository}:1",
            ]
        )

    run_pod(node, namespace, "before", f"{release.host}/team/hello:1")
    assert "x509" in why_not(node, namespace, "before")

    written = run_script(release)
    assert f"wrote {CERTS}/{release.host}/hosts.toml" in written
    run_pod(node, namespace, "after", f"{release.host}/team/hello:1")
    run_pod(node, namespace, "mirrored", "docker.io/library/mirrored:1")
    run_pod(node, namespace, "refused", "quay.io/somebody/something:1")
    run_pod(node, namespace, "absent", "busybox:1")
    wait_running(node, namespace, "after")
    wait_running(node, namespace, "mirrored")
    assert REFUSED in why_not(node, namespace, "refused")
    # It is not in the mirror: containerd 2 repeats the mirror's answer, containerd 1 that of the address it asked last.
    assert "docker.io/library/busybox:1: not found" in why_not(node, namespace, "absent")

    assert f"removed {CERTS}/_default/hosts.toml" in run_script(release, "undo")
    left = node.run(["ls", CERTS]).stdout.split()
    assert not {release.host, "docker.io", "_default"} & set(left)


def test_a_file_of_somebody_else_is_not_replaced(release: Release, cluster: Cluster) -> None:
    before = cluster.run(["sh", "-c", f"ls -R {CERTS}; cat {CERTS}/*/*"]).stdout
    options = ("--ca-file=ca/ca.crt", "--refuse-public", f"--config-path={CERTS}", "--script")
    script = release.values_cli("node-config", "containerd", *options).stdout
    ended = cluster.run(["sh", "-s"], stdin=script, check=False)
    assert ended.returncode == 1
    assert f"{CERTS}/{release.host}/hosts.toml: is there already and is not ours" in ended.stderr
    assert cluster.run(["sh", "-c", f"ls -R {CERTS}; cat {CERTS}/*/*"]).stdout == before
