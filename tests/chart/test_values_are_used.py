"""values.yaml, values.schema.json and the templates know the same values."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from privreg_values.errors import HelmError
from tests.chart import values_table
from tests.chart.rendering import CHART, CI_FILES, EVERYTHING, Json, render

DEFAULTS: Json = yaml.load((CHART / "values.yaml").read_text(), yaml.CSafeLoader)
SCHEMA: Json = json.loads((CHART / "values.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

# What a value is changed to: the first that the schema takes and that is not there yet.
CANDIDATES: list[Any] = [
    True,
    False,
    7,
    30007,
    "changed",
    "changed.example.com",
    "/changed",
    "7 7 7 7 7",
    "7Gi",
    "7%",
    "http://changed:4318",
    "sha256:" + "7" * 64,
    "changed-changed-changed-changed-changed",
    ["changed"],
    ["ReadWriteMany"],
    ["10.7.0.0/16"],
    ["ES512"],
    [{"name": "changed", "hash": "$2y$05$" + "C" * 53, "role": "push"}],
    [{"name": "changed", "role": "pull"}],
    [{"name": "changed", "value": "x"}],
    [{"name": "changed", "mountPath": "/changed"}],
    [{"name": "changed", "emptyDir": {}}],
    [{"key": "changed"}],
    [{"maxSkew": 7, "topologyKey": "changed", "whenUnsatisfiable": "DoNotSchedule"}],
    [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "changed"}}],
    {"matchLabels": {"changed": "changed"}},
    {"cpu": "7"},
    {"fsGroup": 7},
    {"runAsUser": 7},
    {"nodeAffinity": {}},
    {"changed": "changed"},
]


def leaves(values: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each value that is not a map of others."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


def nested(path: tuple[str, ...], value: Any) -> Json:
    for name in reversed(path):
        value = {name: value}
    result: Json = value
    return result


def at(values: Json, path: tuple[str, ...]) -> Any:
    found: Any = values
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def depth(values: Json, path: tuple[str, ...]) -> int:
    """How many steps of the path there are in the values."""
    return sum(at(values, path[: number + 1]) is not None for number in range(len(path)))


def changes(path: tuple[str, ...], base: Json) -> Iterator[Json]:
    """Valid values to put over `base` that differ from it in one place."""
    now = at(merged(DEFAULTS, base), path)
    for candidate in [*at_schema(path).get("enum", []), *CANDIDATES]:
        change = nested(path, candidate)
        if candidate != now and VALIDATOR.is_valid(merged(DEFAULTS, change)):
            yield change


def at_schema(path: tuple[str, ...]) -> Json:
    found = SCHEMA
    for name in path:
        properties = resolve(found).get("properties", {})
        found = properties.get(name) or {}
    return resolve(found)


def resolve(schema: Json) -> Json:
    reference = schema.get("$ref")
    found: Json = SCHEMA["definitions"][reference.rpartition("/")[2]] if reference else schema
    return found


def merged(base: Json, over: Json) -> Json:
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if both else value
    return result


def output(base: Path, change: Json | None = None) -> str:
    """What Helm makes of values, or says against them."""
    try:
        return render(base, values=change).text
    except HelmError as error:
        return str(error)


@pytest.mark.parametrize("path", list(leaves(DEFAULTS)), ids=".".join)
def test_changing_a_value_changes_what_is_made(path: tuple[str, ...]) -> None:
    bases = {file: yaml.load(file.read_text(), yaml.CSafeLoader) for file in (EVERYTHING, *CI_FILES)}
    for base_file, base in sorted(bases.items(), key=lambda item: -depth(item[1], path)):
        for change in itertools.islice(changes(path, base), 3):
            if output(base_file, change) != output(base_file):
                return
    raise AssertionError("nothing changes with it in any values file")


def test_templates_read_no_value_that_is_not_in_values_yaml() -> None:
    unknown = set()
    for template in (CHART / "templates").rglob("*"):
        if template.is_file():
            for found in re.findall(r"\.Values((?:\.[A-Za-z]\w*)+)", template.read_text()):
                path = tuple(found[1:].split("."))
                if at(DEFAULTS, path) is None and path not in set(leaves(DEFAULTS)):
                    unknown.add(f"{template.name}: .Values{found}")
    assert unknown == set()


def test_defaults_are_valid_but_for_what_only_the_user_knows() -> None:
    assert list(VALIDATOR.iter_errors(DEFAULTS)) == []
    with pytest.raises(HelmError) as caught:
        render()
    assert re.findall(r"privreg: (\w+): ", str(caught.value)) == ["host", "auth", "httpSecret", "pullSecrets"]


def test_the_table_in_the_readme_is_up_to_date() -> None:
    values_table.main(["--check"])


# --- The schema itself


def schemas(schema: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Each schema within a schema that describes a value."""
    yield path, schema
    for name, inner in [*schema.get("properties", {}).items(), *schema.get("definitions", {}).items()]:
        yield from schemas(inner, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from schemas(schema[key], f"{path}[]")


def patterns(schema: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each pattern, wherever it is."""
    if isinstance(schema, dict):
        for key, inner in schema.items():
            if key == "pattern" and isinstance(inner, str):
                yield path, inner
            yield from patterns(inner, f"{path}.{key}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from patterns(inner, f"{path}[{number}]")


def test_the_schema_is_a_draft_07_schema_and_every_value_in_it_is_described_in_one_line() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    for path, schema in schemas(SCHEMA):
        description = schema.get("description") or resolve(schema).get("description", "")
        assert description, path
        assert description.endswith(".") or description.endswith(")"), path
        assert "\n" not in description, path


def test_every_object_of_the_schema_is_closed_or_is_kubernetes_own_form() -> None:
    open_objects = {
        path
        for path, schema in schemas(SCHEMA)
        if schema.get("type") == "object" and "properties" in schema and schema.get("additionalProperties") is not False
    }
    assert open_objects == {".global", ".extraVolumes[]"}


def test_patterns_are_anchored_and_mean_the_same_in_go_and_in_python() -> None:
    found = dict(patterns(SCHEMA))
    assert len(found) >= 20
    for path, pattern in found.items():
        if not path.endswith(".not"):  # one that looks for a character that may be nowhere
            assert pattern.startswith("^"), path
            assert pattern.endswith("$"), path
        assert not re.search(r"\(\?|\\[1-9dDwWbBZzA]", pattern), f"{path}: not in RE2, or not the same there"
