"""Helm 4, Helm 3 and `privreg-values validate` say the same of the same values."""

import functools
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from privreg_values.errors import HelmError
from privreg_values.values import validate
from privreg_values.values.paths import render as written
from tests.chart.rendering import ALL, CHART, HELMS, Json, label, render
from tests.chart.test_values_are_used import SCHEMA, resolve
from tests.cluster.paths import ROOT

DATA = ROOT / "tests" / "data"
ACCEPTED = [*ALL, *((path,) for path in sorted((DATA / "accept").glob("*.yaml")))]
MISTAKES = sorted((DATA / "mistakes").glob("*.yaml"))  # those that people have made, with where that was seen
REJECTED = [*sorted((DATA / "reject").glob("*.yaml")), *MISTAKES]
# Those that set nothing, or show that all problems are told at once.
BAD_IN_SEVERAL_PLACES = {"empty.yaml", "null.yaml", "several-problems-at-once.yaml"}
JUDGES = (*HELMS, "privreg-values")
RULES = (CHART / "templates" / "_rules.tpl").read_text()


def verdict(judge: str, *values: Path) -> str:
    """What a judge says against values; empty if it accepts them."""
    return verdicts(*values)[judge]


@functools.cache
def verdicts(*values: Path) -> dict[str, str]:
    """What each judge says; the two Helms at the same time."""
    with ThreadPoolExecutor(len(HELMS)) as pool:
        said = dict(zip(HELMS, pool.map(lambda helm: helms_verdict(helm, *values), HELMS), strict=True))
    problems = validate.validate([str(path) for path in values]).problems
    return said | {"privreg-values": "\n".join(map(str, problems))}


def helms_verdict(helm: str, *values: Path) -> str:
    try:
        render(*values, helm=helm)
    except HelmError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("files", ACCEPTED, ids=label)
def test_good_values_are_accepted(files: tuple[Path, ...], judge: str) -> None:
    assert verdict(judge, *files) == ""


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("values", REJECTED, ids=lambda path: path.name)
def test_bad_values_are_refused_for_the_same_reason_and_no_secret_is_shown(values: Path, judge: str) -> None:
    found = re.match(rb"# expect: ?(.*)\n", values.read_bytes())
    assert found, "the first line must be `# expect: REGULAR EXPRESSION`"
    said = verdict(judge, values)
    assert said
    assert re.search(found[1].decode(), said)
    assert "hunter2" not in said


@pytest.mark.parametrize("values", [it for it in REJECTED if it not in MISTAKES], ids=lambda path: path.name)
def test_bad_values_are_bad_in_one_place(values: Path) -> None:
    places = {problem.path for problem in validate.validate([str(values)]).problems}
    assert (len(places) == 1) is (values.name not in BAD_IN_SEVERAL_PLACES)


@pytest.mark.parametrize("values", MISTAKES, ids=lambda path: path.name)
def test_who_makes_a_known_mistake_is_told_what_to_write(values: Path) -> None:
    """The second line says where the mistake was seen: a repository, the number of an issue or pull request."""
    seen = values.read_text().splitlines()[1]
    assert re.match(r"# seen: [\w.-]+/[\w.-]+#\d+: \S", seen), seen
    for problem in validate.validate([str(values)]).problems:
        assert re.search(r"did you mean|expected |; |is missing: ", problem.text), problem.text


@pytest.mark.parametrize("name", ["duplicate-keys", "two-documents"])
def test_the_cli_warns_where_helm_takes_one_of_two_things_in_silence(name: str) -> None:
    assert validate.validate([str(DATA / "accept" / f"{name}.yaml")]).warnings


def test_all_files_of_the_corpora_are_collected() -> None:
    collected = {files[-1] for files in ACCEPTED} | set(REJECTED)
    for folder in ("accept", "reject", "mistakes"):
        assert set((DATA / folder).iterdir()) == {path for path in collected if path.parent.name == folder}
    assert len(REJECTED) >= 150
    assert len(MISTAKES) >= 60


# --- Rules over several values


def messages_of_the_rules() -> list[str]:
    """Each line of _rules.tpl that is a message."""
    text = re.sub(r"\{\{/\*.*?\*/\}\}", "", RULES, flags=re.DOTALL)
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("{{")]


def pattern(message: str) -> str:
    """The regular expression of what a message can become."""
    return ".+".join(re.escape(part) for part in re.split(r"\{\{.*?\}\}", message))


@pytest.mark.parametrize("message", messages_of_the_rules())
def test_each_rule_has_a_file_that_breaks_it(message: str) -> None:
    for judge in JUDGES:
        prefix = r"^privreg: " if judge in HELMS else r":\d+:\d+: "
        broken = [
            path for path in REJECTED if re.search(f"{prefix}{pattern(message)}$", verdict(judge, path), re.MULTILINE)
        ]
        assert broken, judge


def test_every_rule_says_where_what_and_what_to_do() -> None:
    assert len(messages_of_the_rules()) >= 29
    for message in messages_of_the_rules():
        assert re.match(r"[A-Za-z0-9.]+: [^;]+; .*[^.]$", re.sub(r"\{\{.*?\}\}", "X", message)), message


# --- Unknown keys


def with_unknown_keys(schema: Json) -> Any:
    """Values with an unknown key in every object that the schema closes; None where there is none."""
    schema = resolve(schema) | schema
    if "items" in schema:
        item = with_unknown_keys(schema["items"])
        return [item] if item else None
    found = {name: with_unknown_keys(inner) for name, inner in schema.get("properties", {}).items()}
    if schema.get("additionalProperties") is False:
        found["unknown-key"] = 1
    return {name: inner for name, inner in found.items() if inner} or None


def places(values: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every object with an unknown key in it."""
    if isinstance(values, dict):
        if "unknown-key" in values:
            yield path
        for name, inner in values.items():
            yield from places(inner, (*path, name))
    elif isinstance(values, list):
        for number, inner in enumerate(values):
            yield from places(inner, (*path, number))


def test_an_unknown_key_is_refused_at_every_depth(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    everywhere = with_unknown_keys(SCHEMA)
    values.write_text(json.dumps(everywhere))
    paths = list(places(everywhere))
    assert len(paths) >= 45
    for judge in HELMS:
        said = verdict(judge, values)
        for path in paths:
            assert (
                f"at '{''.join(f'/{step}' for step in path)}': additional properties 'unknown-key' not allowed" in said
            )
    problems = {problem.path for problem in validate.validate([str(values)]).problems}
    assert {written((*path, "unknown-key")) for path in paths} <= problems
