"""What happens to a release over time: users are added, it is upgraded, it goes."""

import json
import re
import shutil
import time

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.paths import ROOT
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import CHART, Release, create_namespace, create_tls_secret, get, kubectl, said
from tests.e2e.test_install import http_status, login

OLDER_VALUES = ROOT / "tests" / "data" / "older"


@pytest.fixture(scope="module")
def release(cluster: Cluster, make_module_release: MakeRelease) -> Release:
    made = make_module_release("lives", cluster.hosts[1])
    made.generate()
    made.set({"storage": {"delete": {"enabled": True}}})
    made.install()
    return made


def identity(release: Release) -> tuple[str, int]:
    """The Pod and how often its containers were started again."""
    pod = release.pod()
    return pod["metadata"]["uid"], sum(status["restartCount"] for status in pod["status"]["containerStatuses"])


def test_an_upgrade_without_a_change_restarts_nothing(release: Release) -> None:
    before = identity(release)
    release.upgrade()
    assert identity(release) == before


def test_an_added_user_works_without_a_restart(release: Release) -> None:
    before = identity(release)
    release.values_cli("gen", f"--host={release.host}", "--yes", "--user=newcomer")
    arguments = login(release, "newcomer", release.password("newcomer"))
    url = f"https://{release.host}/v2/"
    assert http_status(release, url, *arguments)[0] == 401
    release.upgrade()
    deadline = time.monotonic() + 120  # the kubelet brings changed Secrets within its sync period
    while http_status(release, url, *arguments)[0] != 200:
        assert time.monotonic() < deadline, "the added user is not let in"
        time.sleep(1)
    assert identity(release) == before
    assert http_status(release, url, *login(release, "admin", release.password("admin")))[0] == 200


def test_a_rotated_password_replaces_the_old_one_without_a_restart(release: Release) -> None:
    before = identity(release)
    old = login(release, "ci", release.password("ci"))
    release.values_cli("gen", f"--host={release.host}", "--yes", "--rotate=ci")
    release.upgrade()
    url = f"https://{release.host}/v2/"
    deadline = time.monotonic() + 120
    while http_status(release, url, *old)[0] != 401:
        assert time.monotonic() < deadline, "the old password still works"
        time.sleep(1)
    assert http_status(release, url, *login(release, "ci", release.password("ci")))[0] == 200
    assert identity(release) == before


def test_a_changed_setting_of_the_registry_takes_effect(release: Release) -> None:
    before = identity(release)
    release.set({"log": {"level": "debug"}})
    release.upgrade()
    assert identity(release) != before
    log = kubectl(release.cluster, "logs", f"--namespace={release.namespace}", release.pod()["metadata"]["name"])
    assert "level=debug" in log


def test_space_is_freed_as_the_readme_of_the_chart_says(release: Release) -> None:
    text = (CHART / "README.md").read_text().partition("- **Space.**")[2].partition("\n- **")[0]
    commands = re.findall(r"^ +kubectl (.+)$", text, re.MULTILINE)
    assert len(commands) == 2
    client = release.client()
    auth = f"--authfile={client.home}/config.json"
    image = release.push_hello("space/hello:1")
    client.run("skopeo", "delete", auth, f"docker://{image}")

    switch_writes(release, "off")
    for command in commands:
        ours = f"deployment/{release.fullname} -n {release.namespace}"
        printed = kubectl(release.cluster, *command.replace("deployment/privreg -n privreg", ours).split())
        assert "blob eligible for deletion" in printed or "restarted" in printed
    kubectl(release.cluster, "rollout", "status", f"deployment/{release.fullname}", f"-n={release.namespace}")
    switch_writes(release, "on")

    assert release.push_hello("space/hello:1") == image
    client.run("skopeo", "copy", auth, f"docker://{image}", f"dir:{release.folder}/pulled-again")


def switch_writes(release: Release, how: str) -> None:
    """Upgrade with the registry read-only or not, and wait until it is."""
    release.set({"gateway": {"readOnly": how == "off"}})
    release.upgrade()
    begin_upload = ["--request", "POST", *login(release, "admin", release.password("admin"))]
    url = f"https://{release.host}/v2/space/hello/blobs/uploads/"
    deadline = time.monotonic() + 120
    while http_status(release, url, *begin_upload)[0] != (503 if how == "off" else 202):
        assert time.monotonic() < deadline, f"writes are not {how}"
        time.sleep(1)


def test_uninstalling_keeps_the_volume_and_a_new_release_finds_the_images(release: Release) -> None:
    image = release.push_hello("kept/hello:1").rpartition("/")[2]
    release.uninstall()
    claims = get(release.cluster, "persistentvolumeclaims", release.namespace)["items"]
    assert len(claims) == 1
    left = json.loads(
        kubectl(release.cluster, "get", "all,secrets,configmaps,ingresses,roles,rolebindings,serviceaccounts",
                f"--namespace={release.namespace}", "--output=json",
                f"--selector=app.kubernetes.io/instance={release.name}")
    )  # fmt: skip
    assert [item["metadata"]["name"] for item in left["items"]] == []

    name = claims[0]["metadata"]["name"]
    release.set({"storage": {"persistence": {"existingClaim": name}}})
    release.install()

    config = f"--authfile={release.client().home}/config.json"
    client = release.client()
    assert "amd64" in client.run("skopeo", "inspect", config, f"docker://{release.host}/kept/{image}")


@pytest.mark.parametrize("older", sorted(OLDER_VALUES.glob("*.yaml")), ids=lambda path: path.stem)
def test_values_files_of_earlier_versions_install_and_upgrade(
    older: "object", cluster: Cluster, make_release: MakeRelease
) -> None:
    release = make_release("older", cluster.hosts[2])
    create_namespace(cluster, release.namespace)
    create_tls_secret(cluster, release.namespace)
    shutil.copy(str(older), release.values)
    release.install()
    before = identity(release)
    release.upgrade()
    assert identity(release) == before
    assert "200" in said(release.test())
