"""`privreg-values gen` where its files, or somebody's, are already there."""

import difflib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from privreg_values.users import credentials
from tests.unit.conftest import Cli
from tests.unit.test_files import file_size_limit
from tests.unit.test_gen import HOST, hashes, load, passwords


@pytest.fixture
def made(cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has run."""
    assert cli("gen", HOST).code == 0
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def lines_gone(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_run_again_it_changes_nothing(made: Path, cli: Cli) -> None:
    before = snapshot(made)
    ended = cli("gen", HOST)
    assert ended.code == 0
    assert "nothing to add" in ended.out
    assert snapshot(made) == before


def test_run_again_with_the_same_choices_it_changes_nothing(cli: Cli, folder: Path) -> None:
    choices = ["--ingress-class=nginx", "--storage=nfs", "--storage-server=nas", "--storage-path=/x", "--namespace=a"]
    cli("gen", HOST, *choices)
    before = snapshot(folder)
    assert cli("gen", HOST, *choices).code == 0
    assert snapshot(folder) == before


def test_the_host_need_not_be_said_twice(made: Path, cli: Cli) -> None:
    assert cli("gen", "--user=alice").code == 0
    assert "alice" in hashes(made)


def test_a_user_is_added_and_every_line_that_was_there_stays(made: Path, cli: Cli) -> None:
    values, secrets = (made / "values.yaml").read_text(), (made / "credentials.yaml").read_text()
    assert cli("gen", HOST, "--user=alice").code == 0
    assert lines_gone(values, (made / "values.yaml").read_text()) == []
    assert lines_gone(secrets, (made / "credentials.yaml").read_text()) == []
    assert list(hashes(made)) == ["admin", "ci", "cluster", "alice"]
    assert credentials.matches(passwords(made)["alice"], hashes(made)["alice"])


def test_a_choice_that_was_left_open_can_be_made_later(made: Path, cli: Cli) -> None:
    ended = cli("gen", "--ingress-class=traefik", "--ingress-preset=traefik", "--tls-secret=mine", "--namespace=team")
    assert ended.code == 0, ended.err
    values = load(made / "values.yaml")
    assert values["ingress"] == {"className": "traefik", "preset": "traefik"}
    assert values["tls"] == {"secretName": "mine"}
    assert values["pullSecrets"]["namespaces"] == ["default", "team"]


def test_comments_order_and_keys_that_it_does_not_know_are_kept(cli: Cli, folder: Path) -> None:
    before = (
        "# mine\nreplicas:   1 # one\nunknownKey: {deep: [1, 'two']}\n\n# the name\nhost: 'registry.example.com'\n"
        "auth:\n  realm: here   # mine too\n"
    )
    (folder / "values.yaml").write_text(before)
    ended = cli("gen", HOST)
    assert ended.code == 0, ended.err
    assert lines_gone(before, (folder / "values.yaml").read_text()) == []
    assert list(hashes(folder)) == ["admin", "ci", "cluster"]
    assert "values.yaml:3:1: unknownKey: is not a key of this chart" in ended.err


def test_a_rotated_user_has_a_new_password_and_the_others_keep_theirs(made: Path, cli: Cli) -> None:
    old_passwords, old_hashes = passwords(made), hashes(made)
    assert cli("gen", "--rotate=ci").code == 0
    assert passwords(made)["ci"] != old_passwords["ci"]
    assert credentials.matches(passwords(made)["ci"], hashes(made)["ci"])
    for name in ("admin", "cluster"):
        assert passwords(made)[name] == old_passwords[name]
        assert hashes(made)[name] == old_hashes[name]


def test_when_the_user_to_pull_with_is_rotated_the_pull_credential_follows(made: Path, cli: Cli) -> None:
    assert cli("gen", "--rotate=cluster").code == 0
    assert load(made / "values.yaml")["pullSecrets"]["credential"]["password"] == passwords(made)["cluster"]
    assert credentials.matches(passwords(made)["cluster"], hashes(made)["cluster"])


def test_a_user_can_be_rotated_to_a_given_password(made: Path, cli: Cli) -> None:
    assert cli("gen", "--rotate=ci", "--password-stdin", stdin="chosen").code == 0
    assert passwords(made)["ci"] == "chosen"
    assert hashes(made)["ci"].startswith("$2y$12$")


def test_a_lost_values_file_is_made_again_with_the_same_passwords(made: Path, cli: Cli) -> None:
    cli("gen", "--user=alice")
    before = passwords(made)
    (made / "values.yaml").unlink()
    assert cli("gen", HOST, "--user=alice:push").code == 0
    assert passwords(made) == before
    assert all(credentials.matches(before[name], hashed) for name, hashed in hashes(made).items())
    assert set(hashes(made)) == set(before)
    assert all(hashed.startswith("$2y$04$") for hashed in hashes(made).values())


def test_without_the_credentials_file_hashes_are_kept_and_the_pull_password_is_saved(made: Path, cli: Cli) -> None:
    before, pull = hashes(made), passwords(made)["cluster"]
    (made / "credentials.yaml").unlink()
    ended = cli("gen", HOST)
    assert ended.code == 0
    assert hashes(made) == before
    assert passwords(made) == {"cluster": pull}
    assert "admin, ci: password not in credentials.yaml; the hash is kept" in ended.err


def test_a_user_who_was_taken_out_stays_out_until_asked_for(made: Path, cli: Cli) -> None:
    hashed = hashes(made)["ci"]
    replace(made / "values.yaml", f"    - name: ci\n      hash: {hashed}\n      role: push\n", "")
    ended = cli("gen", HOST)
    assert "ci" not in hashes(made)
    assert "--user ci" in ended.err
    known = passwords(made)["ci"]
    cli("gen", "--user=ci")
    assert passwords(made)["ci"] == known
    assert credentials.matches(known, hashes(made)["ci"])


def test_an_http_secret_a_pull_credential_and_a_host_that_are_missing_are_added(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("host: ''\nhttpSecret:\npullSecrets: {strict: true}\n")
    assert cli("gen", HOST).code == 0
    values = load(folder / "values.yaml")
    assert values["host"] == "registry.example.com"
    assert len(values["httpSecret"]["value"]) >= 32
    assert values["pullSecrets"]["strict"] is True
    assert values["pullSecrets"]["credential"]["username"] == "cluster"


def test_what_comes_from_existing_secrets_is_left_to_them(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(
        "auth: {existingSecret: a}\nhttpSecret: {existingSecret: b}\npullSecrets: {existingSecret: c}\n"
    )
    assert cli("gen", HOST).code == 0
    values = load(folder / "values.yaml")
    assert values["auth"] == {"existingSecret": "a"}
    assert values["httpSecret"] == {"existingSecret": "b"}
    assert values["pullSecrets"] == {"existingSecret": "c"}
    ended = cli("gen", "--user=x")
    assert ended.code == 1
    assert "auth.existingSecret: holds the users" in ended.err


def test_no_user_is_made_to_pull_with_where_nothing_is_delivered(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("pullSecrets:\n  enabled: false\n")
    assert cli("gen", HOST).code == 0
    assert list(hashes(folder)) == ["admin", "ci"]
    assert load(folder / "values.yaml")["pullSecrets"] == {"enabled": False}


CONFLICTS = {
    "another host": (
        ["--host=other.example.com"],
        "values.yaml:6:7: host: is registry.example.com, and --host asks for other",
    ),
    "another choice": (["--storage=emptyDir"], "storage.type: is pvc, and --storage asks for emptyDir"),
    "another size": (["--storage-size=1Gi"], "storage.persistence.size: is 20Gi, and --storage-size asks for 1Gi"),
    "nobody to rotate": (["--rotate=nobody"], "nobody is not there"),
}


@pytest.mark.parametrize(("options", "message"), CONFLICTS.values(), ids=CONFLICTS)
def test_a_conflict_is_named_with_its_place_and_nothing_is_changed(
    options: list[str], message: str, made: Path, cli: Cli
) -> None:
    before = snapshot(made)
    ended = cli("gen", *options)
    assert ended.code == 1
    assert message in ended.err
    assert ended.err.endswith("nothing was changed\n")
    assert snapshot(made) == before


def test_another_password_for_a_user_who_has_one_is_a_conflict(made: Path, cli: Cli) -> None:
    before = snapshot(made)
    ended = cli("gen", "--user=ci", "--password-stdin", stdin="another")
    assert ended.code == 1
    assert "replace it with --rotate ci" in ended.err
    assert "another password" in ended.err
    assert snapshot(made) == before


def test_files_of_two_registries_are_a_conflict(made: Path, cli: Cli) -> None:
    replace(made / "credentials.yaml", "host: registry.example.com", "host: other.example.com")
    ended = cli("gen")
    assert ended.code == 1
    assert "credentials.yaml:4:7: host: is other.example.com" in ended.err


DAMAGE = {
    "a hash that is not the password's": ("$2y$04$" + "a" * 53, "not the hash of its password"),
    "a password where the hash belongs": ("hunter2", "not a bcrypt hash"),
    "a hash that would take years": ("$2y$31$" + "a" * 53, "not a bcrypt hash"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_hash_and_a_password_that_do_not_fit_are_a_conflict(name: str, made: Path, cli: Cli) -> None:
    new, message = DAMAGE[name]
    replace(made / "values.yaml", hashes(made)["ci"], new)
    before = snapshot(made)
    ended = cli("gen", HOST)
    assert ended.code == 1
    assert f"the hash of ci is {message}" in ended.err
    assert "--rotate ci" in ended.err
    assert "hunter2" not in ended.err
    assert snapshot(made) == before
    assert cli("gen", "--rotate=ci").code == 0
    assert credentials.matches(passwords(made)["ci"], hashes(made)["ci"])


def test_a_pull_password_that_is_not_its_users_is_a_conflict(made: Path, cli: Cli) -> None:
    values = (made / "values.yaml").read_text()
    (made / "values.yaml").write_text(values.replace(f"password: {passwords(made)['cluster']}", "password: other"))
    ended = cli("gen")
    assert ended.code == 1
    assert "pullSecrets.credential.password: is not the password of cluster" in ended.err


def test_a_user_to_pull_with_whose_password_nobody_knows_is_a_conflict(cli: Cli, folder: Path) -> None:
    hashed = credentials.hash_password("x", 4)
    (folder / "values.yaml").write_text(f"auth:\n  users:\n    - {{name: cluster, hash: {hashed}}}\n")
    ended = cli("gen", HOST)
    assert ended.code == 1
    assert "nobody knows the password of cluster" in ended.err
    assert cli("gen", HOST, "--rotate=cluster").code == 0


def test_of_files_of_two_registries_nothing_else_is_said(made: Path, cli: Cli) -> None:
    (made / "other").mkdir()
    ended = cli("gen", "--host=other.example.com", "-o", "other/values.yaml", "--no-cluster")
    assert ended.code == 1
    assert [line for line in ended.err.splitlines() if line.startswith("error: ")] == [
        "error: credentials.yaml:4:7: host: is registry.example.com, and --host asks for other.example.com; "
        "name other files with --output and --credentials"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("auth: {users: admin}\n", "values.yaml:1:15: auth.users: expected a list of maps"),
        ("auth: {users: [{name: a, hash: x}, {name: a, hash: y}]}\n", "the name a is there twice"),
        ("auth: admin\n", "auth.users: cannot be set here"),
        ("pullSecrets: {namespaces: teams}\n", "pullSecrets.namespaces: cannot be set here"),
        ("- host\n", "values.yaml:1:1: expected a map of values, found a list"),
        ("a:\n\tb: 1\n", "values.yaml:2:1: a tab cannot indent YAML"),
        ("replicas: 1\n---\nreplicas: 2\n", "holds 2 YAML documents"),
    ],
)
def test_a_values_file_that_cannot_be_added_to_is_named_and_left_alone(
    text: str, message: str, cli: Cli, folder: Path
) -> None:
    (folder / "values.yaml").write_text(text)
    ended = cli("gen", HOST, "--namespace=team")
    assert ended.code == 1
    assert message in ended.err
    assert (folder / "values.yaml").read_text() == text
    assert not (folder / "credentials.yaml").exists()


def test_a_key_that_comes_twice_is_left_as_it_is(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("replicas: 1\nreplicas: 1\n")
    assert cli("gen", HOST).code == 0
    assert (folder / "values.yaml").read_text().startswith("replicas: 1\nreplicas: 1\n")


def test_passwords_without_quotes_that_yaml_takes_for_numbers_are_named(cli: Cli, folder: Path) -> None:
    (folder / "credentials.yaml").write_text("host: registry.example.com\nusers:\n  admin: 1234\n")
    ended = cli("gen", HOST)
    assert ended.code == 1
    assert "credentials.yaml:2:1: users: expected passwords by user name, each in quotes" in ended.err


@pytest.mark.parametrize(
    ("line", "message"), [(f"admin: {'x' * 73}", "73 bytes"), ("'a:b': x", "has a colon"), ("admin: ''", "is empty")]
)
def test_credentials_that_cannot_be_used_are_named_with_their_place(
    line: str, message: str, cli: Cli, folder: Path
) -> None:
    (folder / "credentials.yaml").write_text(f"host: registry.example.com\nusers:\n  {line}\n")
    ended = cli("gen", HOST)
    assert ended.code == 1
    assert "credentials.yaml:3:" in ended.err
    assert message in ended.err
    assert not (folder / "values.yaml").exists()


def test_files_that_others_could_read_become_private(made: Path, cli: Cli) -> None:
    (made / "values.yaml").chmod(0o644)
    ended = cli("gen", HOST)
    assert "values.yaml could be read by others; now it is yours alone" in ended.err
    assert stat.S_IMODE((made / "values.yaml").stat().st_mode) == 0o600


def test_a_link_is_written_through_and_stays_a_link(cli: Cli, folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "values.yaml").symlink_to("real/values.yaml")
    assert cli("gen", HOST).code == 0
    assert (folder / "values.yaml").is_symlink()
    assert hashes(folder / "real")


@pytest.mark.parametrize("name", ["values.yaml", "credentials.yaml"])
def test_a_folder_in_the_place_of_a_file_is_named_and_the_other_file_is_not_made(
    name: str, cli: Cli, folder: Path
) -> None:
    (folder / name).mkdir()
    ended = cli("gen", HOST)
    assert ended.code == 1
    assert f"error: {name}: is a folder" in ended.err
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_read_only_values_file_is_left_alone(made: Path, cli: Cli) -> None:
    (made / "values.yaml").chmod(0o400)
    before = snapshot(made)
    ended = cli("gen", "--user=alice")
    assert ended.code == 1
    assert "values.yaml: is read-only" in ended.err
    assert snapshot(made) == before


def test_when_the_disk_is_full_both_files_stay_as_they_were(made: Path, cli: Cli) -> None:
    before = snapshot(made)
    with file_size_limit(1000):  # enough for the credentials and not for the values
        ended = cli("gen", "--rotate=ci")
    assert ended.code == 1
    assert "error: values.yaml: cannot be written" in ended.err
    assert "nothing was changed" in ended.err
    assert snapshot(made) == before


def test_the_credentials_are_written_before_the_values(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        order.append(target.name)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    cli("gen", HOST)
    assert order == ["credentials.yaml", "values.yaml"]
    assert folder.exists()


def test_after_a_crash_between_the_two_files_the_same_command_goes_on(made: Path, cli: Cli) -> None:
    values = (made / "values.yaml").read_bytes()
    cli("gen", "--user=alice")
    known = passwords(made)["alice"]
    (made / "values.yaml").write_bytes(values)  # as if the second rename had never come
    assert cli("gen", "--user=alice").code == 0
    assert passwords(made)["alice"] == known
    assert credentials.matches(known, hashes(made)["alice"])


def test_of_two_runs_at_once_neither_loses_what_the_other_made(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "privreg_values", "gen", HOST, f"--user=user{number}"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for run in runs:
        _, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
    names = {f"user{number}" for number in range(4)} | {"cluster"}
    assert set(hashes(folder)) == set(passwords(folder)) == names
    assert all(credentials.matches(passwords(folder)[name], hashed) for name, hashed in hashes(folder).items())
