"""yaml_reader.py: the same values as Helm, and the place of each."""

from pathlib import Path

import pytest

from privreg_values.errors import SyntaxProblem
from privreg_values.values.nodes import Mark, find, plain
from privreg_values.values.values_file import decode
from privreg_values.values.yaml_reader import MAX_DEPTH, parse
from tests.unit import echo_chart

SAME_AS_HELM: dict[str, bytes] = {
    "nothing": b"",
    "a comment": b"# x\n",
    "null": b"null\n",
    "a list": b"- a\n",
    "a word": b"abc\n",
    "a number": b"12\n",
    "a key without a space after the colon": b"a:b\n",
    "JSON": b'{"a":1, "b": [true, null]}',
    "words that are booleans": b"a: [yes, No, on, OFF, y, N, 'yes']\n",
    "numbers in many notations": b"a: [0x1f, 017, 08, 0o17, 1_000, 1e3, +5, -0b11, .5, 1., 1:30, 2001-01-01, 1e400]\n",
    "a large number": b"a: 99999999999999999999\n",
    "infinity": b"a: .inf\n",
    "not a number": b"a: .nan\n",
    "a byte order mark": b"\xef\xbb\xbfa: 1\n",
    "Windows line ends": b"a: 1\r\nb:\r\n  c: 2\r\n",
    "old Mac line ends": b"a: 1\rb: 2\r",
    "bytes that are not UTF-8": b"a: \xff\n",
    "UTF-16 of Windows": "a: 1\n".encode("utf-16"),
    "a NUL": b"a: \x00\n",
    "a control character": b"a: \x01\n",
    "a DEL": b"a: \x7f\n",
    "a tab that indents": b"a:\n\tb: 1\n",
    "a tab before the first key": b"\ta: 1\n",
    "a tab after a dash": b"a:\n  -\tb\n",
    "a tab after a colon": b"a:\t1\n",
    "a tab at the end of a line": b"a: 1\t\nb: 1 \t# x\n",
    "a tab in a flow list": b"a: [\t1]\nb: {\n\tc: 1}\n",
    "a tab between words": b"a: x\ty\tz\n",
    "a tab on the next line of a text": b"a: x\n\ty\n",
    "a key twice": b"a: 1\na: 2\n",
    "a map twice": b"a: {x: 1}\na: {z: 2}\n",
    "two documents": b"a: {b: 2}\n---\na: {d: 3}\n",
    "a document that is empty": b"---\n---\na: 1\n---\n",
    "a list in the second document": b"a: 1\n---\n- b\n",
    "text after ---": b"a: 1\n--- b\n",
    "a map after ---": b"--- {a: 1}\n",
    "a comment after ---": b"--- # x\na: 1\n",
    "a document end": b"a: 1\n...\nb: 2\n",
    "a YAML directive": b"%YAML 1.1\n---\na: 1\n",
    "an anchor": b"a: &x {p: 1}\nb: *x\n",
    "an anchor that is given twice": b"a: &x 1\nb: &x 2\nc: *x\n",
    "an anchor that is not there": b"a: *x\n",
    "an anchor in itself": b"a: &x [*x]\n",
    "an anchor with an odd name": b"a: &x! 1\n",
    "a merge before other keys": b"x: &x {p: 1, q: 2}\nz:\n  <<: *x\n  p: 5\n",
    "a merge after other keys": b"x: &x {p: 1, q: 2}\nz:\n  p: 5\n  <<: *x\n",
    "a merge of several maps": b"z:\n  <<: [{p: 1}, {p: 2, q: 3}]\n",
    "a merge of a number": b"z:\n  <<: 3\n",
    "a quoted <<": b"z:\n  '<<': 3\n",
    "a key that is null": b"~: 1\n",
    "a key that is a map": b"{a: 1}: 2\n",
    "keys that are numbers": b"1: 2\n1.50: 2\n",
    "a key that is a boolean": b"on: 2\n",
    "an empty key": b": b\n",
    "a complex key": b"? a\n: b\n",
    "a tag for text": b"a: !!str 12\n",
    "a tag for an integer": b"a: !!int '12'\n",
    "a tag for an integer that is none": b"a: !!int x\n",
    "a tag for a float": b"a: !!float 3\n",
    "a tag for null on a word": b"a: !!null x\n",
    "a tag for a boolean": b"a: !!bool 'yes'\n",
    "a tag for base64": b"a: !!binary aGk=\n",
    "a tag for base64 on something else": b"a: !!binary '%%'\n",
    "a tag that nobody knows": b"a: !foo bar\n",
    "a tag on a map": b"a: !!str {x: 1}\n",
    "texts over several lines": b"a: |\n  x\n   y\n\nb: >-\n  x\n  y\nc: 'x\n\n  y'\n",
    "a colon in a value": b"a: b: c\n",
    "a quote that does not end": b"a: 'x\n",
    "a key that is indented too far": b"a: 1\n  b: 2\n",
    "a dash that is indented too far": b"a:\n- 1\n - 2\n",
    "a list as far left as its key": b"a:\n- 1\n- 2\n",
    "a value that begins with @": b"a: @x\n",
    "a value that begins with a percent sign": b"a: %x\n",
}

