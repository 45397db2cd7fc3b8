"""editor.py: what is added, and that nothing else changes."""

import difflib

import pytest
from ruamel.yaml import YAML

from privreg_values.errors import FileError
from privreg_values.values.editor import Editor
from privreg_values.values.nodes import plain
from privreg_values.values.yaml_reader import parse

USER = {"name": "n1", "hash": "$2y$x"}


def added(before: str, after: str) -> list[str]:
    """The lines that came in; fails if a line went away."""
    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    assert not [line for line in lines if line.startswith("- ")], "".join(lines)
    return [line[2:].rstrip("\r\n") for line in lines if line.startswith("+ ")]


def with_user(text: str) -> str:
    editor = Editor(text, "v.yaml")
    editor.append(("auth", "users"), USER)
    return editor.text


def test_a_new_file_is_written_in_blocks_with_comments() -> None:
    editor = Editor("", "v.yaml")
    editor.begin("A file.\n\nOf values.")
    editor.set(("host",), "registry.example.com", "The name.")
    editor.set(("auth", "users"), [USER], "Who may log in.")
    editor.set(("list",), ["a", "b"])
    assert editor.text == (
        "# A file.\n#\n# Of values.\n\n# The name.\nhost: registry.example.com\n\n"
        "# Who may log in.\nauth:\n  users:\n    - name: n1\n      hash: $2y$x\nlist: [a, b]\n"
    )


def test_an_item_goes_below_the_last_one_and_comments_stay_where_they_are() -> None:
    before = "auth:\n  users:\n  - name: a\n    hash: b   # eol\n  # - name: off\n\n# storage is next\nstorage: {}\n"
    after = with_user(before)
    assert added(before, after) == ["  - name: n1", "    hash: $2y$x"]
    assert after.index("n1") < after.index("# - name: off")


@pytest.mark.parametrize(
    "before",
    [
        "auth:\n",
        "auth: # who\nx: 1\n",
        "auth:\n  mode: htpasswd\n\n# more\nx: 1\n",
        "auth:\n    mode: htpasswd",
        "# only a comment\n",
        "a: |\n  text\n\nb: 1\n",
    ],
)
def test_missing_keys_are_added_and_every_line_stays(before: str) -> None:
    after = with_user(before)
    assert added(before + ("" if before.endswith("\n") else "\n"), after)
    assert YAML(typ="safe").load(after)["auth"]["users"] == [USER]


@pytest.mark.parametrize(
    "before",
    [
        "auth: {}\n",
        "auth: ~   # who\n",
        "auth:\n  users: []   # none yet\n  mode: htpasswd\n",
        "auth: {users: [], mode: htpasswd}\n",
        "auth: {users: [{name: a, hash: b}]}\n",
        '{"auth": {"users": [{"name": "a"}]}}',
        '{"host": "x"}',
        "{}",
        "auth: {users: }\n",
    ],
)
def test_brackets_and_nothings_are_filled(before: str) -> None:
    after = with_user(before)
    assert YAML(typ="safe").load(after)["auth"]["users"][-1] == USER
    old = plain(parse(before, "v").root)
    assert set(old) <= set(plain(parse(after, "v").root))


@pytest.mark.parametrize("text", ["  # none yet", "  # who"])
def test_a_comment_beside_a_nothing_survives(text: str) -> None:
    assert text.strip() in with_user(f"auth:\n  users: []{text}\n")


def test_windows_line_ends_and_a_byte_order_mark_are_kept() -> None:
    before = "\ufeffhost: a.example\r\nauth:\r\n  users:\r\n    - {name: a, hash: b}\r\n"
    after = with_user(before)
    assert after.startswith("\ufeff")
    assert after.count("\n") == after.count("\r\n") == 6


def test_a_scalar_is_replaced_in_its_place_with_the_comment_beside_it() -> None:
    editor = Editor("a:\n  - {k: 'old'}  # why\nb: 1\n", "v.yaml")
    editor.set(("a", 0, "k"), "new")
    assert editor.text == "a:\n  - {k: new}  # why\nb: 1\n"


def test_a_text_over_several_lines_is_replaced_whole() -> None:
    editor = Editor("a: |\n  old\n  text\nb: 1\n", "v.yaml")
    editor.set(("a",), "new")
    assert editor.text == "a: new\nb: 1\n"


@pytest.mark.parametrize("value", ["on", "12", "2001-01-01", "a: b", 'say "hi"', "é", "null", "1e3", ""])
def test_a_text_stays_a_text_for_helm_and_for_yaml_1_2(value: str) -> None:
    editor = Editor("", "v.yaml")
    editor.set((value, "k"), value)
    assert plain(parse(editor.text, "v").root) == {value: {"k": value}}
    assert YAML(typ="safe").load(editor.text) == {value: {"k": value}}


@pytest.mark.parametrize(
    "text",
    [
        "x: &x {users: []}\nauth: *x\n",
        "auth: text\n",
        "auth: [a]\n",
        "auth:\n  <<: {mode: htpasswd}\n",
        "a: 1\n...\n",
        "auth: {users: text}\n",
    ],
)
def test_what_cannot_be_added_without_changing_something_else_is_refused(text: str) -> None:
    editor = Editor(text, "v.yaml")
    with pytest.raises(FileError, match=r"v\.yaml: .*edit it by hand"):
        editor.append(("auth", "users"), USER)
        editor.set(("b",), 1)
    assert editor.text == text


def test_a_value_behind_an_alias_is_not_changed_for_others() -> None:
    editor = Editor("x: &x {k: 1}\na: *x\n", "v.yaml")
    with pytest.raises(FileError):
        editor.set(("a", "k"), 2)


def test_several_documents_are_refused() -> None:
    with pytest.raises(FileError, match="2 YAML documents"):
        Editor("a: 1\n---\nb: 1\n", "v.yaml")


def test_a_text_with_a_line_separator_is_written_so_that_it_ends_no_line() -> None:
    editor = Editor("# x\u2028a: 1\nb: {c: 1}\n", "values.yaml")
    editor.set(("b", "c"), "x\u2028y\x85")
    editor.set(("a",), "z")
    assert editor.text == '# x\u2028a: z\nb: {c: "x\\u2028y\\u0085"}\n'
    assert editor.get(("b", "c")) == "x\u2028y\x85"
