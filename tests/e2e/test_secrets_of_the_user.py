"""Secrets that the user brings: used when they are right, named when they are not."""

import json
import time

import pytest
from ruamel.yaml import YAML

from tests.cluster.cluster import Cluster
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import Release, apply, get, image_pull_secrets, said
from tests.e2e.test_install import http_status, login


@pytest.fixture
def release(cluster: Cluster, make_release: MakeRelease) -> Release:
    """A release whose users, HTTP secret and pull credential come from existing Secrets."""
    made = make_release("brings-own", cluster.hosts[1])
    made.generate()
    access = [{"name": "admin", "role": "admin"}, {"name": "ci", "role": "push"}, {"name": "cluster", "role": "pull"}]
    made.set(
        {
            "auth": {"users": [], "existingSecret": "own-users", "access": access},
            "httpSecret": {"value": "", "existingSecret": "own-http-secret"},
            "pullSecrets": {"credential": {"username": "", "password": ""}, "existingSecret": "own-pull"},
            "storage": {"type": "emptyDir"},
        }
    )
    return made


def bring_secrets(release: Release, users_key: str = "htpasswd") -> None:
    values = YAML(typ="safe").load(release.values.read_text())
    htpasswd = "".join(f"{user['name']}:{user['hash']}\n" for user in values["auth"]["users"])
    credential = values["pullSecrets"]["credential"]
    entry = {"username": credential["username"], "password": credential["password"]}
    config = json.dumps({"auths": {release.host: entry}})
    for name, kind, data in (
        ("own-users", "Opaque", {users_key: htpasswd}),
        ("own-http-secret", "Opaque", {"httpSecret": values["httpSecret"]["value"]}),
        ("own-pull", "kubernetes.io/dockerconfigjson", {".dockerconfigjson": config}),
    ):
        metadata = {"name": name, "namespace": release.namespace}
        apply(release.cluster, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind,
                                "stringData": data})  # fmt: skip


def test_existing_secrets_serve_instead_of_values(release: Release) -> None:
    bring_secrets(release)
    release.install()
    url = f"https://{release.host}/v2/"
    assert http_status(release, url, *login(release, "admin", release.password("admin")))[0] == 200
    assert "200" in said(release.test())
    assert image_pull_secrets(release.cluster, "default").count(f"{release.fullname}-pull") == 1
    release.uninstall(wait=False)
    assert f"{release.fullname}-pull" not in image_pull_secrets(release.cluster, "default")
    assert get(release.cluster, "secret", release.namespace, "own-pull")  # the user's own stays


def wait_for_event(release: Release, text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in (said := events_of(release)):
        assert time.monotonic() < deadline, said
        time.sleep(0.5)


def events_of(release: Release) -> str:
    items = get(release.cluster, "events", release.namespace)["items"]
    return "\n".join(item["message"] for item in items)


def test_a_missing_existing_secret_is_named_by_an_event_of_the_pod(release: Release) -> None:
    release.install("--timeout=3s", check=False)
    wait_for_event(release, 'secret "own-users" not found')
    assert release.pod()["status"]["phase"] == "Pending"


def test_an_existing_secret_without_the_key_is_named_by_an_event_of_the_pod(release: Release) -> None:
    bring_secrets(release, users_key="users.txt")
    release.install("--timeout=3s", check=False)
    wait_for_event(release, "htpasswd")
    assert release.pod()["status"]["phase"] == "Pending"
