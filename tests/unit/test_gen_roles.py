"""`privreg-values gen` and what its users may do."""

from pathlib import Path
from typing import Any

import pytest

from privreg_values.users import credentials
from privreg_values.values import validate
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST, load

HASH = credentials.hash_password("old", 4)
OLD = f"""\
host: registry.example.com
auth:
  users:
    - name: admin
      hash: {HASH}
    - name: ci # builds
      hash: {HASH}
    - {{name: jane, hash: {HASH}}}
    - name: cluster
      hash: {HASH}
httpSecret: {{value: {"x" * 32}}}
pullSecrets:
  credential: {{username: cluster, password: old}}
"""


def users(folder: Path) -> dict[str, dict[str, Any]]:
    listed = load(folder / "values.yaml")["auth"]["users"]
    return {user["name"]: {key: user[key] for key in user if key not in ("name", "hash")} for user in listed}


def test_a_new_file_has_an_admin_a_user_who_pushes_and_one_who_pulls(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST)
    assert users(folder) == {"admin": {"role": "admin"}, "ci": {"role": "push"}, "cluster": {"role": "pull"}}
    assert "user admin (admin), user ci (push), user cluster (pull)" in ended.out
    assert load(folder / "values.yaml")["pullSecrets"]["credential"]["username"] == "cluster"


@pytest.mark.parametrize(
    ("option", "name", "expected"),
    [
        ("jane", "jane", {"role": "push"}),
        ("jane:pull", "jane", {"role": "pull"}),
        ("jane:push:team-a/**,base/*", "jane", {"role": "push", "repositories": ["team-a/**", "base/*"]}),
        ("admin", "admin", {"role": "admin"}),
        ("cluster:pull:base/*", "cluster", {"role": "pull", "repositories": ["base/*"]}),
    ],
)
def test_a_user_gets_the_role_that_is_asked_for_or_the_usual_one(
    option: str, name: str, expected: dict[str, Any], cli: Cli, folder: Path
) -> None:
    assert cli("gen", HOST, f"--user={option}").code == 0
    assert users(folder)[name] == expected
    assert validate.validate(["values.yaml"]).problems == []


