"""`privreg-values users`: add, list, role, remove and rotate in files that are there."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from privreg_values.terminal import Style
from privreg_values.users import credentials
from privreg_values.users.inspect import Account
from privreg_values.users.report import accounts_text
from privreg_values.values import validate
from tests.unit.conftest import Cli, Ended
from tests.unit.test_gen import HOST, hashes, load, passwords
from tests.unit.test_gen_again import lines_gone, replace, snapshot
from tests.unit.test_gen_roles import users


@pytest.fixture
def made(cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has run, with a comment and a quote of somebody's own."""
    assert cli("gen", HOST).code == 0
    replace(folder / "values.yaml", "    - name: ci\n", "    # builds\n    - name: 'ci' # since May\n")
    return folder


@pytest.fixture
def unchanged(made: Path) -> Callable[[Ended], str]:
    """See that a run failed with 1 and changed nothing; gives what it said."""
    before = snapshot(made)

    def check(ended: Ended) -> str:
        assert ended.code == 1
        assert ended.err.endswith("nothing was changed\n")
        assert ended.out == ""
        assert snapshot(made) == before
        return ended.err

    return check


def no_password_in(ended: Ended, folder: Path) -> bool:
    return not any(password in ended.out + ended.err for password in passwords(folder).values())


# --- add


def test_a_user_is_added_with_a_role_and_repositories_and_every_line_stays(made: Path, cli: Cli) -> None:
    before = {name: (made / name).read_text() for name in ("values.yaml", "credentials.yaml")}
    ended = cli("users", "add", "jane", "--role=push", "--repository=team-a/**", "--repository=base/nginx")
    assert ended.code == 0, ended.err
    assert users(made)["jane"] == {"role": "push", "repositories": ["team-a/**", "base/nginx"]}
    for name, text in before.items():
        assert lines_gone(text, (made / name).read_text()) == []
    assert validate.validate(["values.yaml"]).problems == []


