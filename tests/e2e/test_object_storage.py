"""Two registries over one bucket: versitygw, an S3 server that is not ours, runs in the cluster and has it."""

import base64
import contextlib
import hashlib
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import pytest

from tests.cluster import images
from tests.cluster.cluster import Cluster
from tests.cluster.progress import Progress
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import Release, Values, apply, get, kubectl, run_pod, wait_running
from tests.e2e.test_install import login

NAMESPACE, STORE, BUCKET = "default", "object-store", "images"
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PART = 4 << 20  # below what S3 takes as a part of its own


@pytest.fixture(scope="module")
def store(cluster: Cluster, registry: Release) -> Iterator[str]:
    """The address of an S3 server with a bucket; its image comes from a registry of ours."""
    image = images.VERSITYGW_IMAGE
    for missing in images.missing((image,)):
        images.make(missing, Progress([images.step(missing)]))
    registry.client().push(image.archive, "store/versitygw:1")
    apply(cluster, *_store(f"{registry.host}/store/versitygw:1"))
    wait_running(cluster, NAMESPACE, STORE)
    yield f"http://{STORE}.{NAMESPACE}.svc.cluster.local:9000"
    kubectl(cluster, "delete", "pod,service,secret", f"--selector=app={STORE}", f"--namespace={NAMESPACE}", "--now")


def _store(image: str) -> list[Values]:
    metadata = {"name": STORE, "namespace": NAMESPACE, "labels": {"app": STORE}}
    container = {
        "name": "versitygw",
        "image": image,
        "args": ["/bin/versitygw", "/data", "/keys", ":9000", BUCKET],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 9000}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "keys", "mountPath": "/keys"}],
    }
    volumes = [{"name": "data", "emptyDir": {}}, {"name": "keys", "secret": {"secretName": STORE}}]
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "stringData": {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": {"app": STORE}, "ports": [{"port": 9000}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": {"containers": [container], "volumes": volumes, "terminationGracePeriodSeconds": 1},
        },
    ]


def bucket(store: str, folder: Path, secret_key: str) -> tuple[str, ...]:
    """Arguments of `gen` for two registries over the bucket."""
    key = folder / "secret-key"
    key.touch(mode=0o600)
    key.write_text(secret_key)
    keys = (f"--s3-access-key={ACCESS_KEY}", f"--s3-secret-key-file={key}")
    return "--profile=ha-s3", f"--s3-bucket={BUCKET}", f"--s3-endpoint={store}", *keys


@pytest.fixture(scope="module")
def refused(store: str, make_module_release: MakeRelease) -> "Iterator[Future[str]]":
    """What `apply` says of a release whose keys are wrong; it comes while the other tests run."""
    release = make_module_release("astray", "astray.privreg.test")
    keys = bucket(store, release.folder, "not-the-secret-of-this-key")

    def said() -> str:
        release.values_cli("gen", f"--host={release.host}", "--yes", "--no-ingress", *keys)
        where = (f"--release={release.name}", f"--namespace={release.namespace}")
        ended = release.values_cli("apply", "--timeout=40", *where, check=False)
        assert ended.returncode == 1, ended.stdout
        return ended.stderr

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(said)


@pytest.fixture(scope="module")
def release(store: str, cluster: Cluster, make_module_release: MakeRelease) -> Release:
    """Two registries; the keys are in a Secret that the CLI made, as a credentials file."""
    made = make_module_release("bucketed", cluster.hosts[1])
    made.gen = (*bucket(store, made.folder, SECRET_KEY), "--manifests=secrets")
    made.generate()
    kubectl(cluster, "apply", f"--namespace={made.namespace}", f"--filename={made.folder / 'secrets'}")
    made.set({"storage": {"delete": {"enabled": True}, "s3": {"rootDirectory": "team/images"}}})
    made.install()
    return made


def registries(release: Release) -> list[str]:
    """The names of the registries' Pods, those that are ending apart."""
    selector = f"app.kubernetes.io/instance={release.name},app.kubernetes.io/component=registry"
    pods = get(release.cluster, "pods", release.namespace, f"--selector={selector}")["items"]
    return [it["metadata"]["name"] for it in pods if "deletionTimestamp" not in it["metadata"]]


