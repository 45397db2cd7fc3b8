"""The doctor with Pods that really fail, and `check` from a Pod."""

import base64
import json
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from privreg_values.pull_secret.docker_config import Credential, make
from tests.cluster.cluster import Cluster
from tests.cluster.paths import ROOT
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import Release, Values, apply, create_namespace, get, kubectl, wait_running

SERVED, BARE, FOREIGN = "ns-doctor", "ns-doctor-bare", "ns-doctor-foreign"
SECRET_TYPE = "kubernetes.io/dockerconfigjson"

# Each Pod, by its namespace: the image that it asks for, the Secret that it names, its ServiceAccount.
PODS = {
    (SERVED, "healthy"): ("doctor/hello:1", "", "default"),
    (SERVED, "missing-tag"): ("doctor/hello:2", "", "default"),
    (SERVED, "missing-repository"): ("doctor/helo:1", "", "default"),
    (SERVED, "not-patched"): ("doctor/hello:1", "", "builder"),
    (SERVED, "wrong-host"): ("doctor/hello:1", "of-another-host", "default"),
    (SERVED, "refused"): ("doctor/hello:1", "with-a-wrong-password", "default"),
    (SERVED, "denied"): ("doctor/hello:1", "of-a-limited-user", "default"),
    (SERVED, "capitals"): ("Doctor/hello:1", "", "default"),
    (BARE, "no-secret"): ("doctor/hello:1", "", "default"),
    (FOREIGN, "foreign"): ("doctor/hello:1", "", "default"),
}
EXPECTED = {
    f"Pod {SERVED}/missing-tag": "no-tag",
    f"Pod {SERVED}/missing-repository": "no-repository",
    f"Pod {SERVED}/not-patched": "account-not-patched",
    f"Pod {SERVED}/wrong-host": "wrong-host",
    f"Pod {SERVED}/refused": "refused",
    f"Pod {SERVED}/denied": "denied",
    f"Pod {SERVED}/capitals": "image-name",
    f"Pod {BARE}/no-secret": "no-secret",
    f"Pod {FOREIGN}/foreign": "foreign-secret",
    f"namespace {FOREIGN}": "foreign-secret",
}


@pytest.fixture(scope="module")
def release(cluster: Cluster, make_module_release: MakeRelease) -> Iterator[Release]:
    """A release, and Pods that fail for a reason each."""
    release = make_module_release("doctored", cluster.hosts[2])
    release.gen = (f"--namespace={SERVED}", f"--namespace={FOREIGN}")
    release.generate()
    release.values_cli("users", "add", "jane", "--role=pull", "--repository=elsewhere/**")
    for namespace in (SERVED, BARE, FOREIGN):
        create_namespace(cluster, namespace)
    apply(
        cluster,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder", "namespace": SERVED}},
        secret("of-another-host", SERVED, f"{release.host}.example.com", release.password("cluster")),
        secret("with-a-wrong-password", SERVED, release.host, "guessed"),
        secret("of-a-limited-user", SERVED, release.host, release.password("jane"), "jane"),
        secret(f"{release.fullname}-pull", FOREIGN, "docker.io", "theirs"),
    )
    release.set({"storage": {"type": "emptyDir"}})
    release.install()
    release.push_hello("doctor/hello:1")
    apply(cluster, *(pod(release.host, key, asked) for key, asked in PODS.items()))
    wait_running(cluster, SERVED, "healthy")
    wait_failing(cluster)
    yield release
    for namespace in (SERVED, BARE, FOREIGN):
        kubectl(cluster, "delete", "namespace", namespace, "--wait=false")


def secret(name: str, namespace: str, host: str, password: str, user: str = "cluster") -> Values:
    config = base64.b64encode(make(host, Credential(user, password)).encode()).decode()
    metadata = {"name": name, "namespace": namespace}
    data = {".dockerconfigjson": config}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": SECRET_TYPE, "data": data}


def pod(host: str, key: tuple[str, str], asked: tuple[str, str, str]) -> Values:
    (namespace, name), (image, named, account) = key, asked
    container = {"name": "app", "image": f"{host}/{image}", "imagePullPolicy": "Always"}
    references = {"imagePullSecrets": [{"name": named}]} if named else {}
    spec = {"serviceAccountName": account, "containers": [container], **references}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def wait_failing(cluster: Cluster) -> None:
    """Return when every Pod but the healthy one waits for its image in vain."""
    deadline = time.monotonic() + 60
    while True:
        failing = [name for namespace in (SERVED, BARE, FOREIGN) for name in failing_in(cluster, namespace)]
        if len(failing) == len(PODS) - 1:
            return
        assert time.monotonic() < deadline, f"only these fail: {failing}"
        time.sleep(0.3)


