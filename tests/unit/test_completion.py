"""Completion in bash, zsh and fish, by the protocol of their scripts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_cli import ENVIRONMENT, PROGRAM

SHELLS = ["bash", "zsh", "fish"]

each_shell = pytest.mark.parametrize("shell", SHELLS)


def ask(folder: Path, **variables: str) -> str:
    """Start the program as a completion script does."""
    environment = {**ENVIRONMENT, **variables}
    ended = subprocess.run(PROGRAM, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stderr == ""
    return ended.stdout


def complete(shell: str, line: str, folder: Path) -> set[str]:
    """What is offered at the end of a line."""
    variables = {"_PRIVREG_VALUES_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        variables |= {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    else:
        variables |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    answer = ask(folder, **variables)
    if shell == "zsh":  # _arguments '*: :((WORD\:"HELP" ...))'
        words = answer.replace("_arguments '*: :((", "").replace("))'", "").splitlines()
        return {word.partition("\\:")[0].partition(":")[0].strip('"') for word in words if word}
    return {line.partition("\t")[0] for line in answer.splitlines() if line}


@each_shell
def test_the_script_is_made(shell: str, folder: Path) -> None:
    script = ask(folder, _PRIVREG_VALUES_COMPLETE=f"source_{shell}")
    assert f"complete_{shell}" in script
    assert "privreg-values" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=60)


@each_shell
@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("privreg-values us", {"users"}, {"gen", "uninstall"}),
        ("privreg-values users ro", {"role", "rotate"}, {"add"}),
        ("privreg-values users rotate --", {"--keep-old", "--password-stdin", "--quiet"}, {"--role"}),
        ("privreg-values users add jane --role p", {"pull", "push"}, {"admin"}),
        ("privreg-values node-config cri", {"cri-o"}, {"docker"}),
    ],
)
def test_commands_options_and_choices_are_completed(
    shell: str, line: str, some: set[str], none: set[str], folder: Path
) -> None:
    offered = complete(shell, line, folder)
    assert some <= offered
    assert not none & offered


def test_users_are_completed_from_the_values_file(folder: Path) -> None:
    (folder / "values.yaml").write_text("auth:\n  users: [{name: jane, role: push}, {name: james}, {name: ci}]\n")
    (folder / "other.yaml").write_text("auth:\n  users: [{name: jill}]\n")
    assert complete("bash", "privreg-values users rotate ja", folder) == {"jane", "james"}
    assert complete("bash", "privreg-values users rotate -f other.yaml j", folder) == {"jill"}
    assert complete("bash", "privreg-values users add ja", folder) == set()


@pytest.mark.parametrize("text", [None, "auth: [\n", "- a list\n"], ids=["missing", "no YAML", "no values"])
def test_without_a_usable_values_file_no_user_is_completed(text: str | None, folder: Path) -> None:
    if text is not None:
        (folder / "values.yaml").write_text(text)
    assert complete("bash", "privreg-values users rotate ja", folder) == set()


def test_bash_itself_completes(folder: Path) -> None:
    """With the script as it is printed, and the program under its name on PATH."""
    (folder / "privreg-values").write_text(f'#!/bin/sh\nexec {sys.executable} -m privreg_values "$@"\n')
    (folder / "privreg-values").chmod(0o755)
    script = ask(folder, _PRIVREG_VALUES_COMPLETE="source_bash")
    function = script.partition("()")[0].strip()
    typed = f'COMP_WORDS=(privreg-values users rot); COMP_CWORD=2; {function} privreg-values; echo "${{COMPREPLY[@]}}"'
    ended = subprocess.run(
        ["bash", "-c", f"{script}\n{typed}"],
        env={**ENVIRONMENT, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert ended.stdout.split() == ["rotate"]