def test_where_there_are_no_users_the_list_says_how_to_add_one(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("host: registry.example.com\n")
    ended = cli("users", "list")
    assert ended.err == "note: values.yaml has no users; `privreg-values users add NAME --role push` adds one\n"


def test_an_added_user_has_a_password_of_160_bits_that_is_in_the_credentials_file_only(made: Path, cli: Cli) -> None:
    ended = cli("users", "add", "jane", "--role=pull")
    password = passwords(made)["jane"]
    assert len(password) == credentials.PASSWORD_LENGTH
    assert credentials.matches(password, hashes(made)["jane"])
    assert password not in (made / "values.yaml").read_text()
    assert no_password_in(ended, made)
    assert "new: user jane (pull)" in ended.out
    assert "password    credentials.yaml" in ended.out
    assert "install     privreg-values apply values.yaml\n" in ended.out


def test_a_given_password_is_taken_and_gets_an_expensive_hash(made: Path, cli: Cli) -> None:
    ended = cli("users", "add", "jane", "--role=pull", "--password-stdin", stdin="correct horse\n")
    assert passwords(made)["jane"] == "correct horse"
    assert hashes(made)["jane"].startswith("$2y$12$")
    assert no_password_in(ended, made)


def test_both_files_are_private_afterwards(made: Path, cli: Cli) -> None:
    (made / "values.yaml").chmod(0o644)
    cli("users", "add", "jane", "--role=pull")
    for name in ("values.yaml", "credentials.yaml"):
        assert stat.S_IMODE((made / name).stat().st_mode) == 0o600


def test_files_of_other_names_are_changed(cli: Cli, folder: Path) -> None:
    cli("gen", HOST, "-o", "v.yaml", "--credentials", "c.yaml")
    assert cli("users", "add", "jane", "--role=pull", "-f", "v.yaml", "--credentials", "c.yaml").code == 0
    assert "jane" in load(folder / "c.yaml")["users"]
    assert sorted(path.name for path in folder.iterdir()) == ["c.yaml", "v.yaml"]


def test_a_user_who_is_there_is_not_added_again(unchanged: Callable[[Ended], str], cli: Cli) -> None:
    said = unchanged(cli("users", "add", "ci", "--role=admin"))
    assert "values.yaml:19:7: auth.users: ci is there; change the role with `privreg-values users role`" in said


def test_a_password_that_is_there_without_a_user_is_not_lost(made: Path, cli: Cli) -> None:
    with (made / "credentials.yaml").open("a") as file:
        file.write("  jane: old\n")
    ended = cli("users", "add", "jane", "--role=push")
    assert ended.code == 1
    assert "users.jane: a password is there; take it out, or let this user in again with" in ended.err
    assert cli("gen", "--user=jane:push").code == 0
    assert passwords(made)["jane"] == "old"


def test_a_lost_credentials_file_is_begun_anew(made: Path, cli: Cli) -> None:
    (made / "credentials.yaml").unlink()
    assert cli("users", "add", "jane", "--role=push").code == 0
    assert list(passwords(made)) == ["jane"]
    text = (made / "credentials.yaml").read_text()
    assert "docker login registry.example.com --username jane" in text
    assert load(made / "credentials.yaml")["host"] == "registry.example.com"


WRONG_USAGE = {
    "no role": (["add", "jane"], "--role"),
    "a role of another name": (["add", "jane", "--role=write"], "write"),
    "a role of another name for somebody": (["role", "ci", "write"], "write"),
    "a colon in the name": (["add", "a:b", "--role=pull"], "has a colon"),
    "a pattern with capitals": (["add", "jane", "--role=pull", "--repository=Team/*"], "'Team/*' has capitals"),
    "a pattern with a slash in front": (["role", "ci", "pull", "--repository=/a"], "begins or ends with a slash"),
    "some repositories and all": (["role", "ci", "pull", "--repository=a", "--all-repositories"], "give one of them"),
    "two sources of a password": (["rotate", "ci", "--password-stdin", "--ask-password"], "give one of them"),
    "nobody to ask": (["rotate", "ci", "--ask-password"], "needs a terminal"),
    "one file for both": (["rotate", "ci", "--credentials=values.yaml"], "cannot be both files"),
}


@pytest.mark.parametrize("name", WRONG_USAGE)
def test_wrong_usage_ends_with_2_and_changes_nothing(name: str, made: Path, cli: Cli) -> None:
    arguments, message = WRONG_USAGE[name]
    before = snapshot(made)
    ended = cli("users", *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert snapshot(made) == before


def test_an_empty_password_is_refused(made: Path, cli: Cli) -> None:
    assert "is empty" in cli("users", "rotate", "ci", "--password-stdin", stdin="\n").err
    assert hashes(made)["ci"].startswith("$2y$04$")


# --- list


def test_the_list_has_role_repositories_cost_and_who_the_cluster_pulls_with(made: Path, cli: Cli) -> None:
    cli("users", "add", "jane", "--role=push", "--repository=team-a/**", "--password-stdin", stdin="chosen")
    ended = cli("users", "list")
    assert [line.split(maxsplit=3) for line in ended.out.splitlines()] == [
        ["USER", "ROLE", "HASH", "COST  REPOSITORIES"],
        ["admin", "admin", "4", "all"],
        ["ci", "push", "4", "all"],
        ["cluster", "pull", "4", "all           the cluster pulls with it"],
        ["jane", "push", "12", "team-a/**"],
    ]
    assert no_password_in(ended, made)
    assert "$2y$" not in ended.out


def test_the_list_as_json(made: Path, cli: Cli) -> None:
    cli("users", "role", "cluster", "pull", "--repository=base/*")
    found = json.loads(cli("users", "list", "--json", "-f", made / "values.yaml").out)["users"]
    assert found[1:] == [
        {
            "name": "ci",
            "role": "push",
            "repositories": None,
            "hashCost": 4,
            "pullCredential": False,
            "previousUntil": None,
        },
        {
            "name": "cluster",
            "role": "pull",
            "repositories": ["base/*"],
            "hashCost": 4,
            "pullCredential": True,
            "previousUntil": None,
        },
    ]


def test_the_list_says_who_has_no_role_and_how_to_give_one(made: Path, cli: Cli) -> None:
    replace(made / "values.yaml", "      role: push\n", "")
    ended = cli("users", "list")
    assert "ci       none" in ended.out
    assert "ci has no role; give one with `privreg-values users role ci ROLE`" in ended.err


# --- role


def test_a_changed_role_is_the_only_change(made: Path, cli: Cli) -> None:
    before = (made / "values.yaml").read_text()
    secrets = (made / "credentials.yaml").read_bytes()
    ended = cli("users", "role", "ci", "pull")
    assert ended.code == 0
    assert (made / "values.yaml").read_text() == before.replace("role: push", "role: pull")
    assert (made / "credentials.yaml").read_bytes() == secrets
    assert "changed: role of ci (pull; before: push)" in ended.out


def test_repositories_are_kept_replaced_and_taken_away(made: Path, cli: Cli) -> None:
    before = (made / "values.yaml").read_text()
    cli("users", "role", "ci", "push", "--repository=a/*", "--repository=b")
    cli("users", "role", "ci", "pull")
    assert users(made)["ci"] == {"role": "pull", "repositories": ["a/*", "b"]}
    cli("users", "role", "ci", "pull", "--repository=b", "--repository=c/**")
    assert users(made)["ci"] == {"role": "pull", "repositories": ["b", "c/**"]}
    cli("users", "role", "ci", "push", "--all-repositories")
    assert (made / "values.yaml").read_text() == before


def test_patterns_that_stay_keep_their_comments(made: Path, cli: Cli) -> None:
    replace(
        made / "values.yaml",
        "      role: push\n",
        "      role: push\n      repositories:\n        - a/* # ours\n        # shared\n        - b\n",
    )
    assert cli("users", "role", "ci", "push", "--repository=a/*", "--repository=c").code == 0
    text = (made / "values.yaml").read_text()
    assert "        - a/* # ours\n        # shared\n        - c\n" in text


def test_the_same_role_again_changes_nothing(made: Path, cli: Cli) -> None:
    before = snapshot(made)
    ended = cli("users", "role", "ci", "push")
    assert ended.out == "values.yaml: nothing to change\n"
    assert snapshot(made) == before


def test_a_role_for_nobody_names_who_may_be_meant(unchanged: Callable[[Ended], str], cli: Cli) -> None:
    assert "auth.users: cii is not there; did you mean ci?" in unchanged(cli("users", "role", "cii", "pull"))


def test_a_role_for_nobody_like_anybody_names_who_is_there(unchanged: Callable[[Ended], str], cli: Cli) -> None:
    said = unchanged(cli("users", "role", "zoe", "pull"))
    assert "auth.users: zoe is not there; there is admin, ci, cluster" in said


def test_a_user_without_a_role_is_given_one(made: Path, cli: Cli) -> None:
    text = (made / "values.yaml").read_text()
    replace(made / "values.yaml", "      role: push\n", "")
    assert cli("users", "role", "ci", "push").code == 0
    assert (made / "values.yaml").read_text() == text


def test_who_lets_the_pull_credential_push_is_told_who_may_then(made: Path, cli: Cli) -> None:
    ended = cli("users", "role", "cluster", "push")
    assert ended.code == 0
    assert "whoever can read the pull Secret of a namespace may now push" in ended.err
    assert users(made)["cluster"] == {"role": "push"}


@pytest.mark.parametrize("arguments", [["role", "admin", "push"], ["remove", "admin"]])
def test_without_the_last_admin_it_is_said_what_nobody_may_do(arguments: list[str], made: Path, cli: Cli) -> None:
    assert "nobody has the role admin" not in cli("users", "role", "ci", "pull").err
    ended = cli("users", *arguments)
    assert ended.code == 0
    assert "nobody has the role admin now: nobody may delete images or list the catalog" in ended.err
    assert made.exists()


# --- remove


def test_a_removed_user_is_gone_from_both_files_and_the_rest_is_as_before(made: Path, cli: Cli) -> None:
    before = snapshot(made)
    cli("users", "add", "jane", "--role=push", "--repository=a")
    assert cli("users", "remove", "jane").code == 0
    assert snapshot(made) == before


def test_a_user_in_the_middle_is_removed_and_comments_above_stay(made: Path, cli: Cli) -> None:
    before = (made / "values.yaml").read_text()
    ended = cli("users", "remove", "ci")
    assert "removed: user ci" in ended.out
    lines = f"    - name: 'ci' # since May\n      hash: {load_hash(before)}\n      role: push\n"
    assert (made / "values.yaml").read_text() == before.replace(lines, "")
    assert "    # builds\n    - name: cluster\n" in (made / "values.yaml").read_text()
    assert list(passwords(made)) == ["admin", "cluster"]


def load_hash(text: str) -> str:
    return text.partition("since May\n      hash: ")[2].partition("\n")[0]


def test_the_user_that_the_cluster_pulls_with_is_not_removed(unchanged: Callable[[Ended], str], cli: Cli) -> None:
    said = unchanged(cli("users", "remove", "cluster"))
    assert "pullSecrets.credential.username: the cluster pulls with cluster, and no Pod could pull without" in said
    assert "--force" in said


def test_by_force_the_pull_credential_goes_too_and_gen_makes_another(made: Path, cli: Cli) -> None:
    old = passwords(made)["cluster"]
    ended = cli("users", "remove", "cluster", "--force")
    assert ended.code == 0
    assert old not in (made / "values.yaml").read_text() + (made / "credentials.yaml").read_text()
    assert "the cluster has nothing to pull with; `privreg-values gen` makes a new user" in ended.err
    assert "warning: values.yaml:" in ended.err
    assert cli("gen").code == 0
    assert users(made)["cluster"] == {"role": "pull"}
    assert passwords(made)["cluster"] != old
    assert validate.validate(["values.yaml"]).problems == []


def test_the_last_user_of_all_stays(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("pullSecrets: {enabled: false}\n")
    cli("gen", HOST, "--user=jane:admin")
    ended = cli("users", "remove", "jane")
    assert ended.code == 1
    assert "auth: nobody could log in" in ended.err
    assert "jane" in passwords(folder)


def test_a_user_whose_password_nobody_kept_is_removed(made: Path, cli: Cli) -> None:
    (made / "credentials.yaml").unlink()
    assert cli("users", "remove", "ci").code == 0
    assert "ci" not in hashes(made)
    assert not (made / "credentials.yaml").exists()


# --- rotate


def test_a_rotated_user_has_a_new_password_and_nothing_else_changes(made: Path, cli: Cli) -> None:
    values, old = (made / "values.yaml").read_text(), passwords(made)
    ended = cli("users", "rotate", "ci")
    new = passwords(made)
    assert new["ci"] != old["ci"]
    assert credentials.matches(new["ci"], hashes(made)["ci"])
    assert (made / "values.yaml").read_text() == values.replace(load_hash(values), hashes(made)["ci"])
    assert {name: new[name] for name in ("admin", "cluster")} == {name: old[name] for name in ("admin", "cluster")}
    assert no_password_in(ended, made)


def test_with_the_user_that_the_cluster_pulls_with_the_pull_credential_follows(made: Path, cli: Cli) -> None:
    ended = cli("users", "rotate", "cluster")
    assert load(made / "values.yaml")["pullSecrets"]["credential"]["password"] == passwords(made)["cluster"]
    assert "new: password of cluster, pull credential" in ended.out


def test_a_damaged_hash_is_mended_by_rotation(made: Path, cli: Cli) -> None:
    replace(made / "values.yaml", hashes(made)["ci"], "hunter2")
    assert "hunter2" not in cli("users", "list").out
    assert cli("users", "rotate", "ci").code == 0
    assert validate.validate(["values.yaml"]).problems == []


# --- files that say something else, or cannot be edited


def test_in_htpasswd_mode_it_is_said_that_roles_do_not_count(made: Path, cli: Cli) -> None:
    replace(made / "values.yaml", "auth:\n", "auth:\n  mode: htpasswd\n")
    for arguments in (["list"], ["role", "ci", "pull"], ["add", "jane", "--role=pull"]):
        assert "every user may pull and push, whatever the role says" in cli("users", *arguments).err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "make it with `privreg-values gen --host NAME`"),
        ("auth: {users: ci}\n", "expected a list of maps with name and hash"),
        ("auth: {users: [{name: ci, hash: x}, {name: ci, hash: y}]}\n", "the name ci is there twice"),
        ("x: &x {name: ci, hash: y}\nauth: {users: [*x]}\n", "edit it by hand"),
        ("a:\n\tb: 1\n", "a tab cannot indent YAML"),
    ],
)
def test_a_file_that_cannot_be_edited_is_named_and_left_alone(text: str, message: str, cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(text)
    ended = cli("users", "role", "ci", "pull")
    assert ended.code == 1
    assert message in ended.err
    assert (folder / "values.yaml").read_text() == text


def test_a_missing_values_file_is_named_and_not_made(cli: Cli, folder: Path) -> None:
    for arguments in (["list"], ["role", "ci", "pull"], ["add", "jane", "--role=pull"]):
        ended = cli("users", *arguments)
        assert ended.code == 1
        assert "values.yaml: there is" in ended.err
    assert list(folder.iterdir()) == []


def test_files_of_two_registries_are_not_mixed(made: Path, cli: Cli) -> None:
    replace(made / "credentials.yaml", "host: registry.example.com", "host: other.example.com")
    before = snapshot(made)
    ended = cli("users", "rotate", "ci")
    assert ended.code == 1
    assert "credentials.yaml:4:7: host: is other.example.com, and the other file is for another one" in ended.err
    assert snapshot(made) == before


def test_on_a_terminal_of_80_columns_long_names_and_patterns_go_on_below() -> None:
    patterns = ["team-a/**", "team-b/**", "a/rather/long/repository/*"]
    accounts = [
        Account("a-user-with-a-rather-long-name", "push", patterns, 4, True, None),
        Account("ci", "push", None, 4, False, None),
    ]
    shown = "\n".join(accounts_text(accounts, Style(width=80))).splitlines()
    assert max(map(len, shown)) <= 80
    assert shown[1].split() == ["a-user-with-a-rather-long-name", "push", "4", "team-a/**,", "team-b/**,"]
    assert " ".join(" ".join(shown[2:-1]).split()) == "a/rather/long/repository/*; the cluster pulls with it"
    assert all(line.startswith(" " * shown[1].index("team-a/**")) for line in shown[2:-1])
    assert len(accounts_text(accounts, Style())) == 3
