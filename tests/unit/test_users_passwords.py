"""`privreg-values users`: passwords from files, `verify`, `show`, and old passwords that are kept for a while."""

import json
import time
from pathlib import Path

import pytest

from privreg_values.errors import UsageError
from privreg_values.users import credentials, htpasswd, rotation
from privreg_values.users.htpasswd import Previous
from privreg_values.values import validate
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST, hashes, load, passwords
from tests.unit.test_gen_again import replace, snapshot
from tests.unit.test_gen_roles import users


@pytest.fixture
def made(cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has run, with a comment and a quote of somebody's own."""
    assert cli("gen", HOST).code == 0
    replace(folder / "values.yaml", "    - name: ci\n", "    # builds\n    - name: 'ci' # since May\n")
    return folder


# --- passwords from a file


@pytest.mark.parametrize("command", [["users", "add", "jane", "--role=pull"], ["gen", "--user=jane:pull"]])
def test_a_password_is_read_from_a_file_but_for_the_end_of_its_line(command: list[str], made: Path, cli: Cli) -> None:
    (made / "password").write_bytes("pässword with a blank \r\n".encode())
    ended = cli(*command, "--password-file=password")
    assert ended.code == 0, ended.err
    assert passwords(made)["jane"] == "pässword with a blank "
    assert hashes(made)["jane"].startswith("$2y$12$")


BAD_FILES = {
    "missing": (None, 1, "password: the password cannot be read: No such file or directory"),
    "empty": (b"", 2, "the password is empty"),
    "not UTF-8": (b"\xff\xfe", 2, "the password is not UTF-8"),
    "two lines": (b"one\ntwo\n", 2, "has control characters"),
    "too long": (b"x" * 80, 2, "the password has 80 bytes"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_with_no_usable_password_is_refused_and_nothing_is_changed(name: str, made: Path, cli: Cli) -> None:
    content, code, message = BAD_FILES[name]
    if content is not None:
        (made / "password").write_bytes(content)
    before = snapshot(made)
    ended = cli("users", "rotate", "ci", "--password-file=password")
    assert (ended.code, message in ended.err) == (code, True), ended.err
    assert snapshot(made) == before


def test_a_password_from_a_file_and_from_elsewhere_is_refused(made: Path, cli: Cli) -> None:
    assert made.exists()
    ended = cli("users", "rotate", "ci", "--password-file=x", "--password-stdin")
    assert ended.code == 2
    assert "--password-stdin and --password-file were given together; give one of them" in ended.err


# --- verify


def test_the_right_password_is_said_to_match(made: Path, cli: Cli) -> None:
    ended = cli("users", "verify", "ci", "--password-stdin", stdin=passwords(made)["ci"] + "\n")
    assert (ended.code, ended.out) == (0, "ci: the password matches\n")
    ended = cli("users", "verify", "ci", "--password-stdin", "--json", stdin=passwords(made)["ci"])
    assert json.loads(ended.out) == {"name": "ci", "match": "current"}


@pytest.mark.parametrize("password", ["wrong", "", "x" * 100, "\0"])
def test_a_wrong_password_ends_with_1(password: str, made: Path, cli: Cli) -> None:
    (made / "password").write_text(password)
    ended = cli("users", "verify", "ci", "--password-file=password")
    assert (ended.code, ended.out) == (1, "ci: the password does not match\n")
    assert json.loads(cli("users", "verify", "ci", "--password-stdin", "--json").out)["match"] == "none"


def test_verify_changes_no_file_and_needs_no_credentials_file(made: Path, cli: Cli) -> None:
    password = passwords(made)["admin"]
    (made / "credentials.yaml").unlink()
    before = snapshot(made)
    assert cli("users", "verify", "admin", "--password-stdin", stdin=password).code == 0
    assert snapshot(made) == before


def test_without_a_password_and_a_terminal_verify_says_how_to_give_one(made: Path, cli: Cli) -> None:
    assert made.exists()
    ended = cli("users", "verify", "ci")
    assert ended.code == 2
    assert "give --password-stdin or --password-file" in ended.err


def test_nobody_and_a_damaged_hash_cannot_be_verified(made: Path, cli: Cli) -> None:
    assert "cii is not there; did you mean ci?" in cli("users", "verify", "cii", "--password-stdin").err
    replace(made / "values.yaml", hashes(made)["ci"], "hunter2")
    ended = cli("users", "verify", "ci", "--password-stdin", stdin="hunter2")
    assert ended.code == 1
    assert "ci has no bcrypt hash; make one with `privreg-values users rotate ci`" in ended.err
    assert "hunter2" not in ended.err + ended.out


def test_hashes_that_are_in_a_secret_of_somebody_else_cannot_be_compared(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("auth: {existingSecret: mine, access: [{name: jane, role: push}]}\n")
    ended = cli("users", "verify", "jane", "--password-stdin", stdin="x")
    assert ended.code == 1
    assert "the hashes are in the Secret mine, not here" in ended.err


# --- show


def test_show_says_all_about_a_user_and_no_secret(made: Path, cli: Cli) -> None:
    cli("users", "role", "cluster", "pull", "--repository=base/*", "--repository=team/**")
    cli("users", "rotate", "cluster", "--keep-old=2d")
    ended = cli("users", "show", "cluster")
    until = users(made)["cluster"]["previous"]["until"]
    line = next(n for n, it in enumerate((made / "values.yaml").read_text().splitlines(), 1) if "name: cluster" in it)
    assert ended.out.splitlines() == [
        "user          cluster",
        "role          pull",
        "repositories  base/*, team/**",
        "hash          bcrypt, cost 4",
        "pulls         the cluster pulls with it",
        f"old password  until {until}: works as well",
        f"written at    values.yaml:{line}:7",
    ]
    assert "$2y$" not in ended.out


def test_show_names_who_may_be_meant(made: Path, cli: Cli) -> None:
    assert made.exists()
    ended = cli("users", "show", "clutser")
    assert ended.code == 1
    assert "did you mean cluster?" in ended.err


# --- rotate --keep-old, prune


def test_the_old_hash_is_kept_with_its_end_and_every_other_line_stays(made: Path, cli: Cli) -> None:
    before, old, text = passwords(made)["ci"], hashes(made)["ci"], (made / "values.yaml").read_text()
    began = time.time()
    assert cli("users", "rotate", "ci", "--keep-old=1h").code == 0
    entry = users(made)["ci"]
    assert entry["previous"]["hash"] == old
    ends = time.mktime(time.strptime(entry["previous"]["until"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert 3599 <= ends - began <= 3660
    assert credentials.matches(passwords(made)["ci"], hashes(made)["ci"])
    assert credentials.matches(before, entry["previous"]["hash"])
    assert (made / "values.yaml").read_text() == text.replace(
        f"      hash: {old}\n      role: push\n",
        f"      hash: {hashes(made)['ci']}\n      role: push\n      previous:\n        hash: {old}\n"
        f'        until: "{entry["previous"]["until"]}"\n',
    )
    assert validate.validate(["values.yaml"]).problems == []


def test_the_cluster_s_pull_credential_is_the_new_password_while_the_old_one_works(made: Path, cli: Cli) -> None:
    old = passwords(made)["cluster"]
    assert cli("users", "rotate", "cluster", "--keep-old=1h").code == 0
    new = passwords(made)["cluster"]
    assert load(made / "values.yaml")["pullSecrets"]["credential"]["password"] == new != old
    ended = cli("users", "verify", "cluster", "--password-stdin", "--json", stdin=old)
    assert (ended.code, json.loads(ended.out)["match"]) == (0, "previous")


def test_prune_takes_out_what_is_over_and_says_what_waits(made: Path, cli: Cli) -> None:
    text = (made / "values.yaml").read_text()
    cli("users", "rotate", "ci", "--keep-old=1s")
    cli("users", "rotate", "admin", "--keep-old=1h")
    time.sleep(1.1)
    assert "time to take it out" in cli("users", "show", "ci").out
    ended = cli("users", "prune")
    assert "removed: old password of ci\n" in ended.out
    assert f"the old password of admin stays until {users(made)['admin']['previous']['until']}" in ended.err
    assert "previous" not in users(made)["ci"]
    ended = cli("users", "prune", "--all")
    assert "removed: old password of admin\n" in ended.out
    after = (made / "values.yaml").read_text()
    assert [line for line in after.splitlines() if "hash:" not in line] == [
        line for line in text.splitlines() if "hash:" not in line
    ]
    assert cli("users", "prune", "--all").out == "values.yaml: nothing to change\n"


def test_rotation_without_keeping_ends_an_old_password_that_was_kept(made: Path, cli: Cli) -> None:
    first = passwords(made)["ci"]
    cli("users", "rotate", "ci", "--keep-old=1h")
    second = passwords(made)["ci"]
    ended = cli("users", "rotate", "ci", "--keep-old=1h")
    assert "the password of ci before the last one does not work any longer" in ended.err
    assert cli("users", "verify", "ci", "--password-stdin", stdin=first).code == 1
    assert cli("users", "verify", "ci", "--password-stdin", stdin=second).code == 0
    assert cli("users", "rotate", "ci").code == 0
    assert "previous" not in users(made)["ci"]
    assert cli("users", "verify", "ci", "--password-stdin", stdin=second).code == 1


def test_gen_keeps_an_old_password_and_its_rotation_ends_it(made: Path, cli: Cli) -> None:
    cli("users", "rotate", "ci", "--keep-old=1h")
    before = snapshot(made)
    assert "nothing to add" in cli("gen").out
    assert snapshot(made) == before
    assert cli("gen", "--rotate=ci").code == 0
    assert "previous" not in users(made)["ci"]


def test_a_user_in_one_line_is_rotated_and_pruned_there(made: Path, cli: Cli) -> None:
    text = (made / "values.yaml").read_text()
    start, end = text.index("    - name: admin"), text.index("    # builds")
    flow = f"    - {{name: admin, hash: {hashes(made)['admin']}, role: admin}} # me\n"
    (made / "values.yaml").write_text(text[:start] + flow + text[end:])
    assert cli("users", "rotate", "admin", "--keep-old=1h").code == 0
    assert (made / "values.yaml").read_text().count("\n") == text.count("\n") - 2
    assert "# me" in (made / "values.yaml").read_text()
    assert cli("users", "prune", "--all").code == 0
    assert (made / "values.yaml").read_text() == (text[:start] + flow + text[end:]).replace(
        flow, flow.replace(flow.split("hash: ")[1][:60], hashes(made)["admin"])
    )


def test_in_other_modes_an_old_password_cannot_be_kept(made: Path, cli: Cli) -> None:
    replace(made / "values.yaml", "auth:\n", "auth:\n  mode: htpasswd\n")
    before = snapshot(made)
    ended = cli("users", "rotate", "ci", "--keep-old=1h")
    assert ended.code == 1
    assert "auth.mode: is htpasswd, and --keep-old needs gateway" in ended.err
    assert snapshot(made) == before
    assert cli("users", "rotate", "ci").code == 0


def test_an_old_password_can_be_pruned_in_mode_htpasswd_as_its_rule_says(made: Path, cli: Cli) -> None:
    cli("users", "rotate", "ci", "--keep-old=1h")
    replace(made / "values.yaml", "auth:\n", "auth:\n  mode: htpasswd\n")
    assert "previous password, which needs auth.mode gateway" in str(validate.validate(["values.yaml"]).problems[0])
    assert cli("users", "prune", "--all").code == 0
    assert validate.validate(["values.yaml"]).problems == []


def test_a_hash_that_is_none_cannot_be_kept(made: Path, cli: Cli) -> None:
    replace(made / "values.yaml", hashes(made)["ci"], "hunter2")
    before = snapshot(made)
    ended = cli("users", "rotate", "ci", "--keep-old=1h")
    assert ended.code == 1
    assert "ci has no bcrypt hash that could be kept" in ended.err
    assert snapshot(made) == before


@pytest.mark.parametrize("text", ["", "1", "h", "1.5h", "-1h", "0s", "400d", "1h30m", "1w", "999999999999d", "१h"])
def test_what_is_no_time_is_refused(text: str, made: Path, cli: Cli) -> None:
    before = snapshot(made)
    ended = cli("users", "rotate", "ci", f"--keep-old={text}")
    assert (ended.code, "write it as 30m, 1h or 7d" in ended.err) == (2, True)
    assert snapshot(made) == before
    with pytest.raises(UsageError):
        rotation.parse_duration(text)


def test_a_time_that_cannot_be_read_is_over() -> None:
    assert rotation.is_over("soon")
    assert rotation.is_over("2026-01-31T12:00:00Z") is (time.time() > 1769860800)
    assert not rotation.is_over("2999-01-31T12:00:00Z")


# --- htpasswd


HASH, OTHER = "$2y$04$" + "a" * 53, "$2y$04$" + "b" * 53
FILE = f"# ours\nci:{HASH}  # since May\n#previous:ci:{OTHER}:2026-01-31T12:00:00Z\n\nx:{OTHER}\n"


def test_an_htpasswd_file_is_read_with_comments_and_old_passwords() -> None:
    found = htpasswd.read(FILE.replace("\n", "\r\n") + "  # y: z\n")
    assert {name: it.hash for name, it in found.items()} == {"ci": HASH, "x": OTHER}
    assert found["ci"].previous == Previous(OTHER, "2026-01-31T12:00:00Z")


def test_a_line_of_an_htpasswd_file_changes_alone() -> None:
    assert htpasswd.put(FILE, "x", HASH) == FILE.replace(f"x:{OTHER}", f"x:{HASH}")
    assert htpasswd.put(FILE, "new", HASH) == f"{FILE}new:{HASH}\n"
    assert htpasswd.put("", "new", HASH) == f"new:{HASH}\n"
    assert htpasswd.put("x:y", "new", HASH) == f"x:y\nnew:{HASH}\n"
    assert htpasswd.without(FILE, "x") == FILE.replace(f"x:{OTHER}\n", "")
    assert htpasswd.without(FILE, "ci") == f"# ours\n\nx:{OTHER}\n"
    changed = htpasswd.put(FILE, "ci", OTHER, Previous(HASH, "2027-01-31T12:00:00Z"))
    assert changed == f"# ours\nci:{OTHER}  # since May\n#previous:ci:{HASH}:2027-01-31T12:00:00Z\n\nx:{OTHER}\n"
