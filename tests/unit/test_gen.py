"""`privreg-values gen` in an empty folder."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values.users import credentials
from privreg_values.users import plan as users
from privreg_values.values import validate
from tests.unit import echo_chart
from tests.unit.conftest import Cli

HOST = "--host=registry.example.com"
CHART = Path(__file__).resolve().parents[2] / "charts" / "privreg"


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(path.read_text())
    return loaded


def hashes(folder: Path) -> dict[str, str]:
    return {user["name"]: user["hash"] for user in load(folder / "values.yaml")["auth"]["users"]}


def passwords(folder: Path) -> dict[str, str]:
    found: dict[str, str] = load(folder / "credentials.yaml")["users"]
    return found


def test_one_command_makes_values_that_the_chart_accepts(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST).code == 0
    assert validate.validate(["values.yaml"]).problems == []
    kinds = [it["kind"] for it in echo_chart.HELM.template(CHART, files=[folder / "values.yaml"])]
    assert "Deployment" in kinds


def test_each_user_has_a_password_of_their_own_that_fits_the_hash(cli: Cli, folder: Path) -> None:
    cli("gen", HOST)
    assert list(hashes(folder)) == list(passwords(folder)) == ["admin", "ci", "cluster"]
    assert len(set(passwords(folder).values())) == 3
    for name, hashed in hashes(folder).items():
        assert hashed.startswith("$2y$04$")
        assert credentials.matches(passwords(folder)[name], hashed)


def test_the_cluster_pulls_with_a_user_of_its_own(cli: Cli, folder: Path) -> None:
    cli("gen", HOST)
    credential = load(folder / "values.yaml")["pullSecrets"]["credential"]
    assert credential == {"username": "cluster", "password": passwords(folder)["cluster"]}


def test_both_files_are_private_and_name_the_host(cli: Cli, folder: Path) -> None:
    cli("gen", HOST)
    for name in ("values.yaml", "credentials.yaml"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert load(folder / name)["host"] == "registry.example.com"


def test_no_password_is_shown_or_written_where_only_hashes_belong(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST)
    values = (folder / "values.yaml").read_text()
    for name, password in passwords(folder).items():
        assert password not in ended.out + ended.err
        assert values.count(password) == (1 if name == "cluster" else 0)


def test_the_values_file_tells_what_each_block_is_in_lines_that_fit_a_screen(cli: Cli, folder: Path) -> None:
    cli("gen", HOST)
    lines = (folder / "values.yaml").read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[a-z]", line):
            assert lines[number - 1].startswith("# "), line
        assert len(line) <= 100
    assert "its hash has the lowest (4)" in "\n".join(lines)


def test_the_credentials_file_tells_how_to_log_in(cli: Cli, folder: Path) -> None:
    cli("gen", HOST)
    assert "docker login registry.example.com --username admin" in (folder / "credentials.yaml").read_text()


def test_two_runs_in_two_folders_share_no_secret(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, "-o", "a.yaml", "--credentials", "ca.yaml")
    cli("gen", HOST, "-o", "b.yaml", "--credentials", "cb.yaml")
    first, second = load(folder / "a.yaml"), load(folder / "b.yaml")
    assert first["httpSecret"] != second["httpSecret"]
    assert load(folder / "ca.yaml")["users"] != load(folder / "cb.yaml")["users"]


def test_named_users_take_the_place_of_the_usual_ones(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, "--user=alice", "--user=bob", "--user=alice")
    assert list(hashes(folder)) == ["alice", "bob", "cluster"]


def test_a_name_that_yaml_takes_for_something_else_stays_a_name(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST, "--user=on", "--user=123", "--user=1e3").code == 0
    assert list(hashes(folder)) == ["on", "123", "1e3", "cluster"]
    assert validate.validate(["values.yaml"]).problems == []


def test_a_given_password_gets_an_expensive_hash(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST, "--user=alice", "--password-stdin", stdin="correct horse\n").code == 0
    assert hashes(folder)["alice"].startswith("$2y$12$")
    assert credentials.matches("correct horse", hashes(folder)["alice"])
    assert passwords(folder)["alice"] == "correct horse"
    assert hashes(folder)["cluster"].startswith("$2y$04$")


@pytest.mark.parametrize("stdin", ["secret", "secret\n", "secret\r\n"])
def test_only_the_line_end_is_taken_off_a_password(stdin: str, cli: Cli, folder: Path) -> None:
    cli("gen", HOST, "--user=alice", "--password-stdin", stdin=stdin)
    assert passwords(folder)["alice"] == "secret"


def test_a_password_of_more_than_72_bytes_is_refused_and_never_cut(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--user=alice", "--password-stdin", stdin="x" * 73)
    assert ended.code == 2
    assert "73 bytes" in ended.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "path", "value"),
    [
        (["--storage=hostPath", "--storage-path=/srv/images"], "storage.hostPath.path", "/srv/images"),
        (
            ["--storage=nfs", "--storage-server=nas", "--storage-path=/x"],
            "storage.nfs",
            {"server": "nas", "path": "/x"},
        ),
        (["--storage=emptyDir", "--storage-size=5Gi"], "storage.emptyDir.sizeLimit", "5Gi"),
        (["--storage-size=7Gi"], "storage.persistence.size", "7Gi"),
        (["--storage-class=fast"], "storage.persistence.storageClass", "fast"),
        (["--ingress-class=nginx"], "ingress.className", "nginx"),
        (["--ingress-preset=haproxy"], "ingress.preset", "haproxy"),
        (["--tls-secret=my-tls"], "tls.secretName", "my-tls"),
        (["--cert-manager"], "tls.certManager", {"enabled": True}),
        (["--no-ingress"], "ingress.enabled", False),
        (["--cert-manager", "--issuer=ca"], "tls.certManager.issuerRef.name", "ca"),
        (["--cert-manager", "--issuer-kind=Issuer"], "tls.certManager.issuerRef.kind", "Issuer"),
        (["--namespace=a", "--namespace=b", "--namespace=a"], "pullSecrets.namespaces", ["a", "b"]),
        (["--namespace=a", "--namespace=team-*"], "pullSecrets.namespaces", ["a", "team-*"]),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) else "",
)
def test_each_choice_is_in_the_values_and_the_chart_accepts_it(
    options: list[str], path: str, value: object, cli: Cli, folder: Path
) -> None:
    ended = cli("gen", HOST, *options)
    assert ended.code == 0, ended.err
    found: Any = load(folder / "values.yaml")
    for step in path.split("."):
        found = found[step]
    assert found == value
    assert validate.validate(["values.yaml"]).problems == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--host is missing"),
        (["--host="], "is empty"),
        (["--host=https://Reg.example.com:443"], 'did you mean "reg.example.com"'),
        ([HOST, "--user=a:b"], "is not a role"),
        ([HOST, "--user=é"], "letters outside a to z"),
        ([HOST, f"--user={'a' * 200}"], "200 characters"),
        ([HOST, "--rotate=a:b"], "has a colon"),
        ([HOST, "--storage=nfs"], "needs --storage-server and --storage-path"),
        ([HOST, "--storage=nfs", "--storage-path=/x"], "needs --storage-server"),
        ([HOST, "--storage=pvc", "--storage-path=/x"], "--storage-path needs --storage hostPath or --storage nfs"),
        ([HOST, "--storage-server=nas"], "--storage-server needs --storage nfs"),
        ([HOST, "--storage=hostPath", "--storage-size=1Gi"], "--storage-size needs"),
        ([HOST, "--storage=tape"], "expected pvc, hostPath, nfs, s3 or emptyDir, found 'tape'"),
        ([HOST, "--storage-size=10"], "--storage-size 10 is a size in bytes; add the unit: 10Gi"),
        ([HOST, "--issuer=ca"], "need --cert-manager"),
        ([HOST, "--password-stdin"], "exactly one user"),
        ([HOST, "--password-stdin", "--user=a", "--user=b"], "exactly one user"),
        ([HOST, "--password-stdin", "--ask-password", "--user=a"], "give one of them"),
        ([HOST, "--ask-password", "--user=a"], "needs a terminal"),
        ([HOST, "-o", "x.yaml", "--credentials", "x.yaml"], "cannot be both files"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_do(options: list[str], message: str, cli: Cli, folder: Path) -> None:
    ended = cli("gen", *options)
    assert ended.code == 2
    assert message in ended.err
    assert ended.out == ""
    assert list(folder.iterdir()) == []


def test_a_new_file_shows_in_which_folder_of_the_node_the_images_are(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST, "--storage=hostPath").code == 0
    assert (
        "storage:\n  type: hostPath\n  hostPath:\n    path: /var/lib/privreg\n" in (folder / "values.yaml").read_text()
    )


def test_a_file_of_something_else_is_left_alone(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("# of another chart\nreplicaCount: 1\nservice: {port: 80}\n")
    ended = cli("gen", HOST)
    assert ended.code == 1
    assert ended.err.startswith("error: values.yaml:2:1: replicaCount: is not a key of this chart, and the file names")
    assert "name another file with --output, or bring it over with `privreg-values migrate values.yaml" in ended.err
    assert [path.name for path in folder.iterdir()] == ["values.yaml"]


def test_a_choice_that_the_chart_refuses_is_refused_before_anything_is_written(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--namespace=Team_A", "--storage-size=lots")
    assert ended.code == 1
    assert "pullSecrets.namespaces[0]: expected" in ended.err
    assert "storage.persistence.size: expected how much is asked for, such as 20Gi, found the string" in ended.err
    assert "nothing was changed" in ended.err
    assert list(folder.iterdir()) == []


def test_only_a_password_that_looks_generated_gets_the_low_cost_when_a_hash_is_made_anew() -> None:
    assert users._looks_generated(credentials.generate_password())
    for password in ("correcthorsebatterystaplexx", "Secret1", "a" * 26 + "B", "Correct-horse-battery-stap1"):
        assert not users._looks_generated(password)
