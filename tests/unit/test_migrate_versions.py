"""`privreg-values migrate` from older values of this chart."""

import re
import shutil
import stat
from pathlib import Path

import pytest

from privreg_values.migrate.versions import MIGRATIONS
from privreg_values.values import validate
from tests.cluster.paths import ROOT
from tests.unit.conftest import Cli

DATA = ROOT / "tests" / "data"
SAMPLES = DATA / "migrate" / "versions"
NAMES = list(MIGRATIONS)
ACCEPTED = sorted((DATA / "accept").glob("*.yaml"))


def test_every_migration_has_a_sample_and_what_it_becomes() -> None:
    assert sorted(NAMES) == sorted(path.name for path in SAMPLES.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_becomes_what_is_expected(name: str, cli: Cli, folder: Path) -> None:
    shutil.copy(SAMPLES / name / "before.yaml", folder / "values.yaml")
    assert validate.validate(["values.yaml"]).problems
    assert cli("migrate", "values.yaml").code == 0
    assert (folder / "values.yaml").read_text() == (SAMPLES / name / "after.yaml").read_text()
    assert validate.validate(["values.yaml"]).problems == []
    assert stat.S_IMODE((folder / "values.yaml").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", NAMES)
def test_what_has_been_migrated_is_not_changed_again(name: str, cli: Cli, folder: Path) -> None:
    shutil.copy(SAMPLES / name / "after.yaml", folder / "values.yaml")
    (folder / "values.yaml").chmod(0o600)
    before = (folder / "values.yaml").stat()
    ended = cli("migrate", "values.yaml")
    assert (ended.code, ended.out) == (0, "values.yaml: nothing to change\n")
    assert (folder / "values.yaml").stat().st_mtime_ns == before.st_mtime_ns


def without_roles(text: str) -> str:
    return re.sub(r"^ +role: \w+\r?\n|, role: \w+|\brole: \w+, ", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_every_byte_but_the_new_roles_stays(path: Path, cli: Cli, folder: Path) -> None:
    """The corpus of odd files, as they were before roles."""
    older = without_roles(path.read_bytes().decode())
    (folder / "values.yaml").write_bytes(older.encode())
    ended = cli("migrate", "values.yaml")
    migrated = (folder / "values.yaml").read_bytes().decode()
    assert without_roles(migrated) == older
    if ended.code:
        assert migrated == older
    else:
        assert not re.search(r"has no role", " ".join(map(str, validate.validate(["values.yaml"]).problems)))


def test_a_role_can_be_asked_for_and_the_puller_only_pulls(cli: Cli, folder: Path) -> None:
    shutil.copy(SAMPLES / "v0_1_0_roles" / "before.yaml", folder / "values.yaml")
    ended = cli("migrate", "values.yaml", "--role", "jane:push:team-a/**")
    assert "role of jane (push in team-a/**)" in ended.out
    assert "role of deploy (pull)" in ended.out
    assert 'repositories: ["team-a/**"]' in (folder / "values.yaml").read_text()


def test_users_in_a_secret_are_left_to_a_person(cli: Cli, folder: Path) -> None:
    text = (SAMPLES / "v0_1_0_roles" / "before.yaml").read_text()
    head, tail = text[: text.index("  # nobody else")], text[text.index("httpSecret") :]
    (folder / "values.yaml").write_text(f"{head}  existingSecret: users\n\n{tail}")
    ended = cli("migrate", "values.yaml")
    assert "values.yaml:5: not carried over: the roles of the users in the Secret users" in ended.err
    assert "auth.access" in ended.err


def test_the_registrys_own_login_needs_no_roles(cli: Cli, folder: Path) -> None:
    text = (SAMPLES / "v0_1_0_roles" / "before.yaml").read_text().replace("auth:\n", "auth:\n  mode: htpasswd\n")
    (folder / "values.yaml").write_text(text)
    cli("migrate", "values.yaml")
    assert (folder / "values.yaml").read_text() == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--output", "new.yaml"), "changed where they are"),
        (("--role", "zoe:push"), "who is not in values.yaml"),
    ],
)
def test_options_of_other_sources_are_wrong_usage(
    arguments: tuple[str, ...], message: str, cli: Cli, folder: Path
) -> None:
    shutil.copy(SAMPLES / "v0_1_0_roles" / "before.yaml", folder / "values.yaml")
    ended = cli("migrate", "values.yaml", *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert (folder / "values.yaml").read_text() == (SAMPLES / "v0_1_0_roles" / "before.yaml").read_text()


def test_users_that_are_no_list_are_pointed_at(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("host: registry.example.com\nauth:\n  users:\n    admin: hash\n")
    ended = cli("migrate", "values.yaml")
    assert ended.code == 1
    assert "values.yaml:3:3: auth.users: expected a list" in ended.err
