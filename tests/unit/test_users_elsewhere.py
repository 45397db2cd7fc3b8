"""`privreg-values users` where the users are in a Secret or at a token server."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.conftest import Cli
from tests.unit.test_gen import load

SECRET = (
    "host: registry.example.com\nauth:\n  existingSecret: mine # by hand\n  access:\n    - {name: jane, role: push}\n"
)
REST = "httpSecret: {existingSecret: h}\npullSecrets: {existingSecret: p}\n"


@pytest.fixture
def secret(folder: Path) -> Path:
    """A values file whose users are in a Secret."""
    (folder / "values.yaml").write_text(SECRET + REST)
    return folder


def access(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load(folder / "values.yaml")["auth"]["access"]
    return found


def test_roles_of_users_in_a_secret_are_in_access(secret: Path, cli: Cli) -> None:
    assert cli("users", "role", "jane", "pull", "--repository=a/*").code == 0
    ended = cli("users", "role", "joe", "admin")
    assert ended.code == 0, ended.err
    assert "this counts once joe is among the users of the Secret mine" in ended.err
    assert access(secret) == [
        {"name": "jane", "role": "pull", "repositories": ["a/*"]},
        {"name": "joe", "role": "admin"},
    ]
    assert cli("users", "list").out.splitlines()[1].split() == ["jane", "pull", "-", "a/*"]
    assert "(auth.access)" in cli("users", "list").err
    assert not (secret / "credentials.yaml").exists()


def test_a_user_in_a_secret_loses_the_role_and_the_rest_is_said(secret: Path, cli: Cli) -> None:
    cli("users", "role", "joe", "admin")
    ended = cli("users", "remove", "joe")
    assert "joe may do nothing now; take the line out of the Secret mine as well" in ended.err
    assert (secret / "values.yaml").read_text() == SECRET + REST
    ended = cli("users", "remove", "jane")
    assert ended.code == 1
    assert "auth.access: gives nobody a role" in ended.err


@pytest.mark.parametrize("arguments", [["add", "joe", "--role=pull"], ["rotate", "jane"]])
def test_passwords_of_users_in_a_secret_are_made_there(arguments: list[str], secret: Path, cli: Cli) -> None:
    ended = cli("users", *arguments)
    assert ended.code == 1
    assert "auth.existingSecret: the users and their hashes are in the Secret mine" in ended.err
    assert "htpasswd -B" in ended.err
    assert (secret / "values.yaml").read_text() == SECRET + REST


@pytest.mark.parametrize("arguments", [["add", "joe", "--role=pull"], ["role", "joe", "pull"], ["remove", "joe"]])
def test_users_of_a_token_server_are_changed_there(arguments: list[str], cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("auth: {mode: token}\n")
    ended = cli("users", *arguments)
    assert ended.code == 1
    assert "auth.mode: is token: the users are the token server's, change them there" in ended.err
    assert "the users are the token server's" in cli("users", "list").err
