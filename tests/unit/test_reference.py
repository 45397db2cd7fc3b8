"""docs/reference.md: up to date, and with all that the commands have."""

from pathlib import Path

import pytest

from tests import reference
from tests.reference import PAGE, ReferenceError, Section, sections

each_command = pytest.mark.parametrize("section", sections(), ids=lambda it: it.name)


def test_the_page_is_up_to_date() -> None:
    reference.main(["--check"])


def test_a_page_that_is_not_is_refused_until_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "reference.md"
    with pytest.raises(ReferenceError, match="out of date"):
        reference.main(["--check"], path)
    reference.main(["--write"], path)
    reference.main(["--check"], path)
    path.write_text(path.read_text().replace("--host", "--hosts"))
    with pytest.raises(ReferenceError, match="out of date"):
        reference.main(["--check"], path)


@each_command
def test_a_command_is_documented_with_all_its_arguments_and_options(section: Section) -> None:
    _, _, after = PAGE.read_text().partition(f"\n### {section.title}\n")
    text = after.partition("\n### ")[0]
    assert section.description
    for parameter in [*section.parameters("argument"), *section.parameters("option")]:
        name, told = section.record(parameter)
        assert parameter.help
        assert told
        assert f"| `{name}` |".replace("|", "\\|")[1:-2].strip("\\") in text
    for option in section.parameters("option"):
        assert all(name in text for name in option.opts)


@each_command
def test_a_command_has_examples_of_itself(section: Section) -> None:
    assert section.examples
    assert all(section.title in line or line.startswith("  ") for line in section.examples)


@each_command
def test_a_command_is_linked_from_the_top(section: Section) -> None:
    assert f"](#{section.anchor})" in PAGE.read_text().partition("## What all commands")[0]
