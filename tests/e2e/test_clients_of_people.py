"""What people have at their computers, in the versions they have it, against the installed release over TLS."""

import json
from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.images import HELLO
from tests.e2e.conftest import MakeRelease
from tests.e2e.forky_client import (
    CONTAINERD,
    CTR,
    DOCKERD,
    DOCKERD_WITH_STORE,
    SIGN,
    STORE,
    TLS,
    TOOLS,
    Tool,
    Work,
    new_computer,
    unpacked,
)
from tests.e2e.machine_client import Machine, Person, machine
from tests.e2e.release import Release

SOON = 10  # seconds, on two busy cores
# Client by client, so that eleven people who mistype do not look like one who guesses.
tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda it: it.name, scope="module")


@pytest.fixture(scope="module")
def release(cluster: Cluster, make_module_release: MakeRelease) -> Release:
    made = make_module_release("people", cluster.hosts[3])
    made.generate()
    made.set({"storage": {"delete": {"enabled": True}, "persistence": {"keep": False}}})
    made.set({"gateway": {"failedLoginsPerMinute": 1000}})  # all who mistype here come from one address
    made.install()
    return made


@pytest.fixture(scope="module")
def computer(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with (
        machine(cluster, unpacked(), tmp_path_factory.mktemp("computer")) as made,
        made.service(*CONTAINERD, socket="/run/containerd.sock"),
        made.service(*DOCKERD, socket="/run/docker.sock"),
    ):
        new_computer(made, HELLO.archive.read_bytes())
        yield made


def work(tool: Tool, computer: Machine, release: Release, user: str, password: str = "") -> Work:
    admin = computer.person("admin")
    login = ("crane", "auth", "login", "--username=admin", "--password-stdin", release.host)
    admin.does(*login, stdin=release.password("admin"))
    person = computer.person(f"{tool.name}-{user}{'-wrong' if password else ''}")
    return Work(tool, person, admin, release.host, user, password or release.password(user))


@tool
def test_a_wrong_password_is_told(tool: Tool, computer: Machine, release: Release) -> None:
    stranger = work(tool, computer, release, "ci", "wrong")
    said = stranger.login()
    assert bool(said.code) == bool(tool.login and tool.checks), said
    if not said.code:
        stranger.prepare()
        said = stranger.push()
    assert said.code != 0 and tool.wrong.format(host=release.host) in said.text, said
    assert said.seconds < SOON


@tool
@pytest.mark.parametrize("user", ["ci", "admin"])
def test_a_push_user_and_an_admin_push(tool: Tool, computer: Machine, release: Release, user: str) -> None:
    pusher = work(tool, computer, release, user)
    assert pusher.login().code == 0
    pusher.prepare()
    said = pusher.push()
    assert said.code == 0, said


@tool
def test_a_push_of_a_pull_user_is_refused_soon_and_in_words(tool: Tool, computer: Machine, release: Release) -> None:
    puller = work(tool, computer, release, "cluster")
    assert puller.login().code == 0
    puller.prepare()
    said = puller.push()
    assert said.code != 0 and tool.refused.format() in said.text, said
    assert said.seconds < SOON, said


def logged_in(computer: Machine, release: Release, user: str, name: str) -> Person:
    """Somebody new at the computer whom all clients but ctr know as `user`."""
    person = computer.person(name)
    for command in (
        ("docker", "login", f"--username={user}", "--password-stdin", release.host),
        ("podman", "login", f"--username={user}", "--password-stdin", release.host),
        ("regctl", "registry", "login", f"--user={user}", "--pass-stdin", release.host),
        ("helm", "registry", "login", f"--username={user}", "--password-stdin", release.host),
    ):
        person.does(*command, stdin=release.password(user))
    return person


@pytest.fixture(scope="module")
def admin(computer: Machine, release: Release) -> Person:
    return logged_in(computer, release, "admin", "ada")


@pytest.fixture(scope="module")
def pusher(computer: Machine, release: Release) -> Person:
    return logged_in(computer, release, "ci", "paul")


@pytest.fixture(scope="module")
def puller(computer: Machine, release: Release) -> Person:
    return logged_in(computer, release, "cluster", "polly")


def test_docker_as_in_its_manual(computer: Machine, release: Release) -> None:
    person, image = computer.person("dora"), f"{release.host}/docker/hello:1"
    login = ("docker", "login", "--username=ci", "--password-stdin", release.host)
    assert "Login Succeeded" in person.does(*login, stdin=release.password("ci"))
    person.does("docker", "load", "--input=/home/hello.tar")
    person.does("docker", "tag", "privreg.test/hello:1", image)
    pushed = person.does("docker", "push", image)
    assert "1: digest: sha256:" in pushed
    person.does("docker", "logout", release.host)
    person.does("docker", "rmi", image, "privreg.test/hello:1")
    said = person.tries("docker", "pull", image)
    assert said.code != 0 and "no basic auth credentials" in said.text, said
    person.does(*login, stdin=release.password("ci"))
    assert f"Downloaded newer image for {image}" in person.does("docker", "pull", image)


def test_podman_gets_back_what_it_pushed(pusher: Person, release: Release) -> None:
    image = f"{release.host}/podman/hello:1"
    loaded = pusher.does("podman", "load", "--input=/home/hello.tar")
    assert "privreg.test/hello:1" in loaded
    pusher.does("podman", "push", "privreg.test/hello:1", image)
    before = pusher.does("podman", "image", "inspect", "--format={{.Id}}", "privreg.test/hello:1").split()[-1]
    pusher.does("podman", "rmi", "--all", "--force")
    assert pusher.does("podman", "pull", "--quiet", image).split()[-1] == before


def test_buildah_pushes_a_manifest_list_and_skopeo_copies_syncs_and_deletes_it(admin: Person, release: Release) -> None:
    hello, both = f"docker://{release.host}/buildah/hello:1", f"{release.host}/buildah/both"
    admin.does("buildah", "pull", "docker-archive:/home/hello.tar")
    admin.does("buildah", "push", "privreg.test/hello:1", hello)
    admin.does("buildah", "manifest", "create", "both")
    for architecture in ("amd64", "arm64"):
        config = ("config", f"--arch={architecture}", architecture)
        admin.does("buildah", "from", f"--name={architecture}", "privreg.test/hello:1")
        admin.does("buildah", *config)
        admin.does("buildah", "commit", architecture, f"localhost/{architecture}")
        admin.does("buildah", "manifest", "add", "both", f"localhost/{architecture}")
    admin.does("buildah", "manifest", "push", "--all", "both", f"docker://{both}:1")
    assert platforms(admin, f"{both}:1") == {"linux/amd64", "linux/arm64"}

    admin.does("skopeo", "copy", "--all", f"docker://{both}:1", f"docker://{both}-copied:2")
    assert raw(admin, f"{both}-copied:2") == raw(admin, f"{both}:1")
    admin.does("skopeo", "sync", "--all", "--src=docker", "--dest=docker", both, f"{release.host}/synced")
    assert raw(admin, f"{release.host}/synced/both:1") == raw(admin, f"{both}:1")
    admin.does("skopeo", "delete", f"docker://{both}-copied:2")
    assert "manifest unknown" in admin.tries("skopeo", "inspect", "--raw", f"docker://{both}-copied:2").text


def test_a_push_user_may_not_delete_and_reads_so(pusher: Person, release: Release) -> None:
    image = f"docker://{release.host}/kept/hello:1"
    pusher.does("skopeo", "copy", "docker-archive:/home/hello.tar", image)
    said = pusher.tries("skopeo", "delete", image)
    assert said.code != 0 and "denied: this user may not delete" in said.text and said.seconds < SOON, said
    pusher.does("skopeo", "inspect", "--raw", image)


def test_ctr_pulls_what_it_pushed(computer: Machine, release: Release) -> None:
    person, image = computer.person("cato"), f"{release.host}/ctr/hello:1"
    user = f"--user=ci:{release.password('ci')}"
    images = (*CTR.split(), "--namespace=of-its-own", "images")
    person.does(*images, "import", "/home/hello.tar")
    person.does(*images, "tag", "privreg.test/hello:1", image)
    person.does(*images, "push", TLS, user, image)
    person.does(*images, "rm", "--sync", image, "privreg.test/hello:1")
    person.does(*images, "pull", TLS, user, image)
    assert image in person.does(*images, "ls", "--quiet")


def raw(person: Person, image: str) -> str:
    """The manifest of `image`, as it is."""
    return person.does("skopeo", "inspect", "--raw", f"docker://{image}")


def platforms(person: Person, image: str) -> set[str]:
    """The platforms in an index, attestations apart."""
    listed = [it["platform"] for it in json.loads(raw(person, image))["manifests"]]
    return {f"{it['os']}/{it['architecture']}" for it in listed} - {"unknown/unknown"}


def test_cosign_signs_attests_and_verifies_and_the_push_user_signs_as_well(
    admin: Person, pusher: Person, puller: Person, release: Release
) -> None:
    image = f"{release.host}/signed/hello"
    admin.does("crane", "push", "/home/hello.tar", f"{image}:1")
    image += "@" + admin.does("crane", "digest", f"{image}:1").strip()
    admin.write("built.json", '{"by": "hand"}')
    for signer in (admin, pusher):
        signer.does("cosign", "generate-key-pair", COSIGN_PASSWORD="")
        signer.does("cosign", "signing-config", "create", "--out=none.json")
        signer.does(*SIGN.split(), image, COSIGN_PASSWORD="")
    admin.does(*SIGN.replace(" sign ", " attest ").split(), "--predicate=built.json", image, COSIGN_PASSWORD="")
    for signer in (admin, pusher):
        key = f"--key={signer.home}/cosign.pub"
        assert "were verified" in puller.does("cosign", "verify", key, "--insecure-ignore-tlog", image)
    verify = ("cosign", "verify-attestation", "--insecure-ignore-tlog", "--type=custom")
    assert "were verified" in puller.does(*verify, f"--key={admin.home}/cosign.pub", image)
    other = puller.tries(*verify, f"--key={pusher.home}/cosign.pub", image)
    assert other.code != 0, other


def test_notation_signs_and_a_pull_user_verifies(pusher: Person, puller: Person, release: Release) -> None:
    image = f"{release.host}/notation/hello"
    pusher.does("crane", "push", "/home/hello.tar", f"{image}:1")
    image += "@" + pusher.does("crane", "digest", f"{image}:1").strip()
    pusher.does("notation", "cert", "generate-test", "--default", "privreg.test")
    pusher.does("notation", "sign", image)
    certificate = f"{pusher.home}/.config/notation/localkeys/privreg.test.crt"
    puller.does("notation", "cert", "add", "--type=ca", "--store=privreg.test", certificate)
    puller.write("policy.json", json.dumps({"version": "1.0", "trustPolicies": [NOTATION_POLICY]}))
    puller.does("notation", "policy", "import", "policy.json")
    assert "Successfully verified signature" in puller.does("notation", "verify", image)


NOTATION_POLICY = {
    "name": "ours",
    "registryScopes": ["*"],
    "signatureVerification": {"level": "strict"},
    "trustStores": ["ca:privreg.test"],
    "trustedIdentities": ["*"],
}


def test_oras_attaches_a_file_and_a_pull_user_discovers_it(pusher: Person, puller: Person, release: Release) -> None:
    image, kind = f"{release.host}/oras/hello:1", "application/vnd.privreg.test.note"
    pusher.does("regctl", "image", "import", image, "/home/hello.tar")
    pusher.write("note.txt", "kept as it is")
    pusher.does("oras", "attach", f"--artifact-type={kind}", image, "note.txt:text/plain")
    assert kind in puller.does("oras", "discover", image)
    assert kind in puller.does("regctl", "artifact", "list", image)


def test_helm_pulls_the_newest_chart_of_a_range(pusher: Person, puller: Person, release: Release) -> None:
    for version in ("0.1.2", "0.1.20", "0.2.0"):
        pusher.does("helm", "package", "/home/small", f"--version={version}")
        pusher.does("helm", "push", f"small-{version}.tgz", f"oci://{release.host}/charts")
    said = puller.does("helm", "pull", "--version", "^0.1.0", f"oci://{release.host}/charts/small")
    assert "/charts/small:0.1.20" in said


# What BuildKit runs over an image: it writes a statement into the folder that it is told.
SCANNER = """\
FROM {image}
COPY <<EOF /statement.json
{{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
  "predicate": {{"spdxVersion": "SPDX-2.3", "name": "found by a scanner of our own"}}}}
EOF
CMD ["/bin/busybox", "sh", "-c", "/bin/busybox cp /statement.json $BUILDKIT_SCAN_DESTINATION/app.spdx.json"]
"""


def test_buildkit_pushes_an_index_with_provenance_and_an_sbom(
    computer: Machine, admin: Person, puller: Person, release: Release
) -> None:
    hello, scanner, image = (f"{release.host}/built/{name}:1" for name in ("hello", "scanner", "app"))
    admin.does("crane", "push", "/home/hello.tar", hello)
    admin.write("scanner/Dockerfile", SCANNER.format(image=hello))
    admin.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
    build = ("docker", f"--host={STORE}", "buildx", "build", "--push")
    with computer.service(*DOCKERD_WITH_STORE, socket="/run/store.sock"):
        admin.does(*build, "--provenance=false", f"--tag={scanner}", "scanner")
        attestations = ("--provenance=mode=max", f"--sbom=generator={scanner}")
        admin.does(*build, "--platform=linux/amd64,linux/arm64", *attestations, f"--tag={image}", "app")
        said = puller.tries(*build, f"--tag={release.host}/built/refused:1", f"{admin.home}/app")
    assert platforms(puller, image) == {"linux/amd64", "linux/arm64"}
    inspect = ("docker", "buildx", "imagetools", "inspect", image)
    assert "found by a scanner of our own" in puller.does(*inspect, "--format={{json .SBOM}}")
    assert "linux/arm64" in puller.does(*inspect, "--format={{json .Provenance}}")
    assert said.code != 0 and "this user may not push" in said.text and said.seconds < SOON, said
