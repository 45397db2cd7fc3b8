"""What is a secret in values and objects, and how it is shown instead."""

from __future__ import annotations

import re

from privreg_values.cluster.kubectl import Object
from privreg_values.values.nodes import Path, Value
from privreg_values.values.schema import LOOKS_SECRET

HIDDEN = "(hidden)"
HIDDEN_CHANGED = "(hidden, changed)"

_SECRET_KEY = re.compile(r"hash|password|token|(access|secret|account|private)_?key|credentials?json", re.IGNORECASE)
_SECRET_PATHS: tuple[Path, ...] = (("httpSecret", "value"),)


def is_secret(path: Path) -> bool:
    """Tell whether a value is a secret, such as a password or a hash."""
    key = str(path[-1]) if path else ""
    if path[:1] == ("extraManifests",) and len(path) == 2:  # a manifest as text, which may be a Secret
        return True
    return path in _SECRET_PATHS or bool(_SECRET_KEY.fullmatch(key)) or (path[:1] == ("extraEnv",) and key == "value")


def hide(value: Value, path: Path = ()) -> Value:
    """Give a value with each secret in it replaced: what is one by its place or its look, and Secrets' data."""
    if isinstance(value, dict):
        return {key: hide(child, (*path, key)) for key, child in hide_data(value).items()}
    if isinstance(value, list):
        return [hide(child, (*path, number)) for number, child in enumerate(value)]
    return HIDDEN if value and (is_secret(path) or LOOKS_SECRET.search(str(value))) else value


def hide_data(item: Object, before: Object | None = None) -> Object:
    """Give an object with the data of a Secret replaced.

    Args:
        item: The object; whatever is no Secret stays as it is.
        before: What it was: data that differ from it are marked as changed.
    """
    if item.get("kind") != "Secret":
        return item
    hidden = dict(item)
    for part in ("data", "stringData"):
        if part in item:
            hidden[part] = _hide_part(item[part], (before or item).get(part))
    return hidden


def _hide_part(data: Value, before: Value) -> dict[str, str]:
    new, old = (it if isinstance(it, dict) else {} for it in (data, before))
    return {key: HIDDEN if key not in old or old[key] == text else HIDDEN_CHANGED for key, text in new.items()}
