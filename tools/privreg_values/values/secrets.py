"""Finds secrets in a file that is to hold none.

Which values are secret is in the chart's schema: those with `writeOnly` (JSON Schema draft-07, 10.3). What looks
like a secret by itself is found wherever it is: in any other value, in a key, in a comment, and in base64.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from privreg_values.values import chart
from privreg_values.values.nodes import Mark, Node, Path, Value
from privreg_values.values.paths import render

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}"), "a bcrypt hash"),
    (re.compile(r"\$(apr1|[156y]|sha1|argon2[a-z]*)\$\S{8,}"), "a hash of a password"),
    (re.compile(r"\{S?SHA[0-9]*\}[A-Za-z0-9+/=]{20,}"), "a hash of a password"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"), "a private key"),
    (re.compile(r'"auths"\s*:\s*\{\s*"|"auth"\s*:\s*"[A-Za-z0-9+/]{4,}'), "a docker configuration with a login"),
    (re.compile(r"(?<![A-Za-z0-9])[a-z]+://[^\s/:@]+:[^\s/@]+@"), "an address with a password"),
)
# What `privreg-values gen` makes: 27 or 43 letters and digits, of all three kinds. No digest has capitals.
_GENERATED = re.compile(r"(?<![A-Za-z0-9+/=_-])(?:[A-Za-z0-9]{27}|[A-Za-z0-9]{43})(?![A-Za-z0-9+/=_-])")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}:[!-~]{4,}")
_KUBERNETES_SECRET: dict[str, Value] = {
    "properties": {key: {"additionalProperties": {"writeOnly": True}} for key in ("data", "stringData")}
}
_DEPTH = 3  # base64 in a docker configuration in base64
_SHORTEST_KNOWN = 8  # a shorter password may be a word that is in any file


@dataclass(frozen=True)
class Found:
    """A secret.

    Args:
        mark: Where it is.
        path: The value that it is, such as auth.users[0].hash; empty in a comment.
        what: What it is, in words; never the secret itself.
    """

    mark: Mark
    path: str
    what: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.mark}: {where}{self.what}"


def find_secrets(node: Node, text: str = "", known: Iterable[str] = ()) -> list[Found]:
    """Find secrets in values.

    Args:
        node: The values of one file.
        text: The file's text, for its comments.
        known: Secrets that exist, such as the passwords in a credentials file.

    Returns:
        One for each place, in the file's order.
    """
    looking = _Looking(frozenset(it for it in known if len(it) >= _SHORTEST_KNOWN))
    in_text = list(_in_text(node.mark.file, text, looking))
    found = []
    for it, last in _in_values(node, (), chart.schema(), looking):
        lines = [that for that in in_text if it.mark.line <= that.mark.line <= last]
        within = next((that.mark for that in lines if that.mark.line > it.mark.line), None)
        found.append(
            it if it.mark.line in [that.mark.line for that in lines] or not within else replace(it, mark=within)
        )
        in_text = [that for that in in_text if that not in lines]
    return sorted(dict.fromkeys([*found, *in_text]), key=lambda it: (it.mark.line, it.mark.column))


@functools.cache
def names_of_secrets() -> frozenset[str]:
    """Give the keys that hold secrets in the chart's values, such as hash and password."""
    return frozenset(str(path[-1]) for path in _secret_paths(chart.schema(), ()))


def _secret_paths(schema: Value, path: Path) -> Iterator[Path]:
    schema = _resolved(schema)
    if schema.get("writeOnly"):
        yield path
    for key, child in schema.get("properties", {}).items():
        yield from _secret_paths(child, (*path, key))
    if "items" in schema:
        yield from _secret_paths(schema["items"], (*path, 0))


def _of_key(schema: dict[str, Value], key: str) -> Value:
    others = schema.get("additionalProperties")
    return schema.get("properties", {}).get(key) or (others if isinstance(others, dict) else {})


def _resolved(schema: Value) -> dict[str, Value]:
    reference = schema.get("$ref", "")
    definitions = chart.schema().get("definitions", {})
    return {**definitions[reference.removeprefix("#/definitions/")], **schema} if reference else schema


def _in_values(node: Node, path: Path, schema: Value, looking: _Looking) -> Iterator[tuple[Found, int]]:
    """Give what is found, and the last line of the value it is in."""
    schema = _resolved(schema)
    if isinstance(node.value, dict):
        kind = node.value.get("kind")
        if kind and kind.value == "Secret":
            schema = _KUBERNETES_SECRET
        for key, child in node.value.items():
            if what := looking.at(key):
                mark = child.key_mark or child.mark
                yield Found(mark, "", f"{what}, as a key"), mark.line
            yield from _in_values(child, (*path, key), _of_key(schema, key), looking)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _in_values(child, (*path, index), schema.get("items", {}), looking)
    elif node.value not in (None, ""):
        text = str(node.value)
        what = looking.at(text)
        if not what and schema.get("writeOnly"):
            what = "a secret"
        if what:
            yield Found(node.mark, render(path), what), node.end.line - (node.end.column == 1)


def _in_text(file: str, text: str, looking: _Looking) -> Iterator[Found]:
    """Look at each line: its comment, and what was not seen among the values."""
    names = "|".join(sorted(map(re.escape, names_of_secrets())))
    commented = re.compile(rf"#.*\b(?:{names})[\"']?\s*:\s*[\"']?[^\s\"']{{4,}}[\"']?[\s}}\]]*$")
    for number, line in enumerate(text.split("\n"), 1):
        if what := looking.at(line):
            yield Found(Mark(file, number, 1), "", what)
        elif commented.search(line) and "..." not in line:
            yield Found(Mark(file, number, 1), "", "a secret, in a comment")


@dataclass(frozen=True)
class _Looking:
    known: frozenset[str]

    def at(self, text: str, depth: int = 0) -> str:
        """Say what secret a text holds; empty if it holds none."""
        if any(it in text for it in self.known):
            return "a known password" + (" in base64" if depth else "")
        for pattern, what in _LOOKS:
            if pattern.search(text):
                return what + (" in base64" if depth else "")
        if any(_is_mixed(it) for it in _GENERATED.findall(text)):
            return "a generated secret" + (" in base64" if depth else "")
        if depth and (_LOGIN.fullmatch(text.strip()) or _is_login(text)):
            return "a login in base64"
        return next(filter(None, (self.at(inner, depth + 1) for inner in _decoded(text))), "") if depth < _DEPTH else ""


def _is_mixed(text: str) -> bool:
    return all(any(kind(it) for it in text) for kind in (str.islower, str.isupper, str.isdigit))


def _is_login(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict) and '"password"' in text
    except ValueError:
        return False


def _decoded(text: str) -> Iterator[str]:
    """Give the texts that are in base64 in a text, also over several lines and without padding."""
    joined = "".join(text.split())
    candidates = [*_BASE64.findall(text), *([joined] if _BASE64.fullmatch(joined) and joined != text else [])]
    for candidate in candidates:
        bare = candidate.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if decoded.isprintable() or "\n" in decoded:
            yield decoded