@pytest.mark.parametrize("name", ["puller", "ci"])
def test_whoever_the_values_name_for_the_cluster_to_pull_with_only_pulls(name: str, cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(f"pullSecrets: {{credential: {{username: {name}}}}}\n")
    assert cli("gen", HOST).code == 0
    assert users(folder)[name] == {"role": "pull"}
    assert "cluster" not in users(folder)


def test_two_roles_for_one_user_are_refused(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--user=jane:pull", "--user=jane:push")
    assert ended.code == 2
    assert "--user names jane twice with different roles" in ended.err
    assert cli("gen", HOST, "--user=jane:pull", "--user=jane").code == 0
    assert users(folder)["jane"] == {"role": "pull"}


def test_a_pattern_that_cannot_be_one_is_refused_before_anything_is_written(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--user=jane:push:Team/*")
    assert ended.code == 2
    assert "'Team/*' has capitals" in ended.err
    assert list(folder.iterdir()) == []


def test_another_role_for_a_user_who_has_one_is_a_conflict(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, "--user=jane:push:team-a/**")
    before = (folder / "values.yaml").read_bytes()
    ended = cli("gen", "--user=jane:admin")
    assert ended.code == 1
    assert (
        "jane has push in team-a/**, and --user asks for admin; change it with `privreg-values users role`" in ended.err
    )
    assert (folder / "values.yaml").read_bytes() == before
    assert cli("gen", "--user=jane:push:team-a/**").code == 0
    assert cli("gen", "--user=jane").code == 0
    assert (folder / "values.yaml").read_bytes() == before


@pytest.fixture
def old(folder: Path) -> str:
    """A values file of a version without roles."""
    (folder / "values.yaml").write_text(OLD)
    return OLD


def test_users_of_a_file_from_before_get_no_role_silently_and_the_command_for_it_is_named(
    old: str, cli: Cli, folder: Path
) -> None:
    ended = cli("gen", "--yes")
    assert ended.code == 0, ended.err
    assert (folder / "values.yaml").read_text() == old
    assert "no role yet: admin, ci, jane, cluster; auth.mode gateway needs one for each; to give them, run" in ended.err
    assert "`privreg-values gen --user admin:admin --user ci:push --user jane:push --user cluster:pull`" in ended.err
    assert "auth.users: jane has no role" in ended.err


def test_the_command_that_is_named_gives_the_roles_and_keeps_everything_else(old: str, cli: Cli, folder: Path) -> None:
    line = next(it for it in cli("gen").err.splitlines() if "no role yet" in it)
    command = line.rpartition("run `privreg-values ")[2].removesuffix("`").split()
    ended = cli(*command)
    assert ended.code == 0
    assert validate.validate(["values.yaml"]).problems == []
    expected = old.replace(f"jane, hash: {HASH}", f"jane, hash: {HASH}, role: push")
    for name, role in (("admin", "admin"), ("ci # builds", "push"), ("cluster", "pull")):
        lines = f"    - name: {name}\n      hash: {HASH}\n"
        expected = expected.replace(lines, f"{lines}      role: {role}\n")
    assert (folder / "values.yaml").read_text() == expected


def test_the_command_names_files_that_are_called_otherwise(old: str, cli: Cli, folder: Path) -> None:
    (folder / "my values.yaml").write_text(old)
    ended = cli("gen", "-o", "my values.yaml", "--credentials", "c.yaml")
    assert "run `privreg-values gen -o 'my values.yaml' --credentials c.yaml --user admin:admin" in ended.err


def test_a_user_can_be_added_or_rotated_while_others_have_no_role_yet(old: str, cli: Cli, folder: Path) -> None:
    assert old
    assert cli("gen", "--user=new").code == 0
    assert cli("gen", "--rotate=ci").code == 0
    assert users(folder)["new"] == {"role": "push"}
    assert users(folder)["ci"] == {}


def test_a_damaged_hash_can_be_replaced_while_there_are_no_roles(old: str, cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(
        old.replace(f"ci # builds\n      hash: {HASH}", "ci # builds\n      hash: oops")
    )
    assert cli("gen", "--rotate=ci").code == 0


def test_in_htpasswd_mode_nobody_is_told_to_have_roles_and_a_new_one_is_explained(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(OLD.replace("auth:\n", "auth:\n  mode: htpasswd\n"))
    assert "role" not in cli("gen").err
    assert "every user may pull and push, whatever the role says" in cli("gen", "--user=x:pull").err


def test_a_user_whose_role_went_with_the_values_file_must_be_given_one(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, "--user=jane:push:team-a/**")
    (folder / "values.yaml").unlink()
    ended = cli("gen", HOST)
    assert ended.code == 1
    assert "jane is in credentials.yaml only, without a role; give one with --user jane:push" in ended.err
    assert not (folder / "values.yaml").exists()


def test_with_a_token_server_no_user_is_made(cli: Cli, folder: Path) -> None:
    text = (
        "auth: {mode: token}\ntoken: {realm: 'https://a.example/t', service: s, issuer: i, existingSecret: k}\n"
        "pullSecrets: {existingSecret: p}\n"
    )
    (folder / "values.yaml").write_text(text)
    assert cli("gen", HOST).code == 0
    assert load(folder / "values.yaml")["auth"] == {"mode": "token"}
    assert validate.validate(["values.yaml"]).problems == []
    ended = cli("gen", "--user=jane")
    assert ended.code == 1
    assert "values.yaml:1:14: auth.mode: is token: the users are the token server's" in ended.err


def test_the_comment_explains_roles_and_patterns(cli: Cli, folder: Path) -> None:
    cli("gen", HOST)
    text = (folder / "values.yaml").read_text()
    for words in (
        "pull reads, push also writes, admin also deletes",
        '["team-a/**"] limits it',
        "gateway.cacheSeconds",
    ):
        assert words in text
