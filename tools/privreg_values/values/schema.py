"""Checks values against the chart's schema and says in words what was expected."""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend

from privreg_values.users.credentials import MAX_COST, user_name_fault
from privreg_values.values import chart, hosts
from privreg_values.values.instead import INSTEAD
from privreg_values.values.nodes import Path, Value
from privreg_values.values.paths import render

_TYPES = {
    "object": "a map",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_SECRET: tuple[Path, ...] = (
    ("auth", "users"),
    ("httpSecret", "value"),
    ("pullSecrets", "credential"),
    ("storage", "s3", "secretKey"),
    ("extraEnv",),
    ("extraManifests",),
)
# Hashes, keys and logins, wherever somebody put them.
LOOKS_SECRET = re.compile(r"\$2[abxy]?\$|\$apr1\$|\$[156]\$|\$argon2|\{SHA\}|-----BEGIN|\"auths\"|://[^/\s]*:[^/\s]*@")


@dataclass(frozen=True)
class Fault:
    """A value that the schema refuses.

    Args:
        path: Where it is.
        expected: What was expected there, in words; never a secret.
        suggestion: What was probably meant, as it would be written; empty when unknown.
        unknown: The key itself is wrong, not its value.
    """

    path: Path
    expected: str
    suggestion: str = ""
    unknown: bool = False


def check(values: Value) -> list[Fault]:
    """Check the chart's defaults with the user's values over them."""
    faults = [fault for error in _validator().iter_errors(values) for fault in _explain(error)]
    return list(dict.fromkeys(faults))


@functools.cache
def _validator() -> Draft7Validator:
    validator: Draft7Validator = extend(Draft7Validator, {"pattern": _pattern})(chart.schema())  # type: ignore[no-untyped-call]
    return validator


def _pattern(_validator: Value, pattern: str, instance: Value, _schema: Value) -> Iterator[ValidationError]:
    """Match as Go's RE2 does, where $ is the very end and \\d is 0 to 9."""
    if isinstance(instance, str) and not re.search(_as_re2(pattern), instance, re.ASCII):
        yield ValidationError("does not match")


@functools.cache
def _as_re2(pattern: str) -> str:
    pieces = re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", pattern, re.DOTALL)
    return "".join(r"\Z" if piece == "$" else piece for piece in pieces)


def _explain(error: ValidationError) -> Iterator[Fault]:
    path: Path = tuple(error.absolute_path)
    schema: Value = error.schema
    wanted: Value = error.validator_value
    found: Value = error.instance
    if error.validator == "additionalProperties":
        known = list(schema.get("properties", {}))
        for key in found:
            if key not in known:
                yield _unknown_key((*path, key), known)
    elif error.validator == "required":
        for key in wanted:
            if key not in found:
                yield Fault((*path, key), f"is missing: {_purpose((*path, key))}")
    elif error.validator == "type":
        yield _wrong_type(path, wanted, found)
    elif error.validator == "enum":
        yield _not_listed(path, wanted, found)
    elif error.validator in _LIMITS:
        yield Fault(path, _LIMITS[error.validator].format(wanted) + _found(path, found))
    else:
        yield _wrong_text(path, found)


_LIMITS = {
    "minimum": "expected at least {}",
    "maximum": "expected at most {}",
    "minItems": "expected at least {} item",
    "uniqueItems": "expected no item twice",
}


def _unknown_key(path: Path, known: list[str]) -> Fault:
    key = str(path[-1])
    if remedy := INSTEAD.get(render(path)):
        return Fault(path, f"is not a key of this chart; {remedy}", unknown=True)
    lowered = {name.lower(): name for name in known}
    close = difflib.get_close_matches(key.lower(), lowered, n=1)
    elsewhere = _places_of(key)
    if close or len(elsewhere) == 1:
        meant = lowered[close[0]] if close else elsewhere[0]
        return Fault(path, "is not a key of this chart", f'"{meant}"', unknown=True)
    return Fault(path, f"is not a key of this chart; expected {_either(known)}", unknown=True)


@functools.cache
def known_keys() -> frozenset[str]:
    """Give the names of all keys of this chart, wherever they are."""

    def walk(schema: dict[str, Value]) -> Iterator[str]:
        schema = _resolved(schema)
        for name, child in schema.get("properties", {}).items():
            yield name
            yield from walk(child)
        yield from walk(schema["items"]) if "items" in schema else ()

    return frozenset(walk(chart.schema()))


def _places_of(key: str) -> list[str]:
    """Give the dotted paths at which the schema knows a key of this name."""

    def walk(schema: dict[str, Value], path: Path) -> Iterator[str]:
        for name, child in _resolved(schema).get("properties", {}).items():
            if name.lower() == key.lower():
                yield render((*path, name))
            yield from walk(child, (*path, name))

    return list(walk(chart.schema(), ()))


def _wrong_type(path: Path, wanted: str | list[str], value: Value) -> Fault:
    types = [wanted] if isinstance(wanted, str) else wanted
    found = "expected " + _either([_TYPES[name] for name in types]) + _found(path, value)
    if remedy := INSTEAD.get(render(path)):
        return Fault(path, f"{found}; {remedy}")
    if not is_secret(path):
        return Fault(path, found, _retyped(path, types, value))
    quotes = "; put it in quotes" if "string" in types and isinstance(value, int | float) else ""
    return Fault(path, found + quotes)


def _retyped(path: Path, types: list[str], value: Value) -> str:
    """Give the value as it would be written in a wanted type."""
    if "object" in types and isinstance(value, bool) and "enabled" in at(path).get("properties", {}):
        return f"{{enabled: {_number_text(value)}}}"
    if "string" in types and isinstance(value, bool | int | float):
        return json.dumps(_number_text(value))
    if not isinstance(value, str):
        return ""
    if "boolean" in types and value.lower() in ("true", "false"):
        return value.lower()
    if ("integer" in types or "number" in types) and re.fullmatch(r"-?[0-9]+", value):
        return value
    return ""


def _not_listed(path: Path, listed: list[Value], value: Value) -> Fault:
    options = [str(option) for option in listed]
    expected = f"expected {_either([option or 'nothing' for option in options])}"
    lowered = {option.lower(): option for option in options if option}
    close = difflib.get_close_matches(str(value).lower(), lowered, n=1)
    return Fault(path, expected + _found(path, value), f'"{lowered[close[0]]}"' if close else "")


def _wrong_text(path: Path, value: Value) -> Fault:
    if path == ("host",) and (advice := hosts.advise(str(value))):
        suggestion = f'"{advice.suggestion}"' if advice.suggestion else ""
        return Fault(path, f"expected a host name such as registry.example.com; {advice}", suggestion)
    if path[-1:] == ("hash",):
        return Fault(path, _wrong_hash(path, str(value)))
    if path[:2] == ("auth", "users") and path[-1:] == ("name",) and (reason := user_name_fault(str(value))):
        return Fault(path, f"expected a user name such as ci; this one {reason}")
    return Fault(path, f"expected {_expectation(path)}" + _found(path, value))


_OTHER_HASHES = {
    "$apr1$": "Apache's MD5",
    "$1$": "MD5",
    "{SHA}": "SHA-1",
    "$5$": "SHA-256",
    "$6$": "SHA-512",
    "$argon2": "Argon2",
    "$2x$": "a bcrypt hash of a faulty program",
}


def _wrong_hash(path: Path, value: str) -> str:
    cost = re.match(r"\$2[aby]\$([0-9]{2})\$", value)
    if not cost:
        kind = next((name for start, name in _OTHER_HASHES.items() if value.startswith(start)), "something else")
        remedy = "`privreg-values users rotate NAME` makes a new password and its hash"
        return f"expected a bcrypt hash ($2y$...), never the password itself; this looks like {kind}; {remedy}"
    if int(cost[1]) > MAX_COST:
        reason = f"its cost of {cost[1]} would make each request take seconds or more"
        return f"expected a bcrypt hash of cost 4 to {MAX_COST}; {reason}"
    return f"expected {_expectation(path)}; this one is cut short or has been changed"


def _expectation(path: Path) -> str:
    """Say what form a value must have; a shared definition describes the form, the key itself the purpose."""
    description = str(_resolved(at(path)).get("description", "another value")).rstrip(".")
    sentence = description[1:2].islower() or description[1:2] == " "
    return description[:1].lower() + description[1:] if sentence else description


def _purpose(path: Path) -> str:
    schema = at(path)
    return str(schema.get("description") or _resolved(schema).get("description", "")).rstrip(".")


def at(path: Path) -> dict[str, Value]:
    """Give the part of the schema that is about a value."""
    schema: dict[str, Value] = chart.schema()
    for step in path:
        schema = _resolved(schema)
        if isinstance(step, int):
            schema = schema.get("items", {})
        else:
            further = schema.get("additionalProperties")
            schema = schema.get("properties", {}).get(step) or (further if isinstance(further, dict) else {})
    return schema


def _resolved(schema: dict[str, Value]) -> dict[str, Value]:
    while "$ref" in schema:
        schema = chart.schema()["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    return schema


def _found(path: Path, value: Value) -> str:
    """Say what is there instead; only the kind of thing where it may be a secret."""
    if value is None:
        return ", found nothing"
    if isinstance(value, dict | list):
        return f", found {'a map' if isinstance(value, dict) else 'a list'}"
    kind = "the string" if isinstance(value, str) else "the number"
    if is_secret(path) or LOOKS_SECRET.search(str(value)):
        return f", found {kind.replace('the', 'a')}" if not isinstance(value, bool) else ", found true or false"
    if isinstance(value, bool):
        return f", found {_number_text(value)}" + (
            " (yes and on mean that too)" if value else " (no and off mean that too)"
        )
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _number_text(value)
    return f", found {kind} {text if len(text) <= 80 else text[:77] + '...'}"


def is_secret(path: Path) -> bool:
    """Tell whether a value at this path may be, or hold, a secret: at its place, below it or right above."""
    return any(path[: len(it)] == it[: len(path)] and len(path) >= len(it) - 1 for it in _SECRET)


def _number_text(value: bool | int | float) -> str:
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


def _either(options: list[str]) -> str:
    return options[0] if len(options) == 1 else f"{', '.join(options[:-1])} or {options[-1]}"
