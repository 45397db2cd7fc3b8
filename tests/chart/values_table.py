"""The table of all values in the chart's README, made from values.schema.json and values.yaml.

python -m tests.chart.values_table --write     puts it there
python -m tests.chart.values_table --check     fails when it is not what it should be
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

CHART = Path(__file__).parents[2] / "charts" / "privreg"
BEGIN = "<!-- values: begin (made by tests/chart/values_table.py) -->"
END = "<!-- values: end -->"
NO_DEFAULT = {"enabled"}  # for a parent chart's dependency condition; this chart does not read it

Schema = dict[str, Any]


class TableError(Exception):
    """The schema, values.yaml and the README do not fit together."""


@dataclass(frozen=True)
class Row:
    """One value: its dotted path, type, default (in JSON; empty where there is none) and description."""

    path: str
    type: str
    default: str
    description: str

    def __str__(self) -> str:
        default = f"`{self.default}`" if self.default else ""
        cells = (f"`{self.path}`", self.type, default, self.description)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


@dataclass(frozen=True)
class Values:
    """The values of a chart: what the schema says of them, and their defaults."""

    schema: Schema
    defaults: dict[str, Any]

    @classmethod
    def of(cls, chart: Path) -> "Values":
        """Read both files of the chart in a folder."""
        schema = json.loads((chart / "values.schema.json").read_text())
        defaults = YAML(typ="safe").load((chart / "values.yaml").read_text())
        return cls(schema, defaults)

    def rows(self) -> Iterator[Row]:
        """A row for each value, in the order of the schema.

        Raises:
            TableError: a value is in one of the two files only.
        """
        yield from self._of_object(self.schema, self.defaults, "")

    def _of_object(self, schema: Schema, defaults: Any, path: str) -> Iterator[Row]:
        properties = schema["properties"]
        if unknown := set(defaults or {}) - set(properties):
            raise TableError(f"{path or 'values.yaml'}: not in the schema: {', '.join(sorted(unknown))}")
        for name, described in properties.items():
            known = isinstance(defaults, dict) and name in defaults
            yield from self._of_value(
                self._resolve(described), defaults[name] if known else None, f"{path}{name}", known
            )

    def _of_value(self, schema: Schema, default: Any, path: str, known: bool) -> Iterator[Row]:
        nested = bool(schema.get("properties")) and bool(default)
        if nested:
            yield from self._of_object(schema, default, f"{path}.")
            return
        if not known and path not in NO_DEFAULT:
            raise TableError(f"{path}: is in the schema, and has no default in values.yaml")
        yield Row(path, self._type(schema), json.dumps(default) if known else "", schema["description"])
        items = self._resolve(schema.get("items", {}))
        if items.get("type") == "object" and "additionalProperties" in items:
            for name, described in items["properties"].items():
                item = self._resolve(described)
                yield Row(f"{path}[].{name}", self._type(item), "", item["description"])

    def _resolve(self, schema: Schema) -> Schema:
        """Follow a $ref; a description beside it is nearer to the value than the definition's."""
        reference = schema.get("$ref")
        if reference is None:
            return schema
        definition: Schema = self.schema["definitions"][reference.removeprefix("#/definitions/")]
        return {**definition, **schema}

    @staticmethod
    def _type(schema: Schema) -> str:
        if "enum" in schema:
            return ", ".join(f"`{choice or json.dumps(choice)}`" for choice in schema["enum"])
        types = schema["type"]
        return types if isinstance(types, str) else " or ".join(types)


def table(values: Values) -> str:
    """The whole Markdown table."""
    header = ["| Value | Type | Default | What it is |", "| --- | --- | --- | --- |"]
    return "\n".join([*header, *map(str, values.rows())])


def readme_with_table(readme: str, new: str) -> str:
    """The README with `new` between its two marks.

    Raises:
        TableError: a mark is missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise TableError(f"README.md: needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{new}\n{END}{after}"


def main(arguments: list[str] | None = None, chart: Path = CHART) -> None:
    """Run the command line.

    Raises:
        TableError: the files do not fit together or, with --check, the README is out of date.
    """
    parser = argparse.ArgumentParser(description="The table of all values in the chart's README.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail when the README is out of date")
    action.add_argument("--write", action="store_true", help="bring the README up to date")
    options = parser.parse_args(arguments)
    path = chart / "README.md"
    readme = path.read_text()
    wanted = readme_with_table(readme, table(Values.of(chart)))
    if options.write:
        path.write_text(wanted)
    elif readme != wanted:
        raise TableError(f"{path}: out of date; run `python -m tests.chart.values_table --write`")


if __name__ == "__main__":
    try:
        main()
    except TableError as error:
        sys.exit(str(error))
