"""nodes.py: files over files over the chart's defaults, as Helm lays them."""

import itertools
from functools import reduce
from pathlib import Path

import pytest

from privreg_values.values.nodes import Mark, coalesce, locate, merge, plain
from privreg_values.values.yaml_reader import parse
from tests.unit import echo_chart

DEFAULTS = "map: {one: 1, two: 2, deep: {x: 1, gone: null}, none: null}\nlist: [1, 2]\nword: a\nnone: null\n"
FILES = [
    "map: {one: 5, three: 3, deep: {x: null, y: 2}}\nlist: [9]\n",
    "map: {two: null, none: null, deep: {gone: null}}\nword: null\nnone: null\nnew: {k: null}\n",
    "map: null\nlist: null\n",
    "map: text\nword: {a: map}\n",
    "new: {k: {l: 1}}\nmap: {deep: null, none: 1}\n",
    "word: b\n",
    "",
]


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return echo_chart.make(tmp_path_factory.mktemp("chart") / "echo", DEFAULTS)


@pytest.mark.parametrize("chosen", [*itertools.permutations(range(len(FILES)), 2)], ids=str)
def test_two_files_over_defaults_give_what_helm_gives(chosen: tuple[int, ...], chart: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.yaml" for number in chosen]
    for number, file in zip(chosen, files, strict=True):
        file.write_text(FILES[number])
    merged = reduce(merge, [parse(FILES[number], str(number)).root for number in chosen])
    assert plain(coalesce(parse(DEFAULTS, "defaults").root, merged)) == echo_chart.values_by_helm(chart, *files)


def test_a_value_is_found_in_the_file_that_set_it_last() -> None:
    first = parse("a: 1\nb: {c: 1, d: 2}\nlist: [x, y]\n", "first").root
    second = parse("b:\n  c: 3\nlist: [z]\n", "second").root
    merged = merge(first, second)
    assert locate(merged, ("a",)) == Mark("first", 1, 4)
    assert locate(merged, ("b", "c")) == Mark("second", 2, 6)
    assert locate(merged, ("b", "d")) == Mark("first", 2, 14)
    assert locate(merged, ("list", 0)) == Mark("second", 3, 8)


def test_a_value_that_is_not_there_is_found_at_the_nearest_key_above() -> None:
    root = parse("x: 1\na:\n  b: {c: 1}\n", "f").root
    assert locate(root, ("a", "b", "missing", "more")) == Mark("f", 3, 3)
    assert locate(root, ("missing",)) == Mark("f", 1, 1)
