"""The chart's schema and default values, as this version of the package carries them."""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any

from privreg_values.values import yaml_reader
from privreg_values.values.nodes import Node


@functools.cache
def schema() -> dict[str, Any]:
    """Give the chart's values.schema.json."""
    loaded: dict[str, Any] = json.loads(_read("values.schema.json"))
    return loaded


@functools.cache
def defaults() -> Node:
    """Give the chart's values.yaml."""
    return yaml_reader.parse(_read("values.yaml"), "the chart's values.yaml").root


def _read(name: str) -> str:
    return importlib.resources.files("privreg_values").joinpath(name).read_text(encoding="utf-8")