# Where a line may end; % is each of the line breaks that YAML 1.1 has beside those of ASCII.
BREAKS = {
    "in a text": "a: one%  two\nb: one% %two\n",
    "in a text that goes on": "a: one%\n two\nb: [x%y]\n",
    "before a key": "a: one%b: two\nc: 'x'%d: 1\n",
    "after a key": "a:%  b: 1\nc:%- 1%- 2\n",
    "in a comment": "# x%a: 1 # y%b: 2\n",
    "on a line of its own": "%a: 1\n%b: 2%",
    "in quotes": 'a: "one%two"\nb: \'one%  two\'\nc: "one%%two"\nd: "one\\% two"\n',
    "in a block": "a: |\n  one%  two\nb: |%   one%   two\nc: >\n  one%  two\n  three\nd: |+\n  one%%\ne: |-\n  x%%",
    "in a block with lines that are empty": "a: |\n  one\n%  two\n",
    "in a block, not indented": "a: |\n  one%two\nb: 1\n",
    "in a text, not indented": "a: one%two\nb: 1\n",
    "in a key": "a%b: 1\n",
    "in a key in quotes": '"a%b": 1\n',
    "before ---": "a: 1%---\nb: 2\n",
    "after ---": "a: 1\n---%b: 2\n",
    "in quotes before ---": 'a: "one%---%two"\n',
    "after a directive": "%YAML 1.1%---\na: 1\n".replace("%Y", "\0Y"),
}
SAME_AS_HELM |= {
    f"U+{ord(it):04X} {where}": text.replace("%", it).replace("\0", "%").encode()
    for where, text in BREAKS.items()
    for it in "\x85\u2028\u2029"
}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return echo_chart.make(tmp_path_factory.mktemp("chart") / "echo")


