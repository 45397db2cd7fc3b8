"""Each kind of storage, on a real node."""

import json
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import Release, get, kubectl


@pytest.fixture
def release(cluster: Cluster, make_release: MakeRelease) -> Release:
    made = make_release("stores", cluster.hosts[1])
    made.generate()
    return made


def test_a_host_folder_of_roots_is_made_writable_and_the_registry_stays_unprivileged(release: Release) -> None:
    folder = "/run/privreg-test-host-path"  # the node's own /run, which ends with the cluster
    release.set({"storage": {"type": "hostPath", "hostPath": {"path": folder}}})
    release.install()
    image = release.push_hello("stored/hello:1")
    assert image
    pod = release.pod()
    for container in pod["spec"]["containers"]:
        user = {**pod["spec"]["securityContext"], **container["securityContext"]}
        assert user["runAsNonRoot"] is True
        assert user["runAsUser"] == 1000
    release.uninstall()
    release.install()
    client = release.client()
    auth = f"--authfile={client.home}/config.json"
    assert "amd64" in client.run("skopeo", "inspect", auth, f"docker://{image}")
    assert release.cluster.kind != "embedded" or not Path(folder).exists()  # nothing reaches the machine


def test_an_empty_dir_is_for_trials_and_the_notes_say_so(release: Release) -> None:
    release.set({"storage": {"type": "emptyDir"}})
    notes = release.install().stdout
    assert "emptyDir" in notes
    assert "lost" in notes


def test_an_nfs_volume_is_accepted_by_the_api_server(release: Release) -> None:
    # The kernel of the test machine need not have an NFS client, so the volume is not mounted here.
    release.set({"storage": {"type": "nfs", "nfs": {"server": "nfs.privreg.test", "path": "/exports/registry"}}})
    accepted = release.install("--dry-run=server", "--hide-secret").stdout
    assert "nfs.privreg.test" in accepted


def test_a_claim_that_is_there_already_is_used(release: Release) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "theirs", "namespace": release.namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    kubectl(release.cluster, "apply", "--filename=-", stdin=json.dumps(claim))
    release.set({"storage": {"persistence": {"existingClaim": "theirs"}}})
    release.install()
    claims = get(release.cluster, "persistentvolumeclaims", release.namespace)["items"]
    assert [item["metadata"]["name"] for item in claims] == ["theirs"]
    assert claims[0]["status"]["phase"] == "Bound"
    release.uninstall(wait=False)
    (left,) = get(release.cluster, "persistentvolumeclaims", release.namespace)["items"]
    assert "deletionTimestamp" not in left["metadata"]


def test_a_claim_goes_with_the_release_when_asked(release: Release) -> None:
    release.set({"storage": {"persistence": {"keep": False}}})
    release.install()
    assert get(release.cluster, "persistentvolumeclaims", release.namespace)["items"]
    release.uninstall()
    assert get(release.cluster, "persistentvolumeclaims", release.namespace)["items"] == []
