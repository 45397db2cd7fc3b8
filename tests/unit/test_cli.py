"""The command line as a whole: help, exit codes, streams, speed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import privreg_values
from privreg_values.cli import app
from tests.unit.conftest import Cli
from tests.unit.test_validate import GOOD

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "80", "TERMINAL_WIDTH": "80"}
PROGRAM = [sys.executable, "-m", "privreg_values"]


def commands() -> Iterator[tuple[str, Any]]:
    """Every command, the program itself first."""

    def below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield name, command
        for inner, child in getattr(command, "commands", {}).items():
            yield from below(f"{name} {inner}".strip(), child)

    return below("", typer.main.get_group(app))


NAMES = [name for name, _ in commands()]


def test_all_commands_are_there() -> None:
    users = [f"users {it}" for it in ("add", "list", "prune", "remove", "role", "rotate", "show", "verify")]
    cluster = ["pull-secret", "doctor", "render", "diff", "apply", "status", "uninstall"]
    assert {*NAMES} == {"", "gen", "users", *users, "validate", "check", *cluster, "migrate", "node-config"}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_has_help(name: str) -> None:
    command = dict(commands())[name]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize("name", NAMES)
def test_the_help_has_an_example_and_fits_80_columns(name: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ended = cli(*name.split(), "--help")
    assert ended.code == 0
    assert re.search(rf"Examples?:\s+privreg-values {name}", ended.out)
    assert max(map(len, ended.out.splitlines())) <= 80
    assert cli(*name.split(), "-h").out == ended.out


def test_every_example_in_the_help_names_options_that_exist() -> None:
    for name, command in commands():
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        examples = (command.help or "").partition("Examples:")[2]
        assert set(re.findall(r"--[a-z0-9-]+", examples)) <= known, name


def test_the_version_is_shown(cli: Cli) -> None:
    ended = cli("--version")
    assert (ended.code, ended.out) == (0, f"privreg-values {privreg_values.__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["gen", "--nonsense"], ["validate"], ["check", "a", "b"]])
def test_wrong_usage_ends_with_2_and_writes_nothing_to_standard_output(arguments: list[str], cli: Cli) -> None:
    ended = cli(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert "privreg-values" in ended.err


def test_a_mistyped_command_is_corrected(cli: Cli) -> None:
    assert "Did you mean 'validate'?" in cli("validte").err


def test_the_help_needs_nothing_that_is_slow_to_import() -> None:
    script = (
        "import sys, privreg_values.cli\n"
        "slow = ('ruamel', 'jsonschema', 'bcrypt', 'pyhelm3', 'yaml', 'rich', 'ssl', 'asyncio', 'pydantic')\n"
        "print([name for name in slow if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == "[]"


def test_to_convert_options_nothing_slow_is_loaded(folder: Path) -> None:
    (folder / "values.yaml").write_text(GOOD)
    program = (
        "import sys; from privreg_values.cli import app\n"
        "try: app(['validate', 'values.yaml', '-f', 'values.yaml', '--namespace', 'x', '--strict'])\n"
        "except SystemExit: pass\n"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRONMENT, check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "values.yaml, values.yaml: ok\nFalse\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["validate", "--format", "xml", "x"], "expected text, json, sarif or github, found 'xml'"),
        (["gen", "--profile", "Sed"], "expected seed, small, local or ha-s3, found 'Sed'; did you mean seed?"),
        (["apply", "--timeout", "soon"], "--timeout"),
    ],
)
def test_what_has_another_type_is_converted_or_refused(arguments: list[str], message: str, cli: Cli) -> None:
    ended = cli(*arguments)
    assert ended.code == 2
    assert message in ended.err


def test_the_help_answers_within_300_milliseconds() -> None:
    def seconds() -> float:
        """Time on the processor: the machine may be busy with other tests."""
        before = os.times()
        subprocess.run([*PROGRAM, "--help"], env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True, timeout=60)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(3)) < 0.3


def test_a_reader_that_goes_away_causes_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        ended = subprocess.run(
            [*PROGRAM, "validate", "-"],
            env=ENVIRONMENT, input=b"a: 1\n", stdout=nobody, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == b""


def test_what_the_output_cannot_encode_is_no_reason_to_fail(folder: Path) -> None:
    (folder / "ł.yaml").write_text("host: xł\n")
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(
        [*PROGRAM, "validate", "ł.yaml"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert "\\u0142.yaml:1:7: host: expected a host name" in ended.stdout
    assert ended.stderr == ""


def test_a_failure_that_nobody_foresaw_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error", "/media/values.yaml")

    monkeypatch.setattr("privreg_values.commands.validate.judge", fail)
    ended = cli("validate", "x.yaml")
    assert (ended.code, ended.err) == (1, "error: /media/values.yaml: Input/output error\n")


def test_no_secret_can_be_given_in_the_arguments() -> None:
    for name, command in commands():
        for parameter in command.params:
            if "password" in (parameter.name or "") and parameter.name != "password_file":
                assert parameter.is_flag, f"{name} {parameter.name}"
