"""A release by the CLI alone: made, looked at, changed, failed, and taken away."""

import json
import signal
import subprocess
import time

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.paths import ROOT
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import Release, get, image_pull_secrets, kubectl, run_helm
from tests.e2e.test_install import http_status, login

NEVER = {
    "image": {"tag": "no-such-version", "pullPolicy": "Never"}
}  # refused at once, where a pull would take its time


@pytest.fixture(scope="module")
def release(cluster: Cluster, make_module_release: MakeRelease) -> Release:
    """Values and a certificate, and nothing installed yet; the tests of this file go on from each other."""
    made = make_module_release("applied", cluster.hosts[2])
    made.generate()
    return made


def call(release: Release, command: str, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    where = (f"--release={release.name}", f"--namespace={release.namespace}")
    ended = release.values_cli(command, *arguments, *where, check=False)
    assert ended.returncode == code, ended.stderr + ended.stdout
    return ended


def files(release: Release) -> tuple[str, ...]:
    return "values.yaml", *(path.name for path in release.overlays)


def lets_in(release: Release, user: str) -> bool:
    arguments = login(release, user, release.password(user))
    return http_status(release, f"https://{release.host}/v2/", *arguments)[0] == 200


def test_a_new_release_is_followed_until_each_object_is_ready(release: Release) -> None:
    ended = call(release, "apply")
    name = release.fullname
    seen = [ended.stderr.index(line) for line in (
        f"✓ Service {name}: is there",
        f"… Deployment {name}: 0 of 1 ready",
        f"✓ Deployment {name}: 1 of 1 ready",
        f"✓ Job {name}-pull-secrets-deliver: has ended well",
    )]  # fmt: skip
    assert seen == sorted(seen)
    assert "revision 1 is deployed" in ended.stdout
    assert lets_in(release, "admin")
    assert f"{name}-pull" in image_pull_secrets(release.cluster, release.namespace)


def test_its_status_is_all_well(release: Release) -> None:
    answer = json.loads(call(release, "status", "--json").stdout)
    assert (answer["ok"], answer["revision"], answer["host"]) == (True, 1, release.host)
    assert answer["certificate"]["detail"].startswith("good until 20")
    assert answer["gateway"] == {"ok": True, "detail": "the configuration is the current one"}
    assert all(it["ready"] for it in answer["objects"])
    assert answer["hooks"][f"{release.fullname}-pull-secrets-deliver"] == "Succeeded"


def test_a_change_is_shown_before_it_is_made(release: Release) -> None:
    assert "is what values.yaml says" in call(release, "diff").stdout
    release.values_cli("users", "add", "jane", "--role=push")
    assert "htpasswd: (hidden, changed)" in call(release, "diff", code=1).stdout
    assert "revision 2 is deployed" in call(release, "apply").stdout


def revisions(release: Release) -> list[int]:
    where = f"--namespace={release.namespace}"
    history = run_helm(release.cluster, "helm", "history", release.name, where, "--output=json")
    return [it["revision"] for it in json.loads(history.stdout)]


def test_an_interrupted_change_says_what_to_type_next_and_that_works(release: Release) -> None:
    release.set(NEVER)
    program = [str(ROOT / ".venv" / "bin" / "privreg-values"), "apply", *files(release)]
    where = [f"--release={release.name}", f"--namespace={release.namespace}"]
    process = subprocess.Popen(
        [*program, *where],
        cwd=release.folder, env=release.cluster.environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while len(revisions(release)) < 3:
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "revision 3 is failed" in said, said
    remedy = f"helm rollback {release.name} 2 --namespace {release.namespace}"
    assert f"go back with `{remedy}`" in said
    run_helm(release.cluster, *remedy.split())
    assert call(release, "diff", "values.yaml").returncode == 0


def test_a_change_that_fails_is_explained_and_the_old_release_works_again(release: Release) -> None:
    ended = call(release, "apply", *files(release), "--timeout=6", code=1)
    assert "cause the image docker.io/library/registry:no-such-version is not on the node" in ended.stderr
    assert f"{release.overlays[-1].name}:1:" in ended.stderr
    assert "image.tag" in ended.stderr
    assert "revision 4 is in force again, as revision 6" in ended.stderr
    assert release.pod()["spec"]["containers"][0]["image"] == "docker.io/library/registry:3.1.2"
    assert lets_in(release, "admin")
    assert call(release, "diff").returncode == 0


def test_a_configuration_that_the_gateway_refuses_is_in_the_status(release: Release) -> None:
    patch = json.dumps({"stringData": {"htpasswd": "admin:no-hash\n"}})
    secret = f"secret/{release.fullname}-htpasswd"
    kubectl(release.cluster, "patch", secret, f"--namespace={release.namespace}", "--type=merge", f"--patch={patch}")
    deadline = time.monotonic() + 120  # the kubelet brings changed Secrets within its sync period
    where = (f"--release={release.name}", f"--namespace={release.namespace}")
    while (ended := release.values_cli("status", *where, check=False)).returncode == 0:
        assert time.monotonic() < deadline, "the gateway has not refused it"
        time.sleep(1)
    said = " ".join(ended.stdout.split())
    assert "✗ gateway: Pod" in said
    assert "the one before is active: line 1 of htpasswd is no user with a bcrypt hash" in said


def test_what_stays_after_an_uninstall_is_said_and_the_rest_is_gone(release: Release) -> None:
    ended = call(release, "uninstall", "--yes")
    assert f"namespace default, {release.namespace}" in ended.stderr
    assert f"kept: PersistentVolumeClaim {release.fullname}" in ended.stdout
    assert get(release.cluster, "persistentvolumeclaims", release.namespace)["items"]
    assert f"{release.fullname}-pull" not in image_pull_secrets(release.cluster, "default")
    assert "there is no release" in call(release, "status", code=1).stderr
