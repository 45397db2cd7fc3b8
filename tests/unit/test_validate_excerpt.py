"""The line that `validate` shows, with the caret under the place and without what is secret in it."""

from pathlib import Path

import pytest

from privreg_values.errors import SyntaxProblem
from privreg_values.terminal import Style
from privreg_values.validation import report
from privreg_values.validation.excerpt import excerpt
from privreg_values.validation.judge import Wishes, judge
from privreg_values.values import yaml_reader
from privreg_values.values.nodes import Mark
from privreg_values.values.validate import Source
from tests.unit.conftest import Cli
from tests.unit.test_validate import GOOD, HASH


def shown(line: str, column: int, width: int = 80) -> tuple[str, str]:
    """The two lines for a place in a file of one line, without their margin."""
    source = Source("values.yaml", line, yaml_reader.parse(line, "values.yaml"))
    first, second = excerpt(source, Mark("values.yaml", 1, column), width)
    assert first[:8] == "    1 | "
    assert second[:8] == "      | "
    return first[8:], second[8:]


def test_the_line_has_its_number_and_the_caret_is_under_the_place(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(GOOD + "service: {port: 0}\n")
    assert cli("validate", "values.yaml").out.splitlines() == [
        "values.yaml:10:17: service.port: expected at least 1, found the number 0",
        "   10 | service: {port: 0}",
        "      |                 ^",
    ]


@pytest.mark.parametrize(
    ("line", "column", "caret"),
    [
        ("image: {tag: x}", 14, 13),
        ("image:\t{tag: x}", 8, 8),  # a tab reaches to the next multiple of 8
        ("# 日本\nx: 1", 4, 4),  # a wide character has two columns
        ("# e\u0301f\nx: 1", 5, 3),  # a combining one has none
        ("x: 1\ny: 2", 5, 4),  # after the end
    ],
)
def test_the_caret_counts_columns_as_a_terminal_does(line: str, column: int, caret: int) -> None:
    assert shown(line, column)[1] == " " * caret + "^"


@pytest.mark.parametrize("column", [1, 4, 60, 100, 180, 201])
def test_of_a_long_line_the_part_around_the_place_is_shown(column: int) -> None:
    line = "x: " + "".join(chr(ord("a") + index % 26) for index in range(198))
    first, second = shown(line, column)
    assert len(first) <= 72
    assert len(second) <= 72
    if column <= len(line):
        assert first[second.index("^")] == line[column - 1]
    assert first.endswith("...") is (column < 150)


def test_of_a_long_line_of_wide_characters_no_column_is_lost() -> None:
    first, second = shown("x: " + "日" * 100, 50)
    assert sum(2 if each == "日" else 1 for each in first) <= 72
    assert first.replace("日", "##")[second.index("^")] == "#"


def test_what_moves_the_cursor_is_not_shown() -> None:
    first, _ = shown("# \u202eright \u200bto left\u2028", 1)
    assert first == "# ?right ?to left?"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_move_nothing(end: str, cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_bytes(f"\ufeffreplicas: x{end}{GOOD}".encode())
    assert cli("validate", "values.yaml").out.splitlines()[1:3] == ["    1 | replicas: x", "      |           ^"]


def test_a_value_that_is_nowhere_in_the_file_shows_no_line(cli: Cli) -> None:
    ended = cli("validate", "-", stdin=GOOD.partition("\n")[2])
    assert len(ended.out.splitlines()) == 1


SECRETS = [
    f"auth: {{users: [{{name: a, hash: {HASH}, rolle: push}}]}}",
    "auth: {users: [{name: a, hash: hunter2}]}",
    "auth: {users: [a:hunter2]}",
    "auth: {users: {a: hunter2}}",
    "auth: {users: a:hunter2}",
    "auth: {users: [{name: a:hunter2, hash: x}]}",
    "auth: {password: hunter2}",
    "auth: hunter2",
    "auth: [hunter2]",
    "httpSecret: hunter2",
    "httpSecret: {value: hunter2}",
    "httpSecret: {value: hunter2, valeu: x}  # once hunter2",
    "pullSecrets: {credential: hunter2}",
    "pullSecrets: {credential: {password: [hunter2]}}",
    "pullSecrets: {credential: {pasword: hunter2}}",
    "secrets: {htpasswd: 'a:hunter2'}",
    "harborAdminPassword: hunter2",
    "configData: {storage: {s3: {secretkey: hunter2}}}",
    "extraEnv: [{name: REGISTRY_STORAGE_S3_SECRETKEY, value: [hunter2]}]",
    "extraEnv: [{name: A, value: hunter2, valeu: x}]",
    "extraManifests: [[hunter2]]",
    "podAnnotations: {x: ['$2y$05$hunter2']}",
    "image: {tag: 'https://me:hunter2@example.com'}",
    "auth:\n  users:\n    - name: a\n      hash: |\n        hunter2\n      role: x",
    'auth:\n  users:\n    - {name: a, hash: "x\n      hunter2", role: x}',
    # a key that is there again, and is so once more
    "httpSecret:\n  value: hunter2\n  value: hunter2\n  value: hunter2\n",
    "httpSecret: {value: hunter2, value: hunter2, value: hunter2}\n",
    # what is not YAML
    'httpSecret: {value: "hunter2}\nreplicas: 1',
    "auth:\n  users:\n  - name: a\n     hash: hunter2\n",
    "auth:\n  users:\n  - hunter2: x: y\n",
    "auth:\n\tusers: [hunter2]\n",
    "pullSecrets: {credential: {password: @hunter2}}",
    "pullSecrets: {credential: {password: `hunter2}}",
    "password: hunter2: x\n",
    "- hunter2\n- hunter2: a: b\n",
    "extraEnv:\n- value: %hunter2\n",
]


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_no_secret_is_shown(text: str, form: str, cli: Cli) -> None:
    ended = cli("validate", "-", "--format", form, stdin=text)
    assert ended.code == 1
    assert "hunter2" not in ended.out
    assert "hunter2" not in ended.err


@pytest.mark.parametrize(
    "text",
    [
        "pullSecrets: {credential: {password: &a !!str hunter2, x: 1}}",
        "x: &it hunter2\npullSecrets: {credential: {password: *it}}\ny: hunter2 # hunter2",
        "a: 1 # was hunter2\npullSecrets: {credential: {password: hunter2}}",
        "? hunter2\n: x\nhttpSecret: {value: hunter2}",
        "pullSecrets: {credential: {password: hunter2}, credential: {password: ''}}",
        "httpSecret: {value: hunter2}\nhttpSecret: {value: ''}",
        "httpSecret: {value: hunter2}\n---\nhttpSecret: {value: ''}",
        "httpSecret:\n  value: hunter2\n\tx: 1",
        "extraEnv:\n- name: A\n  value: |\n    hunter2\n    hunter2",
        "extraManifests:\n- |\n  kind: Secret\n  stringData: {a: hunter2}",
        "global: {a: {b: {apiToken: hunter2}}}",
    ],
)
def test_in_no_line_of_a_file_a_secret_is_shown(text: str) -> None:
    try:
        document = yaml_reader.parse(text, "values.yaml")
    except SyntaxProblem:
        document = None
    source = Source("values.yaml", text, document)
    for number in range(1, text.count("\n") + 2):
        assert "hunter2" not in excerpt(source, Mark("values.yaml", number, 1), 80)[0]


def test_the_rest_of_a_line_with_a_secret_is_shown_and_the_caret_is_at_its_place(cli: Cli) -> None:
    text = f"auth: {{users: [{{name: a, hash: {HASH}, rolle: push}}]}}\n"
    out = cli("validate", "-", stdin=text).out
    assert (
        "    1 | auth: {users: [{name: a, hash: ********, rolle: ********}]}\n"
        "      |                                          ^\n"
    ) in out


@pytest.mark.parametrize(
    "line", ["replicas: x", "auth: {mode: tokn}", "auth: {realm: 'a\"b'}", "pullSecrets: {namespaces: [A]}",
             "tls: {secretName: A_b}", "token: {keys: jwk}", "auth: {users: [{name: jörg, hash: x}]}"],
)  # fmt: skip
def test_what_is_no_secret_is_shown(line: str, cli: Cli) -> None:
    out = cli("validate", "-", stdin=f"{line}\n").out
    assert line.partition(", hash")[0] in out


def test_on_a_terminal_the_words_are_wrapped_at_its_width_and_painted(folder: Path) -> None:
    (folder / "values.yaml").write_text(GOOD.replace("$04$", "$05$") + "replicas: 2\n")
    verdict = judge(["values.yaml"], Wishes())
    lines = "\n".join(report.text(verdict, Style(colour=True, symbols=True, width=80))).splitlines()
    assert lines[0].startswith("\033[1mvalues.yaml:10:11:\033[0m replicas: 2 registries")
    assert all(len(line.replace("\033[1m", "").replace("\033[31m", "").replace("\033[0m", "")) <= 80 for line in lines)
    assert lines[1].startswith("    ")
    plain = "\n".join(report.text(verdict, Style(width=80)))
    assert "\033" not in plain
    assert max(map(len, plain.splitlines())) <= 80


def test_in_a_pipe_a_problem_is_one_line_without_colour(cli: Cli) -> None:
    out = cli("validate", "-", stdin=GOOD + "replicas: 2\n").out
    assert len(out.splitlines()) == 3
    assert "\033" not in out
