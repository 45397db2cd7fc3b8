"""`doctor` as a whole: with a real API server, and the real registry on loopback."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from choosing import Settings
from delivery import Place as DeliveryPlace
from delivery import Refused, put_secret
from kubernetes_api import Api
from privreg_values.pull_secret.docker_config import Credential, make
from tests.cluster.paths import BIN
from tests.control_plane import ADMIN_TOKEN, ControlPlane
from tests.unit.conftest import Cli, Ended
from tests.unit.ill_server import CHALLENGE, Answer, Request, serving
from tests.unit.registry_site import HOST, PASSWORD, USER, RunningRegistry

KNOWN, STRANGER = Credential(USER, PASSWORD), Credential(USER, "guessed")
IMAGE = f"{HOST}/team/app"
SETTINGS = {
    "secretName": "privreg-pull",
    "sourceSecret": "privreg-credential",
    "serviceAccounts": ["default"],
    "own": True,
}
CHOSEN = {
    "namespaces": ["doctor-chosen-*"],
    "excludeNamespaces": ["*-excluded"],
    "namespaceSelector": {"matchLabels": {"doctor": "pulls"}},
}
THE_PROGRAMS = {
    **SETTINGS,
    **CHOSEN,
    "release": "doctor-home/privreg",
    "releaseNamespace": "doctor-home",
    "everywhere": True,
    "strict": False,
    "watcher": "",
}
UNAUTHORIZED = "pulling from host registry.example.com failed with status code [manifests 1]: 401 Unauthorized"


@pytest.fixture
def site(control_plane: ControlPlane, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlPlane]:
    """A cluster with one release; it goes with the test, so that the next one finds its own only."""
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(folder / "kubeconfig")))
    home = "doctor-home"
    if control_plane.call("GET", f"/api/v1/namespaces/{home}")[0] == 404:
        control_plane.create_namespace(home)
    release(control_plane, home)
    secret(control_plane, home, "privreg-credential", KNOWN)
    yield control_plane
    control_plane.must("DELETE", f"/api/v1/namespaces/{home}/secrets/privreg-credential")
    control_plane.must("DELETE", f"/api/v1/namespaces/{home}/configmaps/privreg-programs")


def release(site: ControlPlane, home: str) -> None:
    labels = {"app.kubernetes.io/component": "programs", "app.kubernetes.io/instance": "privreg"}
    settings = {**SETTINGS, "release": f"{home}/privreg", "releaseNamespace": home, **CHOSEN}
    data = {"check_login.py": "", "settings.json": json.dumps(settings)}
    site.must(
        "POST",
        f"/api/v1/namespaces/{home}/configmaps",
        {"metadata": {"name": "privreg-programs", "labels": labels}, "data": data},
    )


def secret(site: ControlPlane, namespace: str, name: str, credential: Credential, host: str = HOST) -> None:
    data = {".dockerconfigjson": base64.b64encode(make(host, credential).encode()).decode()}
    annotations = {"privreg.io/release": "doctor-home/privreg"}
    metadata = {"name": name, "annotations": annotations}
    body = {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": data}
    site.must("POST", f"/api/v1/namespaces/{namespace}/secrets", body)


def pod(site: ControlPlane, namespace: str, name: str, image: str, words: str = "", **spec: object) -> None:
    """A Pod whose node says `words` about its image, as the kubelet would write it."""
    containers = [{"name": "app", "image": image}]
    path = f"/api/v1/namespaces/{namespace}/pods"
    site.must("POST", path, {"metadata": {"name": name}, "spec": {"containers": containers, **spec}})
    waiting = {"reason": "ImagePullBackOff", "message": words}
    state = {"waiting": waiting} if words else {"running": {}}
    status = {"name": "app", "image": image, "imageID": "", "ready": not words, "restartCount": 0, "state": state}
    site.must("PATCH", f"{path}/{name}/status", {"status": {"containerStatuses": [status]}})


def doctor(cli: Cli, registry: RunningRegistry, *arguments: str) -> Ended:
    return cli("doctor", *arguments, f"--ca-file={registry.ca}", f"--connect-to={registry.address}")


def served(site: ControlPlane, namespace: str, credential: Credential = KNOWN) -> None:
    site.create_namespace(namespace, "default")
    secret(site, namespace, "privreg-pull", credential)
    references = {"imagePullSecrets": [{"name": "privreg-pull"}]}
    site.must("PATCH", f"/api/v1/namespaces/{namespace}/serviceaccounts/default", references)


def test_a_namespace_that_is_well_gets_one_line_and_0(site: ControlPlane, registry: RunningRegistry, cli: Cli) -> None:
    served(site, "doctor-well")
    pod(site, "doctor-well", "app", f"{IMAGE}:1")
    ended = doctor(cli, registry, "doctor-well")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("\n") == 1
    assert f"no Pod of namespace doctor-well waits for an image, and new ones can pull from {HOST}" in ended.out


def test_facts_of_cluster_and_registry_come_together(site: ControlPlane, registry: RunningRegistry, cli: Cli) -> None:
    namespace = "doctor-ill"
    served(site, namespace)
    secret(site, namespace, "guessed", STRANGER)
    secret(site, namespace, "elsewhere", KNOWN, "registry.example.co")
    for name in ("guessed", "elsewhere", "absent"):
        pod(site, namespace, name, f"{IMAGE}:1", UNAUTHORIZED, imagePullSecrets=[{"name": name}])
    tagless = "x509: certificate signed by unknown authority"
    pod(site, namespace, "tagless", f"{IMAGE}:2", tagless, imagePullSecrets=[{"name": "privreg-pull"}])

    ended = doctor(cli, registry, namespace, "--json")

    assert ended.code == 1
    found = {where: it["trouble"] for it in json.loads(ended.out)["findings"] for where in it["where"]}
    assert found == {
        f"Pod {namespace}/guessed": "refused",
        f"Pod {namespace}/elsewhere": "wrong-host",
        f"Pod {namespace}/absent": "no-secret",
        f"Pod {namespace}/tagless": "no-tag",
    }
    assert PASSWORD not in ended.out
    assert base64.b64encode(PASSWORD.encode()).decode() not in ended.out
    alone = json.loads(doctor(cli, registry, namespace, "tagless", "--json").out)
    assert [it["trouble"] for it in alone["findings"]] == ["no-tag"]


def test_without_a_namespace_all_of_them_are_looked_at(site: ControlPlane, registry: RunningRegistry, cli: Cli) -> None:
    served(site, "doctor-stale", STRANGER)
    site.create_namespace("doctor-bare", "default")
    pod(site, "doctor-bare", "app", f"{IMAGE}:1", UNAUTHORIZED)
    pod(site, "doctor-bare", "other", "elsewhere.example.com/app:1", UNAUTHORIZED)
    ended = doctor(cli, registry, "--json")
    found = {(it["trouble"], where) for it in json.loads(ended.out)["findings"] for where in it["where"]}
    assert ("refused", "namespace doctor-stale") in found
    assert ("no-secret", "Pod doctor-bare/app") in found
    assert ("no-pod", "release doctor-home/privreg") in found
    assert not [where for _, where in found if where.endswith("/other") or where == "namespace doctor-bare"]


def test_namespaces_are_looked_at_as_they_are_chosen(site: ControlPlane, registry: RunningRegistry, cli: Cli) -> None:
    """By pattern and by label, without those that are excluded or opt out; a ServiceAccount may opt out as well."""
    label, opt_out = {"labels": {"doctor": "pulls"}}, {"annotations": {"privreg.io/opt-out": "true"}}
    metadata: dict[str, dict[str, Any]] = {
        "doctor-chosen-a": {},
        "doctor-chosen-out": opt_out,
        "doctor-chosen-excluded": {},
        "doctor-labelled": label,
        "doctor-labelled-out": {**label, **opt_out},
        "doctor-plain": {},
    }
    for name, more in metadata.items():
        site.create_namespace(name, "default")
        site.must("PATCH", f"/api/v1/namespaces/{name}", {"metadata": more})
    served(site, "doctor-chosen-account")
    account = "/api/v1/namespaces/doctor-chosen-account/serviceaccounts/default"
    site.must("PATCH", account, {"metadata": opt_out, "imagePullSecrets": None})
    pod(site, "doctor-chosen-account", "app", f"{IMAGE}:1", UNAUTHORIZED)
    try:
        findings = json.loads(doctor(cli, registry, "--json").out)["findings"]
        missing = {where for it in findings if it["trouble"] == "no-secret" for where in it["where"]}
        assert {it.removeprefix("namespace ") for it in missing}.intersection(metadata) == {
            "doctor-chosen-a",
            "doctor-labelled",
        }
        (unpatched,) = (it for it in findings if it["trouble"] == "account-not-patched")
        assert unpatched["where"] == ["Pod doctor-chosen-account/app"]
        assert 'the ServiceAccount has the annotation privreg.io/opt-out: "true"' in unpatched["what"]
        (out,) = json.loads(doctor(cli, registry, "doctor-labelled-out", "--json").out)["findings"]
        assert 'the namespace has the annotation privreg.io/opt-out: "true"' in out["what"]
        (excluded,) = json.loads(doctor(cli, registry, "doctor-chosen-excluded", "--json").out)["findings"]
        assert "it is excluded by *-excluded" in excluded["what"]
    finally:
        for name in (*metadata, "doctor-chosen-account"):
            site.must("DELETE", f"/api/v1/namespaces/{name}")


def test_the_requests_do_not_grow_with_the_namespaces_that_are_well(
    site: ControlPlane, registry: RunningRegistry, cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        served(site, f"doctor-many-{number}")
    counting = folder / "kubectl"
    counting.write_text(f'#!/bin/sh\necho "$*" >> {folder}/calls\nexec {BIN}/kubectl "$@"\n')
    counting.chmod(0o700)
    monkeypatch.setenv("PRIVREG_KUBECTL", str(counting))
    doctor(cli, registry, "--json")
    calls = (folder / "calls").read_text().splitlines()
    assert not [call for call in calls if "doctor-many" in call]
    assert len(calls) < 20


def test_a_registry_that_does_not_get_its_volume_is_told(
    site: ControlPlane, registry: RunningRegistry, cli: Cli
) -> None:
    labels = {"app.kubernetes.io/component": "registry", "app.kubernetes.io/instance": "privreg"}
    path = "/api/v1/namespaces/doctor-home"
    body = {
        "metadata": {"name": "privreg-0", "labels": labels},
        "spec": {"containers": [{"name": "r", "image": "r:3"}]},
    }
    site.must("POST", f"{path}/pods", body)
    waiting = {"name": "r", "image": "r:3", "imageID": "", "ready": False, "restartCount": 0}
    waiting["state"] = {"waiting": {"reason": "ContainerCreating"}}
    site.must("PATCH", f"{path}/pods/privreg-0/status", {"status": {"containerStatuses": [waiting]}})
    event = {
        "metadata": {"name": "privreg-0.1"},
        "involvedObject": {"kind": "Pod", "name": "privreg-0", "namespace": "doctor-home"},
        "type": "Warning",
        "reason": "FailedMount",
        "message": 'MountVolume.SetUp failed for volume "storage" : hostPath type check failed: /x is not a directory',
    }
    site.must("POST", f"{path}/events", event)
    try:
        answer = json.loads(doctor(cli, registry, "--json").out)
        (found,) = (it for it in answer["findings"] if it["where"] == ["Pod doctor-home/privreg-0"])
        assert found["trouble"] == "storage-type"
        assert "hostPath type check failed: /x is not a directory" in found["what"]
        assert not [it for it in answer["unseen"] if "log" in it]
    finally:
        site.must("DELETE", f"{path}/pods/privreg-0", {"gracePeriodSeconds": 0})


def refuse(site: ControlPlane, folder: Path, namespace: str) -> None:
    """What the program that delivers writes where a Secret stands in its way (files/delivery.py)."""
    identity = site.identity(ADMIN_TOKEN, folder / "identity")
    (folder / "settings.json").write_text(json.dumps(THE_PROGRAMS))
    with Api("127.0.0.1", site.port, identity) as api:
        place = DeliveryPlace(namespace, wanted=True)
        with pytest.raises(Refused):
            put_secret(api, Settings.read(folder / "settings.json"), "e30=", place)


def test_the_event_tells_who_refused_even_those_who_may_read_no_secret_and_no_release(
    site: ControlPlane, registry: RunningRegistry, cli: Cli, folder: Path
) -> None:
    namespace = "doctor-chosen-foreign"
    site.create_namespace(namespace, "default", "reader")
    foreign = {"metadata": {"name": "privreg-pull"}, "data": {"theirs": "eA=="}}
    site.must("POST", f"/api/v1/namespaces/{namespace}/secrets", foreign)
    refuse(site, folder, namespace)
    pod(site, namespace, "app", f"{IMAGE}:1", UNAUTHORIZED)
    words = (
        f"the Secret privreg-pull of namespace {namespace} was not made by privreg, so release doctor-home/privreg "
        "leaves it alone and delivers nothing there (Event PullSecretRefused of 20"
    )
    remedy = f"if nobody needs it, `kubectl delete secret privreg-pull --namespace {namespace}`"
    try:
        for arguments in ([], [namespace]):
            answer = json.loads(doctor(cli, registry, *arguments, "--json").out)
            (found,) = (it for it in answer["findings"] if it["trouble"] == "foreign-secret")
            assert found["where"] == [f"namespace {namespace}", f"Pod {namespace}/app"]
            assert found["what"].startswith(words)
            assert found["remedy"].startswith(remedy)
            answer = json.loads(doctor(cli, registry, *arguments, "--context=it", "--json").out)
            (found,) = (it for it in answer["findings"] if it["trouble"] == "foreign-secret")
            assert found["remedy"].startswith(f"{remedy[:-1]} --context it`")

        may_read(site, folder, namespace, "pods", "events", "serviceaccounts")
        ended = doctor(cli, registry, namespace, f"--host={HOST}", "--json")
        (found,) = json.loads(ended.out)["findings"]
        assert (found["trouble"], found["where"]) == (
            "foreign-secret",
            [f"namespace {namespace}", f"Pod {namespace}/app"],
        )
        assert found["what"].startswith(words)
        assert found["remedy"].startswith(remedy)
    finally:
        site.must("DELETE", f"/api/v1/namespaces/{namespace}")


def test_a_missing_tag_is_seen_also_where_the_credential_is_missing(
    site: ControlPlane, registry: RunningRegistry, cli: Cli
) -> None:
    site.create_namespace("doctor-nothing", "default")
    pod(site, "doctor-nothing", "app", f"{IMAGE}:2", UNAUTHORIZED)
    found = json.loads(doctor(cli, registry, "doctor-nothing", "app", "--json").out)["findings"]
    assert [it["trouble"] for it in found] == ["no-secret", "no-tag"]


@pytest.mark.parametrize(("own", "trouble"), [(True, "denied"), (False, "no-secret")])
def test_a_user_who_may_not_pull_is_named_where_it_is_the_pods_own(
    site: ControlPlane, authority: Path, cli: Cli, own: bool, trouble: str
) -> None:
    """A gateway that knows everybody, and lets nobody have the image."""

    def script(request: Request) -> Answer:
        if "Authorization" not in request.headers:
            return Answer(401, headers=CHALLENGE)
        return Answer(403 if request.method == "HEAD" else 200)

    namespace = f"doctor-denied-{trouble}"
    site.create_namespace(namespace, "default")
    secret(site, namespace, "theirs", KNOWN)
    references = {"imagePullSecrets": [{"name": "theirs"}]} if own else {}
    pod(site, namespace, "app", f"{IMAGE}:1", "403 Forbidden" if own else UNAUTHORIZED, **references)
    with serving(script, authority / "server.crt", authority / "server.key") as server:
        at = [f"--ca-file={authority / 'ca.crt'}", f"--connect-to=127.0.0.1:{server.port}"]
        ended = cli("doctor", namespace, "app", "--json", *at)
    assert [it["trouble"] for it in json.loads(ended.out)["findings"]] == [trouble]


def may_read(site: ControlPlane, folder: Path, namespace: str, *resources: str) -> None:
    """Make the kubeconfig that of the ServiceAccount `reader`, who may read these there and nothing else."""
    rules = [{"apiGroups": [""], "resources": resources, "verbs": ["get", "list"]}]
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    site.must("POST", f"{rbac}/roles", {"metadata": {"name": "reader"}, "rules": rules})
    subject = {"kind": "ServiceAccount", "name": "reader", "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    site.must("POST", f"{rbac}/rolebindings", {"metadata": {"name": "r"}, "roleRef": role, "subjects": [subject]})
    config = json.loads((folder / "kubeconfig").read_text())
    config["users"][0]["user"] = {"token": site.token_of(namespace, "reader")}
    (folder / "kubeconfig").write_text(json.dumps(config))


def test_who_may_read_pods_only_is_told_what_could_not_be_seen(
    site: ControlPlane, registry: RunningRegistry, cli: Cli, folder: Path
) -> None:
    namespace = "doctor-limited"
    site.create_namespace(namespace, "reader")
    may_read(site, folder, namespace, "pods")
    pod(site, namespace, "app", f"{IMAGE}:1", UNAUTHORIZED, imagePullSecrets=[{"name": "theirs"}])

    ended = doctor(cli, registry, namespace, f"--host={HOST}", "--json")

    answer = json.loads(ended.out)
    assert ended.code == 1
    assert [it["trouble"] for it in answer["findings"]] == ["unauthorized"]
    for what in ("the release", "events of", "ServiceAccounts of", "Secrets of", "labels and annotations of"):
        assert any(it.startswith(what) for it in answer["unseen"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no namespace nowhere; `kubectl get namespaces` lists them"),
        (["default", "nobody"], "there is no Pod nobody in namespace default"),
    ],
)
def test_what_is_named_and_not_there_is_said(
    site: ControlPlane, registry: RunningRegistry, cli: Cli, arguments: list[str], message: str
) -> None:
    assert site
    ended = doctor(cli, registry, *arguments)
    assert ended.code == 1
    assert message in ended.err


def test_without_a_release_the_host_has_to_be_named(
    control_plane: ControlPlane, folder: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    monkeypatch.setenv("PRIVREG_KUBECTL", str(BIN / "kubectl"))
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(folder / "kubeconfig")))
    ended = cli("doctor", "default")
    assert ended.code == 2
    assert "no host is known; give --host" in ended.err


def test_two_releases_of_one_host_are_told_apart_by_name(
    site: ControlPlane, registry: RunningRegistry, cli: Cli
) -> None:
    site.create_namespace("doctor-second")
    release(site, "doctor-second")
    secret(site, "doctor-second", "privreg-credential", KNOWN)
    try:
        ended = doctor(cli, registry, "default")
        assert ended.code == 1
        assert "name one with --release and --release-namespace" in ended.err
        assert (
            "there are several releases" not in doctor(cli, registry, "default", "--release-namespace=doctor-home").err
        )
    finally:
        site.must("DELETE", "/api/v1/namespaces/doctor-second/configmaps/privreg-programs")
