"""What the documents say exists: files, make targets, commands and their options, versions."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

import privreg_values
from privreg_values.cli import app
from tests.cluster.paths import ROOT
from tests.cluster.programs import HELM3, REGISTRY

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")])
FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def code_of(document: Path) -> list[str]:
    """Each line of the code blocks, and each piece of code in the text."""
    text = document.read_text()
    blocks = "".join(FENCE.findall(text)).replace("\\\n", " ").splitlines()
    return [*blocks, *INLINE.findall(FENCE.sub("", text))]


def calls_of(program: str, document: Path) -> Iterator[list[str]]:
    """The arguments of each call of `program` in the document's code."""
    for code in code_of(document):
        for command in re.split(r"&&|\||;", code):
            words = shlex.split(command.partition(" #")[0].removeprefix("$ "), posix=False)
            if words[:1] == [program]:
                yield words[1:]


def anchors_of(document: Path) -> set[str]:
    """The names that GitHub gives to the headings."""
    headings = HEADING.findall(FENCE.sub("", document.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@each_document
def test_relative_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@each_document
def test_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for arguments in calls_of("make", document):
        assert set(arguments) <= targets


def test_the_readme_shows_both_commands() -> None:
    shown = list(calls_of("make", ROOT / "README.md"))
    assert ["demo"] in shown
    assert ["test"] in shown


@each_document
def test_commands_of_the_cli_and_their_options_exist(document: Path) -> None:
    group: Any = typer.main.get_command(app)  # with the options for completion
    for arguments in calls_of("privreg-values", document):
        command = group
        for word in arguments:
            commands = getattr(command, "commands", None)
            if commands is None or word.startswith("-"):
                break
            assert word in commands, f"privreg-values {' '.join(arguments)}"
            command = commands[word]
        known = {"--help", *(name for parameter in command.params for name in parameter.opts)}
        used = {word.partition("=")[0] for word in arguments if word.startswith("-") and word != "-"}
        assert used <= known, f"privreg-values {' '.join(arguments)}"


def test_the_readme_has_an_example_of_each_command() -> None:
    shown = {arguments[0] for arguments in calls_of("privreg-values", ROOT / "README.md") if arguments}
    assert shown >= set(typer.main.get_group(app).commands)


def test_chart_cli_and_changelog_agree_on_the_version() -> None:
    chart = YAML(typ="safe").load(ROOT / "charts" / "privreg" / "Chart.yaml")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = re.search(r"^## \[(.+?)\] - ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert chart["version"] == project["version"] == privreg_values.__version__ == newest[1]


def test_the_registry_that_the_documents_name_is_the_one_that_is_installed_and_tested() -> None:
    chart = ROOT / "charts" / "privreg"
    version = YAML(typ="safe").load(chart / "Chart.yaml")["appVersion"]
    assert YAML(typ="safe").load(chart / "values.yaml")["image"]["tag"] == version
    assert REGISTRY.version == f"v{version}"
    assert f"distribution {version}" in re.sub(r"\s+", " ", (ROOT / "README.md").read_text())


def test_releases_are_packaged_by_the_helm_that_the_tests_use() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yaml").read_text()
    assert set(re.findall(r"version: (v\d\S+)", workflow)) == {HELM3.version}