def failing_in(cluster: Cluster, namespace: str) -> list[str]:
    return [
        it["metadata"]["name"]
        for it in get(cluster, "pods", namespace)["items"]
        for status in it["status"].get("containerStatuses", [])
        if status["state"].get("waiting", {}).get("reason") in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName")
    ]


def trusting(release: Release) -> list[str]:
    return [f"--ca-file={release.cluster.pki / 'ca.crt'}"] if release.cluster.pki else []


def doctor(release: Release, *arguments: str) -> tuple[int, Values]:
    ended = release.values_cli("doctor", *arguments, *trusting(release), "--json", check=False)
    answer: Values = json.loads(ended.stdout)
    assert release.password("cluster") not in ended.stdout + ended.stderr
    return ended.returncode, answer


def by_place(answer: Values) -> dict[str, str]:
    return {where: it["trouble"] for it in answer["findings"] for where in it["where"] if not it["harmless"]}


def test_everything_that_fails_is_named_with_its_reason_and_nothing_else(release: Release) -> None:
    code, answer = doctor(release)
    assert code == 1
    assert by_place(answer) == EXPECTED
    assert answer["unseen"] == []
    said = json.dumps(answer["findings"])
    ours = f"{release.fullname}-pull"
    for words in (
        "the repository doctor/hello has no 2; it has 1",
        f"has a login for {release.host}.example.com, and none for {release.host}",
        f"the ServiceAccount builder of namespace {SERVED} does not name the Secret {ours}",
        f"namespace {BARE} has no pull Secret ({ours})",
        f"`privreg-values pull-secret --output commands --namespace {BARE}`",
        f"the Secret {ours} of namespace {FOREIGN} was not made by privreg",
        f"so release {release.namespace}/{release.name} leaves it alone and delivers nothing there",
        "(Event PullSecretRefused of 20",
        f"if nobody needs it, `kubectl delete secret {ours} --namespace {FOREIGN}`, and then run `helm upgrade`",
    ):
        assert words in said


def test_a_pod_that_has_its_image_is_well(release: Release) -> None:
    code, answer = doctor(release, SERVED, "healthy")
    assert (code, answer["findings"], answer["ok"]) == (0, [], True)


def test_the_commands_of_pull_secret_let_a_namespace_pull(release: Release) -> None:
    """What the doctor recommends, typed by hand."""
    cluster = release.cluster
    commands = release.values_cli("pull-secret", "--output", "commands", "--namespace", BARE).stdout
    commands = commands.replace("privreg-values", str(ROOT / ".venv" / "bin" / "privreg-values"))
    environment = cluster.environment()
    subprocess.run(["sh", "-e"], input=commands, text=True, cwd=release.folder, env=environment, check=True)
    kubectl(cluster, "delete", "pod", "no-secret", f"--namespace={BARE}", "--now")
    apply(cluster, pod(release.host, (BARE, "by-hand"), ("doctor/hello:1", "", "default")))
    wait_running(cluster, BARE, "by-hand")


def checks_in(release: Release) -> list[str]:
    selector = "--selector=app.kubernetes.io/component=check"
    pods = get(release.cluster, "pods", release.namespace, selector)["items"]
    return [it["metadata"]["name"] for it in pods if "deletionTimestamp" not in it["metadata"]]


def test_check_passes_every_step_from_a_restricted_pod_that_is_removed(release: Release) -> None:
    restricted = "pod-security.kubernetes.io/enforce=restricted"
    kubectl(release.cluster, "label", "namespace", release.namespace, restricted, "--overwrite")
    ended = release.values_cli("check", "--in-cluster", f"--release={release.name}", "--json", *trusting(release))
    report = json.loads(ended.stdout)
    assert report["ok"] is True
    assert [step["name"] for step in report["steps"]][-3:] == ["push", "pull", "delete"]
    assert "from the Pod doctored-check-" in ended.stderr
    assert checks_in(release) == []


def test_an_interrupted_check_leaves_no_pod(release: Release) -> None:
    program = ["env", f"--chdir={release.folder}", str(ROOT / ".venv" / "bin" / "privreg-values"), "check"]
    command = [*program, "--in-cluster", f"--release={release.name}", *trusting(release)]
    running = subprocess.Popen(
        release.cluster.inside(command), env=release.cluster.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not checks_in(release):
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert checks_in(release) == []
