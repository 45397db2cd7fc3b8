"""Shows values and objects without the secrets in them."""

from __future__ import annotations

from privreg_values.cluster.kubectl import Object
from privreg_values.values import secrets
from privreg_values.values.nodes import Path, Value

HIDDEN = "(hidden)"
HIDDEN_CHANGED = "(hidden, changed)"


def hide(value: Value, path: Path = ()) -> Value:
    """Give a value with each secret in it replaced.

    Args:
        value: A value, or a map or list of them.
        path: Where it is in the values.
    """
    if isinstance(value, dict):
        if "kind" in value and path[:1] == ("extraManifests",):
            return hide_in_object(value)
        return {key: hide(child, (*path, key)) for key, child in value.items()}
    if isinstance(value, list):
        return [hide(child, (*path, number)) for number, child in enumerate(value)]
    return HIDDEN if secrets.may_be_secret(path, value) else value


def hide_in_object(item: Object, before: Object | None = None) -> Object:
    """Give a Kubernetes object with what is secret in it replaced: a Secret's data, passwords in variables, logins.

    Args:
        item: The object.
        before: What it was: what is hidden and differs from it is marked as changed.
    """
    hidden: Object = _hide(item, item if before is None else before, secret=False)
    return hidden


def _hide(value: Value, before: Value, *, secret: bool) -> Value:
    if isinstance(value, dict):
        old = before if isinstance(before, dict) else {}
        secret_keys: tuple[str, ...] = secrets.SECRET_DATA if value.get("kind") == "Secret" else ()
        if secrets.names_secret_variable(value.get("name"), value.get("value")):
            secret_keys = ("value",)
        return {
            key: _hide(child, old.get(key, child), secret=secret or key in secret_keys) for key, child in value.items()
        }
    if isinstance(value, list):
        old_items = before if isinstance(before, list) else []
        pairs = zip(value, [*old_items[: len(value)], *value[len(old_items) :]], strict=True)
        return [_hide(child, old, secret=secret) for child, old in pairs]
    if secret:
        return HIDDEN if value == before else HIDDEN_CHANGED
    return _hide_lines(value, str(before)) if isinstance(value, str) else value


def _hide_lines(text: str, before: str) -> str:
    """Hide the lines of a text that look like secrets, or the whole of it if only the whole does."""
    old = before.split("\n")
    lines = [
        line if not secrets.looks_secret(line) else HIDDEN if line in old else HIDDEN_CHANGED
        for line in text.split("\n")
    ]
    shown = "\n".join(lines)
    if secrets.looks_secret(shown):
        return HIDDEN if text == before else HIDDEN_CHANGED
    return shown
