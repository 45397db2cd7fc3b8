"""editor.py: what is taken out, and that nothing else changes."""

import pytest

from privreg_values.errors import FileError
from privreg_values.values.editor import Editor
from privreg_values.values.nodes import Path

CASES: dict[str, tuple[str, Path, str]] = {
    "an item with its lines": (
        "u:\n  # who\n  - name: a # one\n    role: pull\n  # two\n  - name: b\n    role: push\nx: 1 # end\n",
        ("u", 0),
        "u:\n  # who\n  # two\n  - name: b\n    role: push\nx: 1 # end\n",
    ),
    "the last item, not the comment below it": (
        "u:\n- name: a\n- name: b\n  role: push\n# off\n\nx: 1\n",
        ("u", 1),
        "u:\n- name: a\n# off\n\nx: 1\n",
    ),
    "an item whose dash has its own line": ("u:\n  -\n    name: a\n  - name: b\n", ("u", 0), "u:\n  - name: b\n"),
    "the only item": ("u: # who\n  - name: a\nx: 1\n", ("u", 0), "u: [] # who\nx: 1\n"),
    "the only key": ("users:\n  a: x\nx: 1\n", ("users", "a"), "users: {}\nx: 1\n"),
    "a key with a block below it": (
        "a:\n  k:\n    - one\n    - two\n  # mine\n  z: 1\n",
        ("a", "k"),
        "a:\n  # mine\n  z: 1\n",
    ),
    "a key in quotes": ("users:\n  'on': x\n  b: y\n", ("users", "on"), "users:\n  b: y\n"),
    "a text over several lines": ("a: |\n  one\n\n  two\nb: 1\n", ("a",), "b: 1\n"),
    "a key after a dash": ("u:\n  - r: [x] # why\n    name: a # who\n", ("u", 0, "r"), "u:\n  - name: a # who\n"),
    "the only key after a dash": ("u:\n  - r: 1\n", ("u", 0, "r"), "u:\n  - {}\n"),
    "the first in brackets": ("u: [a, 'b', c] # x\n", ("u", 0), "u: ['b', c] # x\n"),
    "one between others in brackets": ("u: [a, 'b',  c]\n", ("u", 1), "u: [a, c]\n"),
    "the last in brackets": ("u: [a, b ]\n", ("u", 1), "u: [a ]\n"),
    "the only one in brackets": ("u: [a]\n", ("u", 0), "u: []\n"),
    "one of two that are alike": ("u: [a, a]\n", ("u", 0), "u: [a]\n"),
    "a key in braces": ("u: [{n: a, r: [x, y], h: b}]\n", ("u", 0, "r"), "u: [{n: a, h: b}]\n"),
    "the last key in braces": ("u: {n: a, r: [x]}\n", ("u", "r"), "u: {n: a}\n"),
    "a line of brackets over several": (
        "u: [\n  {n: a}, # one\n  {n: b}, # two\n  {n: c}, # three\n]\n",
        ("u", 1),
        "u: [\n  {n: a}, # one\n  {n: c}, # three\n]\n",
    ),
    "the last line of brackets over several": (
        "u: [\n  {n: a}, # one\n  {n: b} # two\n]\n",
        ("u", 1),
        "u: [\n  {n: a}, # one\n]\n",
    ),
    "the last line of JSON": ('{\n  "a": 1,\n  "b": 2\n}\n', ("b",), '{\n  "a": 1\n}\n'),
    "Windows line ends": ("u:\r\n  - a # x\r\n  - b\r\nx: 1\r\n", ("u", 0), "u:\r\n  - b\r\nx: 1\r\n"),
    "a byte order mark": ("\ufeffa: 1\nb: 2\n", ("a",), "\ufeffb: 2\n"),
    "the end of a file without a line end": ("a: 1\nu:\n  - x\n  - y", ("u", 1), "a: 1\nu:\n  - x"),
    "what is not there": ("a: {b: 1}\n", ("a", "c"), "a: {b: 1}\n"),
}


@pytest.mark.parametrize("name", CASES)
def test_an_entry_is_taken_out_and_every_other_byte_stays(name: str) -> None:
    before, path, after = CASES[name]
    editor = Editor(before, "v.yaml")
    editor.remove(path)
    assert editor.text.rstrip("\n") == after.rstrip("\n")
    assert before.endswith("\n") <= editor.text.endswith("\n")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x: &x [a, b]\nw: *x\n", ("w", 0)),
        ("x: &x [a, b]\nw: *x\n", ("x", 0)),
        ("x: &x {k: 1}\nw:\n  <<: *x\n  z: 1\n", ("w", "k")),
        ("a: 1\nb: 2\na: 3\n", ("a",)),
        ("u:\n  - - a\n    - b\n", ("u", 0, 0)),
        ("u:\n  - &x {n: a}\n  - *x\n", ("u", 0)),
    ],
)
def test_what_cannot_be_taken_out_without_changing_something_else_is_refused(text: str, path: Path) -> None:
    editor = Editor(text, "v.yaml")
    with pytest.raises(FileError, match=r"v\.yaml: .*edit it by hand"):
        editor.remove(path)
    assert editor.text == text
