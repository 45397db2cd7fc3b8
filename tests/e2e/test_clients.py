"""The clients that people use, logged in the way they do, through Ingress and TLS."""

from pathlib import Path

import pytest

from tests.cluster.images import HELLO
from tests.e2e.clients import Client
from tests.e2e.release import Release


@pytest.fixture(scope="module")
def client(registry: Release) -> Client:
    return registry.client("ci", "home-clients")


def test_skopeo_pushes_and_sees_the_image(client: Client) -> None:
    client.push(HELLO.archive, "clients/skopeo:1")
    config = f"--authfile={client.home}/config.json"
    assert "amd64" in client.run("skopeo", "inspect", config, f"docker://{client.host}/clients/skopeo:1")


def test_skopeo_with_a_wrong_password_is_refused(client: Client, tmp_path: Path) -> None:
    stranger = Client(client.cluster, client.host, tmp_path)
    login = ["skopeo", "login", f"--authfile={tmp_path}/config.json", "--username=ci", "--password-stdin"]
    assert "invalid username/password" in stranger.run(*login, client.host, stdin="wrong", check=False)
    assert "unauthorized" in stranger.push(HELLO.archive, "clients/refused:1", check=False)


def test_crane_pushes_and_pulls_the_same_image(client: Client, tmp_path: Path) -> None:
    target = f"{client.host}/clients/crane:1"
    client.run("crane", "push", str(HELLO.archive), target)
    digest = client.run("crane", "digest", target).strip()
    client.run("crane", "pull", target, str(tmp_path / "back.tar"))
    assert digest.startswith("sha256:")
    assert (tmp_path / "back.tar").stat().st_size > 0


def test_oras_pushes_and_pulls_a_file_unchanged(client: Client, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("kept as it is\n")
    oras = ["env", f"--chdir={tmp_path}", "oras"]
    config, target = f"--registry-config={client.home}/config.json", f"{client.host}/clients/oras:1"
    client.run(*oras, "push", config, target, "note.txt:text/plain")
    client.run(*oras, "pull", config, target, "--output=back")
    assert (tmp_path / "back" / "note.txt").read_text() == "kept as it is\n"


def test_regctl_copies_within_the_registry_and_lists_tags(client: Client) -> None:
    client.push(HELLO.archive, "clients/regctl:1")
    source, target = f"{client.host}/clients/regctl:1", f"{client.host}/clients/regctl-copy:2"
    client.run("regctl", "image", "copy", source, target)
    assert client.run("regctl", "tag", "ls", f"{client.host}/clients/regctl-copy").split() == ["2"]


def test_helm_pushes_a_chart_and_pulls_it_back(client: Client, tmp_path: Path) -> None:
    chart = tmp_path / "small"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.2.3\n")
    client.run("helm", "package", str(chart), f"--destination={tmp_path}")
    client.run("helm", "push", str(tmp_path / "small-1.2.3.tgz"), f"oci://{client.host}/clients")
    shown = client.run("helm", "show", "chart", f"oci://{client.host}/clients/small", "--version=1.2.3")
    assert "version: 1.2.3" in shown


def test_deletion_is_allowed_to_an_admin_because_the_values_say_so(registry: Release) -> None:
    admin = registry.client("admin")
    target = f"{registry.host}/clients/deleted:1"
    admin.run("crane", "push", str(HELLO.archive), target)
    digest = admin.run("crane", "digest", target).strip()
    admin.run("crane", "delete", f"{registry.host}/clients/deleted@{digest}")
    assert "MANIFEST_UNKNOWN" in admin.run("crane", "manifest", target, check=False)
