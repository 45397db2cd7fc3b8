"""`privreg-values check` against the real registry program."""

import base64
import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from privreg_values.errors import RegistryError
from privreg_values.registry import image
from privreg_values.registry.check import Check, Login
from privreg_values.registry.client import Client, digest
from tests.unit.conftest import Cli, Ended
from tests.unit.registry_site import HOST, PASSWORD, USER, RunningRegistry, running

STEPS = ["tcp", "tls", "challenge", "login", "push", "pull", "delete"]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with running(tmp_path_factory.mktemp("registry")) as it:
        yield it


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that does not let anybody delete."""
    with running(tmp_path_factory.mktemp("keeping"), deletion=False) as it:
        yield it


def check(cli: Cli, registry: RunningRegistry, *more: str, password: str = PASSWORD) -> Ended:
    trust = [f"--ca-file={registry.ca}", f"--connect-to={registry.address}"]
    return cli("check", f"--host={HOST}", *trust, f"--user={USER}", "--password-stdin", *more, stdin=password)


def marks(text: str) -> list[tuple[str, str]]:
    """Mark and name of each step in the output."""
    return [(line[0], line.split()[1]) for line in text.splitlines() if line[0] in "✓✗"]


def test_every_step_passes_against_a_real_registry(cli: Cli, registry: RunningRegistry) -> None:
    ended = check(cli, registry)
    assert (ended.code, ended.err) == (0, "")
    assert marks(ended.out) == [("✓", name) for name in STEPS]
    assert "asks for a login (test realm)" in ended.out
    assert "certificate signed by privreg test CA, good for 29 more days" in ended.out
    assert "privreg/check:check is gone again" in ended.out


def test_a_proxy_of_the_environment_is_not_used(
    cli: Cli, registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        ended = check(cli, registry)
        assert (ended.code, ended.err) == (0, "")
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_where_deletion_is_off_it_says_so_and_passes(cli: Cli, keeping: RunningRegistry) -> None:
    ended = check(cli, keeping)
    assert ended.code == 0
    assert marks(ended.out)[-1] == ("✓", "delete")
    assert "stays, because deletion is off (storage.delete.enabled)" in ended.out


def test_repeated_checks_leave_one_layer_and_one_tag_behind(cli: Cli, keeping: RunningRegistry) -> None:
    repository = "some/where.else"
    for _ in range(2):
        assert check(cli, keeping, f"--repository={repository}").code == 0
    base = keeping.folder / "data/docker/registry/v2/repositories" / repository
    assert [tag.name for tag in (base / "_manifests/tags").iterdir()] == ["check"]
    layers = {path.name for path in (base / "_layers/sha256").iterdir()}
    assert digest(image.make().layer).removeprefix("sha256:") in layers
    assert len(layers) == 3  # the layer and two configurations of some hundred bytes


def test_json_has_every_step(cli: Cli, registry: RunningRegistry) -> None:
    ended = check(cli, registry, "--json")
    report = json.loads(ended.out)
    assert ended.code == 0
    assert (report["host"], report["ok"]) == (HOST, True)
    assert [step["name"] for step in report["steps"]] == STEPS
    assert all(step["ok"] and step["detail"] for step in report["steps"])


def test_a_wrong_password_stops_it_with_the_remedy(cli: Cli, registry: RunningRegistry) -> None:
    ended = check(cli, registry, password="hunter2")
    assert ended.code == 1
    assert marks(ended.out)[-1] == ("✗", "login")
    assert "admin is not let in with the password from standard input" in ended.out
    assert "helm upgrade" in ended.out
    assert "hunter2" not in ended.out + ended.err


def test_json_of_a_failure_has_the_reason_and_the_remedy(cli: Cli, registry: RunningRegistry) -> None:
    ended = check(cli, registry, "--json", password="wrong")
    report = json.loads(ended.out)
    assert ended.code == 1
    assert report["ok"] is False
    assert [step["ok"] for step in report["steps"]] == [True, True, True, False]
    assert report["steps"][-1]["remedy"]


def test_without_the_authority_the_certificate_is_not_trusted(cli: Cli, registry: RunningRegistry) -> None:
    ended = cli(
        "check",
        f"--host={HOST}",
        f"--connect-to={registry.address}",
        "--user=admin",
        "--password-stdin",
        stdin=PASSWORD,
    )
    assert ended.code == 1
    assert marks(ended.out) == [("✓", "tcp"), ("✗", "tls")]
    assert "the certificate is signed by an authority that this machine does not know" in ended.out
    assert "--ca-file" in ended.out


def test_another_name_than_the_certificates_is_named(cli: Cli, registry: RunningRegistry) -> None:
    trust = [f"--ca-file={registry.ca}", f"--connect-to={registry.address}"]
    ended = cli("check", "--host=other.example.com", *trust, "--user=a", "--password-stdin", stdin="x")
    assert ended.code == 1
    assert "the certificate is for other names than other.example.com" in ended.out


def test_a_name_that_dns_does_not_know_is_the_first_failure(cli: Cli) -> None:
    ended = cli("check", "--host=registry.invalid.", "--user=a", "--password-stdin", stdin="x")
    assert ended.code == 2
    ended = cli("check", "--host=registry.invalid", "--user=a", "--password-stdin", stdin="x")
    assert ended.code == 1
    assert marks(ended.out) == [("✗", "dns")]
    assert "registry.invalid has no address" in ended.out
    assert "--connect-to" in ended.out


def test_a_name_that_dns_knows_is_shown_with_its_address(registry: RunningRegistry) -> None:
    steps = list(Check(registry.site("localhost"), Login(USER, PASSWORD, "the test"), "privreg/check").steps())
    assert [step.name for step in steps] == ["dns", *STEPS]
    assert "127.0.0.1" in steps[0].detail
    assert all(step.ok for step in steps)


def test_a_port_where_nothing_listens_is_named(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = cli("check", f"--host={HOST}", f"--connect-to={address}", "--user=a", "--password-stdin", stdin="x")
    assert ended.code == 1
    assert marks(ended.out) == [("✗", "tcp")]
    assert "nothing listens at 127.0.0.1 port" in ended.out


def test_host_user_and_password_come_from_the_files_of_gen(cli: Cli, folder: Path, registry: RunningRegistry) -> None:
    (folder / "values.yaml").write_text(f"host: {HOST}\n")
    (folder / "credentials.yaml").write_text(f"host: {HOST}\nusers:\n  {USER}: {PASSWORD}\n")
    trust = [f"--ca-file={registry.ca}", f"--connect-to={registry.address}"]
    assert cli("check", *trust).code == 0
    assert cli("check", *trust, "values.yaml", "--credentials=credentials.yaml", f"--user={USER}").code == 0


def test_a_password_is_not_sent_to_another_host_than_it_is_for(
    cli: Cli, folder: Path, registry: RunningRegistry
) -> None:
    (folder / "credentials.yaml").write_text(f"host: other.example.com\nusers:\n  {USER}: {PASSWORD}\n")
    ended = cli("check", f"--host={HOST}", f"--ca-file={registry.ca}", f"--connect-to={registry.address}")
    assert ended.code == 2
    assert "credentials.yaml is for other.example.com; its passwords are not sent to registry.example.com" in ended.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no host is known"),
        ([f"--host={HOST}"], "no user is known"),
        ([f"--host={HOST}", "--user=a"], "no password of a is known"),
        (["--host=https://x.example.com"], 'did you mean "x.example.com"'),
        ([f"--host={HOST}", "--repository=Team/App"], "lower case"),
        ([f"--host={HOST}", "--connect-to=a:b"], "10.0.0.7:30443"),
        ([f"--host={HOST}", "--connect-to=a:70000"], "1 to 65535"),
    ],
)
def test_what_is_not_known_or_makes_no_sense_is_wrong_usage(options: list[str], message: str, cli: Cli) -> None:
    ended = cli("check", *options)
    assert ended.code == 2
    assert message in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("options", [["none.yaml"], ["--credentials=none.yaml"], ["--ca-file=none.pem"]])
def test_a_file_that_is_named_and_not_there_is_an_error(options: list[str], cli: Cli) -> None:
    ended = cli("check", f"--host={HOST}", *options, "--user=a", "--password-stdin", stdin="x")
    assert ended.code == 1
    assert "none." in ended.err


def test_a_file_without_a_certificate_is_named(cli: Cli, folder: Path) -> None:
    (folder / "ca.pem").write_text("hello\n")
    ended = cli("check", f"--host={HOST}", "--ca-file=ca.pem", "--user=a", "--password-stdin", stdin="x")
    assert ended.code == 1
    assert "ca.pem: holds no certificate in PEM form" in ended.err


def test_the_pushed_image_is_one_that_other_clients_can_use(registry: RunningRegistry) -> None:
    made = image.make()
    client = Client(registry.site(), (USER, PASSWORD))
    client.push_blob("team/app", made.layer)
    client.push_blob("team/app", made.config)
    client.push_manifest("team/app", "1", made.manifest)
    request = urllib.request.Request(f"https://localhost:{registry.port}/v2/team/app/manifests/1")
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
    request.add_header("Accept", "application/vnd.oci.image.manifest.v1+json")
    with urllib.request.urlopen(request, context=registry.site().context) as answer:
        assert answer.read() == made.manifest
    config = json.loads(client.pull_blob("team/app", digest(made.config)))
    assert config["rootfs"]["diff_ids"][0].startswith("sha256:")


def test_a_blob_that_is_changed_on_the_disk_is_noticed(registry: RunningRegistry) -> None:
    client = Client(registry.site(), (USER, PASSWORD))
    client.push_blob("team/broken", b"abc")
    name = digest(b"abc").removeprefix("sha256:")
    data = registry.folder / "data/docker/registry/v2/blobs/sha256" / name[:2] / name / "data"
    data.write_bytes(b"abd")
    with pytest.raises(RegistryError, match="is something else"):
        client.pull_blob("team/broken", digest(b"abc"))
