"""The chart's schema and default values, as this version of the package carries them."""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any

from privreg_values.values import yaml_reader
from privreg_values.values.nodes import Node, Path


@functools.cache
def schema() -> dict[str, Any]:
    """Give the chart's values.schema.json."""
    loaded: dict[str, Any] = json.loads(_read("values.schema.json"))
    return loaded


def at(path: Path) -> dict[str, Any]:
    """Give the part of the schema that is about a value; an empty one where the chart knows no such value."""
    part = schema()
    for step in path:
        part = resolved(part)
        if isinstance(step, int):
            part = part.get("items", {})
        else:
            further = part.get("additionalProperties")
            part = part.get("properties", {}).get(step) or (further if isinstance(further, dict) else {})
    return part


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Give what a part of the schema refers to; the part itself if it refers to nothing."""
    while "$ref" in part:
        part = schema()["definitions"][part["$ref"].removeprefix("#/definitions/")]
    return part


@functools.cache
def defaults() -> Node:
    """Give the chart's values.yaml."""
    return yaml_reader.parse(_read("values.yaml"), "the chart's values.yaml").root


def _read(name: str) -> str:
    return importlib.resources.files("privreg_values").joinpath(name).read_text(encoding="utf-8")
