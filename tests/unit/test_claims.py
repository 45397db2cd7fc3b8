"""tests/claims.py notices what is missing or differs."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests import claims, damage
from tests.cluster.paths import ROOT

README = """\
# x

Read at twuni `abc1234`.

## Features

| | ours | twuni |
| --- | --- | --- |
| Roles | yes | no |
| Dashboard | **no** | no |

## Speed

| | ours | compared with | ratio |
| --- | --: | --- | --: |
| GET | 12,681 requests/s | nothing: 16,388 | 0.77 |
| | | another: 35.9 | 353 |

It makes 5 checks.

"""
SECURITY = "# s\n\n## Reporting\n\nTo us.\n\n## Promises\n\n**Pods.** All are\nrestricted.\n\n- No secret\n- is it\n"
CLAIMS = """\
peers: {table: Features, charts: {twuni: {repository: a/b, commit: abc1234}}}
tables:
  Features:
    Roles: {tests: ["tests/test_a.py::test_one"], peers: {twuni: "values.yaml: nothing"}}
    Dashboard: {peers: {twuni: "templates/: none"}}
  Speed:
    GET: {bench: [{file: results.json, what: GET, peer: nothing}]}
    another: {bench: [{file: results.json, what: GET, peer: another}]}
promises:
  "**Pods.**": {tests: ["tests/test_a.py::test_one"]}
  No secret: {because: it is so}
  is it: {because: it is so}
numbers:
  - {file: README.md, text: "makes {} checks", from: [{file: tests/test_a.py, constants: [PASSED, FAILED]}]}
not shown: ["**One node.**"]
"""
RESULTS = {
    "results": [
        {"what": "GET", "peer": "nothing", "value": 12681.3, "peer_value": 16388.4, "ratio": 0.7738},
        {"what": "GET", "peer": "another", "value": 12681.3, "peer_value": 35.907, "ratio": 353.16},
    ]
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Documents, claims and results that agree."""
    for folder in ("tests", "bench"):
        (tmp_path / folder).mkdir()
    (tmp_path / "SECURITY.md").write_text(SECURITY)
    (tmp_path / claims.CLAIMS).write_text(CLAIMS)
    (tmp_path / "bench" / "results.json").write_text(json.dumps(RESULTS))
    (tmp_path / "tests" / "test_a.py").write_text("PASSED, FAILED = 3, 2  # of all\ndef test_one(): pass\n")
    (tmp_path / "README.md").write_text(README + claims.BEGIN + claims.END + "More.\n")
    claims.write(tmp_path)
    return tmp_path


def test_what_agrees_is_accepted(root: Path) -> None:
    assert claims.check(root) == []
    assert (root / "README.md").read_text().endswith("\n- **One node.**\n\n" + claims.END + "More.\n")


def test_this_tree_agrees_and_each_row_that_promises_something_has_its_damage() -> None:
    assert claims.check() == []
    listed = YAML(typ="safe").load(ROOT / claims.CLAIMS)["tables"]
    promised = {row for name, rows in listed.items() for row, entry in rows.items() if "tests" in entry}
    assert {it.row for it in damage.read()} == promised


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("tests/test_a.py", "test_one", "test_other", "there is no test tests/test_a.py::test_one"),
        ("tests/claims.yaml", "tests/test_a.py::test_one", "tests/gone.py::test_one", "there is no test tests/gone.py"),
        ("README.md", "| Roles | yes", "| Roles, and more | yes", "has no row 'Roles'"),
        ("README.md", "| Dashboard |", "| Else | yes | no |\n| Dashboard |", "Features, Else: no entry"),
        ("README.md", "**no**", "yes", "Features, Dashboard: neither tests nor bench nor because"),
        ("README.md", "| ours | twuni |", "| ours | twuni |\n| --- | --- | --- |\n| A | b | c |\n\n| a |", "no entry"),
        ("README.md", "`abc1234`", "`abc1235`", "does not name the commit abc1234 of twuni"),
        ("README.md", "12,681", "12,682", "says 12,682, and 12681.3 was measured"),
        ("README.md", "0.77", "0.78", "says 0.78, and 0.7738 was measured"),
        ("README.md", "another: 35.9", "another: 36.9", "says 36.9, and 35.907 was measured"),
        ("README.md", "| 353 |", "| |", "has 0 numbers, and 1 were measured"),
        ("README.md", "makes 5 checks", "makes 6 checks", "says 6, and 5 was measured"),
        ("README.md", "makes 5 checks", "has 5 checks", "is not there"),
        ("README.md", "**One node.**", "**Two nodes.**", "what the tests do not show is not that of"),
        ("SECURITY.md", "**Pods.** All", "**Containers.** All", "**Containers.** All are restricted.: no entry"),
        ("SECURITY.md", "- is it", "- is it\n- Nobody sees", "SECURITY.md, Nobody sees: no entry"),
        ("bench/results.json", '"what": "GET", "peer": "another"', '"what": "PUT", "peer": "another"', "has 0 results"),
        ("tests/claims.yaml", '"values.yaml: nothing"', '"nothing"', "say where to look in twuni"),
    ],
)
def test_what_does_not_agree_is_named(root: Path, file: str, old: str, new: str, complaint: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new, 1))
    claims._functions.cache_clear()
    assert any(complaint in line for line in claims.check(root)), claims.check(root)


def test_a_file_that_is_longer_than_promised_is_named(root: Path) -> None:
    (root / "tools").mkdir()
    (root / "tools" / "long.py").write_text("x = 1\n" * (claims.LONGEST + 1))
    assert claims.check(root) == ["tools/long.py: has 401 lines; CONTRIBUTING.md promises 400 at most"]


def test_a_damage_is_made_to_a_text_that_is_there_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one two two")
    damage.Damage("row", "file", "one", "1", "a::b").apply(tmp_path)
    assert (tmp_path / "file").read_text() == "1 two two"
    with pytest.raises(ValueError, match="has 2 times: two"):
        damage.Damage("row", "file", "two", "2", "a::b").apply(tmp_path)
