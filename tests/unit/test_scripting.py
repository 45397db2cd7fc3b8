"""What scripts rely on, in all commands: --json, exit codes, and which stream says what."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.reference import Section, sections
from tests.unit.conftest import Cli

HOST = "--host=registry.example.com"
PRINTS_A_DOCUMENT = {"pull-secret"}  # what it prints is for programs anyway
REQUIRED = {"role": "pull", "runtime": "containerd", "sources": "missing.yaml", "name": "jane"}
READ_NO_FILE = {"status", "uninstall"}
MAKES_THE_FILE = {"gen"}

each_command = pytest.mark.parametrize("section", sections(), ids=lambda it: it.name)
each_command_that_reads_a_file = pytest.mark.parametrize(
    "section", [it for it in sections() if it.name not in READ_NO_FILE | MAKES_THE_FILE], ids=lambda it: it.name
)


def words(section: Section) -> list[str]:
    """The least that a command has to be given."""
    given = [*section.name.split()]
    for it in section.command.params:
        if it.required:
            given += [*([] if it.param_type_name == "argument" else [it.opts[0]]), REQUIRED[it.name]]
    return given


@each_command
def test_every_command_can_answer_in_json(section: Section) -> None:
    options = {name for it in section.command.params for name in it.opts}
    assert ("--json" in options) != (section.name in PRINTS_A_DOCUMENT)


@each_command
def test_wrong_usage_ends_with_2_in_every_command(section: Section, cli: Cli) -> None:
    for wrong in (["--no-such-option"], [*["too-many"] * 4, "--host"]):
        ended = cli(*words(section), *wrong)
        assert (ended.code, ended.out) == (2, ""), wrong
        assert ended.err


@each_command_that_reads_a_file
def test_a_file_that_is_not_there_ends_with_1_in_every_command(
    section: Section, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In `diff` with 2: there 1 says that something would change."""
    monkeypatch.setenv("PRIVREG_VALUES", "missing.yaml")
    password = ["--password-stdin"] if section.name == "users verify" else []
    ended = cli(*words(section), *password, stdin="a password")
    assert (ended.code, ended.out) == (2 if section.name == "diff" else 1, "")
    assert "missing.yaml: there is no such file" in ended.err


@pytest.mark.parametrize("arguments", [["status"], ["uninstall", "--yes"], ["doctor", "--host=registry.example.com"]])
def test_a_cluster_that_is_not_there_ends_with_1(arguments: list[str], cli: Cli) -> None:
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: ")


def changed(cli: Cli, *arguments: str) -> dict[str, Any]:
    ended = cli(*arguments, "--json")
    assert ended.code == 0, ended.err
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def test_what_changes_files_says_so_in_json_alike(cli: Cli) -> None:
    made = changed(cli, "gen", HOST, "--no-cluster")
    assert made["host"] == "registry.example.com"
    answers = [
        made,
        changed(cli, "users", "add", "jane", "--role=push"),
        changed(cli, "users", "role", "jane", "pull"),
        changed(cli, "users", "rotate", "jane"),
        changed(cli, "users", "remove", "jane"),
    ]
    for answer in answers:
        assert (answer["values"], answer["credentials"]) == ("values.yaml", "credentials.yaml")
        assert "values.yaml" in answer["written"]
        assert answer["done"]
        assert answer["next"] == ["privreg-values apply values.yaml"]
        assert isinstance(answer["notes"], list)
        assert answer["warnings"] == []
    nothing = changed(cli, "users", "role", "ci", "push")
    assert (nothing["written"], nothing["done"], nothing["next"]) == ([], [], [])


def test_notes_and_warnings_are_in_the_json_too(cli: Cli, folder: Path) -> None:
    assert changed(cli, "gen", HOST, "--no-cluster")
    with (folder / "values.yaml").open("a") as file:
        file.write("replicsa: 3\n")
    ended = cli("users", "role", "ci", "pull", "--json", "-q")
    assert ended.err == ""
    assert "replicsa" in json.loads(ended.out)["warnings"][0]


def test_no_password_is_in_the_json(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--no-cluster", "--user=ci:push", "--password-stdin", "--json", stdin="correct horse 7")
    assert "correct horse 7" in (folder / "credentials.yaml").read_text()
    assert "correct horse 7" not in ended.out + ended.err
    assert "$2" not in ended.out


def test_with_json_a_failure_prints_no_half_a_document(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("host: [\n")
    for arguments in (("gen", HOST), ("users", "remove", "ci")):
        ended = cli(*arguments, "--json")
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith("error: values.yaml:")
