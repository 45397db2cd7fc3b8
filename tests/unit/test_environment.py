"""What is read from the environment: where something is, and nothing else."""

import os
import re
from pathlib import Path

import pytest

from tests.cluster.paths import BIN, ROOT
from tests.reference import environment, sections
from tests.unit.conftest import Cli

HOST = "registry.example.com"
# Names that say where something is, in every command but where they name something else.
PLACES = {
    "host",
    "credentials",
    "release",
    "release_namespace",
    "context",
    "chart",
    "chart_version",
    "ca_file",
    "connect_to",
}
OTHER_NAMESPACES = {"gen", "pull-secret", "doctor"}  # there, those that pull


def test_every_option_that_says_where_something_is_has_its_variable_and_no_other_has() -> None:
    for section in sections():
        for it in section.command.params:
            is_place = it.name in PLACES or (it.name == "namespace" and section.name not in OTHER_NAMESPACES)
            if it.envvar == "PRIVREG_VALUES":
                assert it.name in {"values", "files", "output"}, section.name
            elif is_place:
                name = it.name.removeprefix("release_") if it.name == "release_namespace" else it.name
                assert it.envvar == f"PRIVREG_{name.upper()}", f"{section.name} {it.name}"
            else:
                assert it.envvar is None, f"{section.name} {it.name}"


def test_every_command_with_a_values_file_reads_its_name_from_the_same_variable() -> None:
    without = {it.name for it in sections() if "PRIVREG_VALUES" not in {p.envvar for p in it.command.params}}
    assert without == {"migrate", "status", "uninstall"}


def test_no_other_part_of_the_project_has_a_variable_of_the_same_name() -> None:
    used = {"PRIVREG_HELM", "PRIVREG_KUBECTL"}
    for pattern in ("tools/**/*.py", "tests/cluster/*.py", "tests/e2e/*.py", "charts/**/*.py", "bench/*.py"):
        for path in ROOT.glob(pattern):
            used |= set(re.findall(r'environ(?:\.get\(|\[)"(PRIVREG_\w+)"', path.read_text()))
    assert "PRIVREG_CLUSTER_DIR" in used
    assert not used & set(environment())


def test_no_secret_is_read_from_the_environment() -> None:
    assert not [name for name in environment() if re.search("PASS|SECRET|TOKEN|KEY|USER", name)]


def test_a_variable_stands_for_the_option(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVREG_HOST", HOST)
    monkeypatch.setenv("PRIVREG_VALUES", "production.yaml")
    monkeypatch.setenv("PRIVREG_CREDENTIALS", "passwords.yaml")
    assert cli("gen", "--no-cluster").code == 0
    assert {it.name for it in folder.glob("*.yaml")} == {"production.yaml", "passwords.yaml"}
    assert cli("validate").code == 0
    assert "ci" in cli("users", "list").out
    assert cli("users", "remove", "ci").code == 0


def test_the_command_line_counts_more(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVREG_HOST", "other.example.com")
    monkeypatch.setenv("PRIVREG_VALUES", "other.yaml")
    assert cli("gen", f"--host={HOST}", "--output=values.yaml", "--no-cluster").code == 0
    assert f"host: {HOST}" in (folder / "values.yaml").read_text()
    assert cli("validate", "values.yaml").code == 0
    assert cli("validate", "-f", "values.yaml").code == 0
    assert "other.yaml" in cli("validate").err


def test_several_values_files_are_separated_by_blanks(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("gen", f"--host={HOST}", "--no-cluster").code == 0
    (folder / "overlay.yaml").write_text("replicsa: 3\n")
    monkeypatch.setenv("PRIVREG_VALUES", "values.yaml overlay.yaml")
    assert "overlay.yaml:1:1" in cli("validate").out


def test_a_variable_that_is_empty_is_none(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment():
        monkeypatch.setenv(name, "")
    assert cli("gen", f"--host={HOST}", "--no-cluster").code == 0
    assert (folder / "values.yaml").exists()


def test_a_context_in_the_environment_does_not_make_validate_ask_the_cluster(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert cli("gen", f"--host={HOST}", "--no-cluster").code == 0
    monkeypatch.setenv("PRIVREG_CONTEXT", "somewhere")
    assert cli("validate", "values.yaml").code == 0
    assert cli("validate", "values.yaml", "--context=somewhere").code == 1