@pytest.mark.parametrize("raw", SAME_AS_HELM.values(), ids=SAME_AS_HELM)
def test_a_file_means_what_it_means_to_helm(raw: bytes, chart: Path, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_bytes(raw)
    try:
        ours = plain(parse(decode(raw, "values.yaml"), "values.yaml").root)
    except SyntaxProblem:
        ours = None
    assert ours == echo_chart.values_by_helm(chart, file)


def refusal(text: str) -> SyntaxProblem:
    with pytest.raises(SyntaxProblem) as caught:
        parse(text, "v.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\n\tb: 2\n", "v.yaml:2:1", "a tab cannot indent YAML; use spaces"),
        ("a: b: c\n", "v.yaml:1:5", "put the value in quotes"),
        ('a: 1\nb: "x\nc: 1\n', "v.yaml:2:4", "the quote that is opened here is not closed"),
        ("a: 1\nb: [1, {c: 2]\n", "v.yaml:2:8", "the bracket or brace that is opened here is not closed"),
        ("a: [1, 2\nb: 3\n", "v.yaml:1:4", "the bracket or brace that is opened here is not closed"),
        ("a: [\n\n", "v.yaml:1:5", "the file ends before a bracket or brace is closed"),
        ("a: x]\nb: ]\n", "v.yaml:2:4", "there is no bracket or brace that this could close"),
        ("a:\n  b: 1\n c: 2\n", "v.yaml:3:2", "the indentation fits nothing above"),
        ("a: b\nc\n", "v.yaml:2:1", "a key needs a colon and a value"),
        ("a: 'it's'\n", "v.yaml:1:8", "nothing may follow a value in quotes"),
        ("a: - b\n", "v.yaml:1:4", "put the dash on a line of its own"),
        (
            "a: *.example.com\n",
            "v.yaml:1:4",
            "there is no anchor &.example.com before this; check its spelling, or put it in quotes",
        ),
        ('a: "\\d"\n', "v.yaml:1:6", "there is no such escape in double quotes"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", "v.yaml:2:1", "a merge conflict was left here"),
        ("x: 1\na: @b\n", "v.yaml:2:4", "put it in quotes"),
        ("- a\n", "v.yaml:1:1", "expected a map of values, found a list"),
        ("a: 1\n--- b\n", "v.yaml:2:4", "nothing may follow ---"),
        ("a: 1\n---\nb: *x\n", "v.yaml:3:4", "no anchor &x"),
        ("a: 1\nb: \x01\n", "v.yaml:2:4", "control character"),
        ("a: 1\n~: 2\n", "v.yaml:2:1", "a key cannot be null"),
        ("a: &x [*x]\n", "v.yaml:1:8", "contains itself"),
        ("# x\na: one\u2028two\nb: 1\n", "v.yaml:2:8", "U+2028 (line separator) ends a line in YAML; remove it"),
        ("# x\na: 1\u2028 b: 2: 3\n", "v.yaml:2:8", "U+2028 (line separator) ends a line in YAML; remove it"),
        ("# x\x85a: 1\n# y\u2029\n\nb: @\n", "v.yaml:4:4", "put it in quotes"),
    ],
)
def test_a_refusal_says_where_and_what_to_do(text: str, place: str, words: str) -> None:
    assert str(refusal(text)).startswith(place)
    assert words in str(refusal(text))


def test_every_value_and_key_has_its_place() -> None:
    root = parse("a:\n  b: [x, 'y']\n---\nc: {d: 1}\n", "v.yaml").root
    second = find(root, ("a", "b", 1))
    assert second
    assert (second.mark, second.end) == (Mark("v.yaml", 2, 10), Mark("v.yaml", 2, 13))
    nested = find(root, ("c", "d"))
    assert nested
    assert (nested.key_mark, nested.mark) == (Mark("v.yaml", 4, 5), Mark("v.yaml", 4, 8))


def test_a_line_is_what_editors_count_whatever_else_ends_a_line() -> None:
    root = parse("# x\u2028a: 1\x85\rb: 2\r\nc:\n  d: |\u2029    y\n    z\ne: 1\n", "v.yaml").root
    marks = {name: str(child.key_mark) for name, child in root.value.items()} if isinstance(root.value, dict) else {}
    assert marks == {"a": "v.yaml:1:5", "b": "v.yaml:1:11", "c": "v.yaml:2:1", "e": "v.yaml:5:1"}


def test_a_value_that_is_not_written_stands_where_its_key_ends() -> None:
    node = find(parse("a:   # nothing\nb: 1\n", "v.yaml").root, ("a",))
    assert node
    assert node.mark == node.end == Mark("v.yaml", 1, 2)


def test_keys_that_come_twice_are_remembered_but_not_those_that_a_merge_brings() -> None:
    document = parse("x: &x {p: 1}\ny1:\n  <<: *x\n  p: 2\nz:\n  q: 1\n  q: 2\n", "v.yaml")
    assert document.duplicates == [(Mark("v.yaml", 7, 3), "q")]


def test_a_file_made_of_aliases_is_refused_as_helm_refuses_it() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for name, inner in zip("bcdefgh", "abcdefg", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{inner}'] * 9)}]")
    assert "aliases" in str(refusal("\n".join(lines)))


def test_lists_that_are_nested_without_end_are_refused_without_a_crash() -> None:
    assert "levels deep" in str(refusal("a: " + "[" * 5000))
    fits = parse("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), "v.yaml")
    assert fits.root.value
