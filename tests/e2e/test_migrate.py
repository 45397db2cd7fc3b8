"""A registry that was set up by hand, with an image in it, is brought over by `privreg-values migrate`."""

import json
import os
import shlex
import subprocess
import time

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.images import HELLO, REGISTRY_IMAGE
from tests.cluster.paths import ROOT
from tests.e2e.clients import Client
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import (
    TLS_SECRET,
    Release,
    create_namespace,
    create_tls_secret,
    kubectl,
    run_pod,
    wait_running,
)

MANIFESTS = ROOT / "tests" / "data" / "migrate" / "hand-made" / "privateregistry.yaml"
FOLDER = "/run/privreg-test-hand-made"  # the node's own /run, which ends with the cluster
PASSWORD = "alice-password"


@pytest.fixture
def hand_made(cluster: Cluster, make_release: MakeRelease) -> Release:
    """The old registry, running; the release is not installed yet."""
    release = make_release("moved", cluster.hosts[3])
    create_namespace(cluster, release.namespace)
    create_tls_secret(cluster, release.namespace)
    text = MANIFESTS.read_text()
    for old, new in (
        ("namespace: default", f"namespace: {release.namespace}"),
        ("registry.example.com", release.host),
        ("secretName: registry-example-com", f"secretName: {TLS_SECRET}"),
        (
            "ingress.class: haproxy\n",
            f'ingress.class: {cluster.ingress_class}\n    traefik.ingress.kubernetes.io/router.tls: "true"\n',
        ),
        ("/tmp/privateregistry", FOLDER),
        ("initialDelaySeconds: 30", "initialDelaySeconds: 1"),
        ("      containers:", "      terminationGracePeriodSeconds: 1\n      containers:"),
        (
            "image: registry:2",
            f"image: {REGISTRY_IMAGE.name}\n          command: [/bin/registry, serve, /etc/docker/registry/config.yml]",
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    certificate, rest = text.split("---\n", 1)  # there is no cert-manager here
    assert "kind: Certificate" in certificate
    (release.folder / "registry.yaml").write_text(rest)
    kubectl(cluster, "apply", f"--filename={release.folder}/registry.yaml")
    kubectl(
        cluster, "rollout", "status", "deployment/privateregistry", f"--namespace={release.namespace}", "--timeout=60s"
    )
    _wait_for_the_ingress(release)
    return release


def _wait_for_the_ingress(release: Release) -> None:
    """The controller takes a moment to notice the Ingress; then the registry asks for a login."""
    answer = ["curl", "--insecure", "--silent", "--output", os.devnull, "--write-out", "%{http_code}"]
    deadline = time.monotonic() + 30
    while release.cluster.run([*answer, f"https://{release.host}/v2/"], check=False).stdout != "401":
        assert time.monotonic() < deadline
        time.sleep(0.2)


def client(release: Release) -> Client:
    home = release.folder / "home"
    home.mkdir(exist_ok=True)
    made = Client(release.cluster, release.host, home)
    made.login("alice", PASSWORD)
    return made


def test_an_image_of_the_old_registry_is_pulled_through_the_new_one(hand_made: Release) -> None:
    release, cluster = hand_made, hand_made.cluster
    client(release).push(HELLO.archive, "old/hello:1")
    outcome = json.loads(release.values_cli("migrate", "registry.yaml", "--role", "alice:admin", "--json").stdout)
    assert outcome["host"] == release.host
    for command in outcome["next"]:
        if command.startswith("kubectl "):
            subprocess.run(shlex.split(command), env=cluster.environment(), check=True, capture_output=True)
    kubectl(
        cluster, "wait", "--for=delete", "pod", "--selector=app=privateregistry", f"--namespace={release.namespace}",
        "--timeout=60s",
    )  # fmt: skip
    release.install()
    run_pod(cluster, release.namespace, "old", f"{release.host}/old/hello:1")
    client(release).push(HELLO.archive, "new/hello:1")  # alice has her old password
    run_pod(cluster, release.namespace, "new", f"{release.host}/new/hello:1")
    wait_running(cluster, release.namespace, "old")
    wait_running(cluster, release.namespace, "new")
    check = [str(ROOT / ".venv" / "bin" / "privreg-values"), *shlex.split(outcome["next"][-1])[1:], "--password-stdin"]
    trust = [f"--ca-file={cluster.pki}/ca.crt"] if cluster.pki else []
    cluster.run(["env", f"--chdir={release.folder}", *check, *trust], stdin=PASSWORD)