@dataclass
class Registry:
    """One of the registries, reached past the Service and the Ingress."""

    address: str
    password: str = field(repr=False)

    def call(
        self, method: str, path: str, data: bytes | None = None, kind: str = "application/octet-stream"
    ) -> tuple[int, Message, bytes]:
        """The status, the headers and the body of an answer."""
        login = base64.b64encode(f"admin:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": kind, "Accept": MANIFEST}
        request = urllib.request.Request(urllib.parse.urljoin(self.address, path), data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()


@contextlib.contextmanager
def reached(release: Release, *pods: str) -> Iterator[list[Registry]]:
    """Each of the Pods by a port of this machine."""
    with contextlib.ExitStack() as stack:
        found = []
        for pod in pods:
            command = ["kubectl", "port-forward", f"--namespace={release.namespace}", f"pod/{pod}", ":5000"]
            process = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, env=release.cluster.environment(), text=True)
            )
            stack.callback(process.terminate)
            assert process.stdout
            line = process.stdout.readline()
            port = re.search(r"127\.0\.0\.1:(\d+)", line)
            assert port, line
            found.append(Registry(f"http://127.0.0.1:{port[1]}", release.password("admin")))
        yield found


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def upload(repository: str, data: bytes, *registries: Registry) -> None:
    """Upload a blob in parts, each to the next of the registries, the last request to the first of them."""
    status, headers, _ = registries[0].call("POST", f"/v2/{repository}/blobs/uploads/")
    assert status == 202
    for number, start in enumerate(range(0, len(data), PART)):
        to = registries[(number + 1) % len(registries)]
        status, headers, body = to.call("PATCH", headers["Location"], data[start : start + PART])
        assert status == 202, body
    status, _, body = registries[0].call("PUT", f"{headers['Location']}&digest={digest(data)}", b"")
    assert status == 201, body


@pytest.mark.usefixtures("refused")
def test_two_registries_are_installed_and_what_is_pushed_is_in_the_bucket(release: Release) -> None:
    assert len(registries(release)) == 2
    pushed = release.push_hello("buckets/hello:1")
    client = release.client("cluster")
    auth = f"--authfile={client.home}/config.json"
    assert json.loads(client.run("skopeo", "inspect", auth, f"docker://{pushed}"))["Architecture"]
    pod = get(release.cluster, "pods", release.namespace, registries(release)[0])
    assert "storage" not in {it["name"] for it in pod["spec"]["volumes"]}
    assert SECRET_KEY not in json.dumps(pod)


def test_an_upload_goes_on_at_the_other_registry_and_both_serve_it(release: Release) -> None:
    blob = os.urandom(5 * PART + 1)
    with reached(release, *registries(release)) as (first, second):
        upload("buckets/parts", blob, first, second)
        for each in (first, second):
            status, _, body = each.call("GET", f"/v2/buckets/parts/blobs/{digest(blob)}")
            assert (status, digest(body)) == (200, digest(blob))


def test_what_one_registry_deletes_the_other_one_does_not_serve_from_memory(release: Release) -> None:
    config, layer = b"{}", os.urandom(1 << 20)
    described = [
        {"mediaType": kind, "digest": digest(data), "size": len(data)}
        for kind, data in (("application/vnd.oci.image.config.v1+json", config), ("application/octet-stream", layer))
    ]
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    ).encode()
    there = [f"manifests/{digest(manifest)}", "manifests/1", f"blobs/{digest(layer)}"]
    with reached(release, *registries(release)) as (first, second):
        for data in (config, layer):
            upload("buckets/deleted", data, first)
        assert first.call("PUT", "/v2/buckets/deleted/manifests/1", manifest, MANIFEST)[0] == 201
        assert [second.call("HEAD", f"/v2/buckets/deleted/{it}")[0] for it in there] == [200, 200, 200]
        assert [first.call("DELETE", f"/v2/buckets/deleted/{it}")[0] for it in there[::2]] == [202, 202]
        for each in (first, second):
            assert [each.call("HEAD", f"/v2/buckets/deleted/{it}")[0] for it in there] == [404, 404, 404]


def test_no_request_is_lost_when_a_registry_goes_and_pods_pull_on(release: Release) -> None:
    image = f"{release.host}/buckets/hello:1"
    going, staying = registries(release)
    assert release.cluster.pki
    curl = ["curl", "--silent", "--output", os.devnull, "--write-out", "%{http_code} ", "--rate", "100/s"]
    curl += ["--cacert", str(release.cluster.pki / "ca.crt"), *login(release, "admin", release.password("admin"))]
    url = f"https://{release.host}/v2/buckets/hello/manifests/1?[1-600]"
    with ThreadPoolExecutor(1) as pool:
        requests = pool.submit(release.cluster.run, [*curl, url])
        time.sleep(1)
        kubectl(release.cluster, "delete", f"pod/{going}", f"--namespace={release.namespace}", "--wait=false")
        run_pod(release.cluster, NAMESPACE, "pulls-on", image)
        try:
            wait_running(release.cluster, NAMESPACE, "pulls-on")
        finally:
            kubectl(release.cluster, "delete", "pod/pulls-on", f"--namespace={NAMESPACE}", "--now")
        assert set(requests.result().stdout.split()) == {"200"}
    assert staying in registries(release)
    budget = get(release.cluster, "poddisruptionbudget", release.namespace, release.fullname)
    assert budget["spec"]["maxUnavailable"] == 1


def test_keys_that_the_store_does_not_know_fail_the_install_and_are_named(refused: "Future[str]") -> None:
    said = " ".join(refused.result(timeout=120).split())
    assert "the store of the bucket does not accept the registry's keys (SignatureDoesNotMatch)" in said
    assert "correct storage.s3.accessKey and secretKey" in said
    assert "not-the-secret-of-this-key" not in said
