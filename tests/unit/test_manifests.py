"""`users` on manifests of Secrets that people have written or changed."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from privreg_values.users import credentials, htpasswd
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST, load, passwords
from tests.unit.test_gen_again import replace
from tests.unit.test_shapes import NAME, fits, secret, texts

BASE64 = "apiVersion: v1\nkind: Secret\nmetadata: {name: privreg-users}\ndata:\n  htpasswd: %s # ours\n"


@pytest.fixture
def manifests(cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has made manifests."""
    assert cli("gen", HOST, "--manifests=secrets").code == 0
    return folder


def test_users_in_base64_are_changed_too(manifests: Path, cli: Cli) -> None:
    path = manifests / "secrets" / "privreg-users.yaml"
    text = secret(manifests, "privreg-users", "htpasswd")
    path.write_text(BASE64 % base64.b64encode(text.encode()).decode())
    assert cli("users", "add", "jane", "--role=push").code == 0
    assert path.read_text().endswith(" # ours\n")
    changed = base64.b64decode(load(path)["data"]["htpasswd"]).decode()
    assert changed.startswith(text)
    assert credentials.matches(passwords(manifests)["jane"], htpasswd.read(changed)["jane"].hash)


def test_comments_blank_lines_and_what_follows_a_hash_stay(manifests: Path, cli: Cli) -> None:
    path = manifests / "secrets" / "privreg-users.yaml"
    replace(path, "    ci:", "    # builds:\n\n    ci:")
    lines = path.read_text().splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if line.startswith("    ci:"))
    lines[at] = lines[at].rstrip("\n") + "   # since May\n"
    path.write_text("".join(lines))
    assert cli("users", "rotate", "ci", "--keep-old=1h").code == 0
    after = path.read_text().splitlines(keepends=True)
    assert after[:at] == lines[:at]
    assert after[at + 2 :] == lines[at + 1 :]
    assert after[at].endswith("   # since May\n")
    assert cli("users", "list").out.splitlines()[2].startswith("ci       push   4")


BAD: dict[str, tuple[Callable[[str], str], str]] = {
    "not base64": (lambda _: BASE64 % "'$$$'", "is not a text in base64"),
    "no text": (lambda text: text.replace("htpasswd: |", "htpasswd: 5\nx: |"), "expected a text"),
    "several documents": (lambda text: f"{text}---\n{text}", "put each Secret into a file of its own"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_manifest_that_cannot_be_read_is_named_and_left_alone(name: str, manifests: Path, cli: Cli) -> None:
    change, message = BAD[name]
    path = manifests / "secrets" / "privreg-users.yaml"
    path.write_text(change(path.read_text()))
    before = texts(manifests)
    for command in (["list"], ["rotate", "ci"], ["add", "jane", "--role=pull"]):
        ended = cli("users", *command)
        assert ended.code == 1
        assert "secrets/privreg-users.yaml" in ended.err
        assert message in ended.err
    assert texts(manifests) == before


def test_where_the_folder_has_not_the_secret_the_users_are_elsewhere(manifests: Path, cli: Cli) -> None:
    (manifests / "secrets" / "privreg-users.yaml").unlink()
    ended = cli("users", "rotate", "ci")
    assert ended.code == 1
    assert "the users and their hashes are in the Secret privreg-users" in ended.err
    assert "second -f" in ended.err


def test_a_user_with_a_password_and_no_role_is_named_and_can_be_given_one(manifests: Path, cli: Cli) -> None:
    path = manifests / "secrets" / "privreg-users.yaml"
    replace(path, "    ci:", f"    zoe:{'$2y$04$' + 'a' * 53}\n    ci:")
    assert "zoe has a password and no role" in cli("users", "list").err
    assert cli("users", "role", "zoe", "pull").code == 0
    assert "zoe" not in cli("users", "list").err
    assert "zoe      pull   4" in cli("users", "list").out


def test_a_pull_credential_keeps_other_logins_and_fields(manifests: Path, cli: Cli) -> None:
    path = manifests / "secrets" / "privreg-pull-credential.yaml"
    config = json.loads(secret(manifests, "privreg-pull-credential", ".dockerconfigjson"))
    config["auths"][NAME]["email"] = "ops@example.com"
    config["auths"]["other.example.com"] = {"auth": "eDp5"}
    manifest = load(path)
    manifest["stringData"][".dockerconfigjson"] = json.dumps(config, indent=4)
    YAML().dump(manifest, path)
    assert cli("users", "rotate", "cluster").code == 0
    after = json.loads(secret(manifests, "privreg-pull-credential", ".dockerconfigjson"))
    assert after["auths"]["other.example.com"] == {"auth": "eDp5"}
    assert after["auths"][NAME]["email"] == "ops@example.com"
    assert after["auths"][NAME]["password"] == passwords(manifests)["cluster"]
    assert fits(manifests)


def test_who_the_cluster_pulls_with_is_not_removed_from_manifests_even_by_force(manifests: Path, cli: Cli) -> None:
    before = texts(manifests)
    assert "the cluster pulls with cluster" in cli("users", "remove", "cluster").err
    ended = cli("users", "remove", "cluster", "--force")
    assert ended.code == 1
    assert "secrets/privreg-pull-credential.yaml: is what the cluster pulls with" in ended.err
    assert texts(manifests) == before
