"""`validate --format`: JSON, SARIF and the workflow commands of GitHub."""

import json
from pathlib import Path
from typing import get_args

import pytest

from privreg_values.validation import github, kinds
from privreg_values.values.nodes import Mark
from privreg_values.values.validate import Kind, Problem, Report
from tests.unit.conftest import Cli
from tests.unit.test_validate import GOOD

BAD = GOOD.replace("$04$", "$05$") + "replicsa: 1\nlog: {level: info}\nlog: {level: info}\n"


def test_json_is_the_short_form_of_its_format(cli: Cli) -> None:
    assert cli("validate", "-", "--json", stdin=BAD).out == cli("validate", "-", "--format=json", stdin=BAD).out


def test_sarif_has_what_the_specification_demands(cli: Cli) -> None:
    """SARIF 2.1.0, sections 3.13 to 3.30: the required properties, and rules that the results refer to."""
    ended = cli("validate", "-", "--format", "sarif", stdin=BAD)
    assert ended.code == 1
    log = json.loads(ended.out)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "privreg-values"
    assert [rule["id"] for rule in driver["rules"]] == list(kinds.KINDS)
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
    found = [(it["level"], it["ruleId"]) for it in run["results"]]
    assert found == [("error", "schema"), ("warning", "duplicate-key")]


@pytest.mark.parametrize(
    ("name", "uri"),
    [("values.yaml", "values.yaml"), ("sub folder/välues.yaml", "sub%20folder/v%C3%A4lues.yaml"), ("/", "file:///")],
)
def test_sarif_names_a_file_by_a_uri_that_is_relative_where_the_name_is(
    name: str, uri: str, cli: Cli, folder: Path
) -> None:
    path = folder / "values.yaml" if name == "/" else Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("replicsa: 1\n")
    log = json.loads(cli("validate", str(path), "--format", "sarif").out)
    found = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert found == (f"file://{folder}/values.yaml" if name == "/" else uri)


def test_an_empty_verdict_is_a_valid_log_too(cli: Cli) -> None:
    ended = cli("validate", "-", "--format", "sarif", stdin=GOOD)
    assert ended.code == 0
    assert json.loads(ended.out)["runs"][0]["results"] == []


def test_github_gets_one_command_a_problem(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(GOOD + "replicsa: 1\nlog: {}\nlog: {}\n")
    ended = cli("validate", "values.yaml", "--format", "github")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "::error file=values.yaml,line=10,col=1,title=privreg-values%3A schema::"
        'replicsa: is not a key of this chart; did you mean "replicas"?',
        "::warning file=values.yaml,line=12,col=1,title=privreg-values%3A duplicate-key::"
        "the key log is there again; Helm takes the last one",
    ]


def test_what_would_end_a_command_of_github_is_escaped() -> None:
    """As actions/toolkit does: % first, then line ends; in properties : and , as well."""
    problem = Problem(Mark("50%:a,b\n.yaml", 1, 2), "", "100%\r\n::error::x, y")
    (command,) = github.commands(Report([], [problem]))
    assert command == (
        "::error file=50%25%3Aa%2Cb%0A.yaml,line=1,col=2,title=privreg-values%3A schema::100%25%0D%0A::error::x, y"
    )


def test_every_kind_of_problem_is_described() -> None:
    assert set(kinds.KINDS) == set(get_args(Kind))


def test_a_format_that_does_not_exist_is_wrong_usage(cli: Cli) -> None:
    ended = cli("validate", "-", "--format", "xml", stdin=GOOD)
    assert ended.code == 2
    assert "sarif" in ended.err
