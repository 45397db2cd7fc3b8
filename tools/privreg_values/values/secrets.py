"""What is a secret: the one place that says so, for all that shows, compares, splits and scans values.

Which values are secret is in the chart's schema: those with `writeOnly` (JSON Schema draft-07, 10.3). In Kubernetes'
objects it is the data of a Secret, and a variable with the name of a password. Beside that, a text may look like a
secret wherever it is: a hash, a key, a login, also in base64.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Collection, Iterator

from privreg_values.values import chart
from privreg_values.values.nodes import Path, Value

SECRET_DATA = ("data", "stringData")  # of an object of the kind Secret
_FREE_FORM = ("extraEnv", "extraManifests")  # what is in there may be secret, and need not be

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{5,}"), "a bcrypt hash"),
    (re.compile(r"\$(apr1|[156y]|sha1|argon2[a-z]*)\$\S{8,}"), "a hash of a password"),
    (re.compile(r"\{S?SHA[0-9]*\}[A-Za-z0-9+/=]{20,}"), "a hash of a password"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"), "a private key"),
    (re.compile(r'"auths"\s*:\s*\{\s*"|"auth"\s*:\s*"[A-Za-z0-9+/]{4,}'), "a docker configuration with a login"),
    (re.compile(r"(?<![A-Za-z0-9])[a-z]+://[^\s/:@]*:[^\s/@]+@"), "an address with a password"),
)
# The same, cut short or spoilt: enough not to show it, not enough to call it a secret.
_TRACES = re.compile(r"\$2[abxy]?\$|\$apr1\$|\$[156]\$|\$argon2|\{SHA\}|-----BEGIN|\"auths\"|://[^/\s]*:[^/\s]*@")
# What `privreg-values gen` makes: 27 or 43 letters and digits, of all three kinds. No digest has capitals.
_GENERATED = re.compile(r"(?<![A-Za-z0-9+/=_-])(?:[A-Za-z0-9]{27}|[A-Za-z0-9]{43})(?![A-Za-z0-9+/=_-])")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}:[!-~]{4,}")
_DEPTH = 3  # base64 in a docker configuration in base64
_ENCRYPTED = "ENC[AES256_GCM,"  # what sops writes

PASSWORD_NAME = r"pass(?:word|wd|phrase)"  # noqa: S105 - a pattern of names
_PASSWORD = re.compile(rf"{PASSWORD_NAME}$", re.IGNORECASE)
_SECRET_NAME = re.compile(
    rf"(?:{PASSWORD_NAME}|token|secret|(?:api|access|account|private|secret)[_-]?(?:access[_-]?)?key|credentials?)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\$\(\w+\)|\$?\{\{?.*\}\}?")  # $(OTHER_VARIABLE), ${TO_BE_SUBSTITUTED}, {{ template }}
_HINTS = re.compile(r"pass|secret|token|credential|auth|hash|key|cert|config|htpasswd|users?\b", re.IGNORECASE)


def may_be_secret(path: Path, value: Value) -> bool:
    """Tell whether a value must not be shown: it has the place, the name or the look of a secret.

    Args:
        path: Where it is in the values.
        value: A scalar.
    """
    if value in (None, "") or isinstance(value, bool):
        return False
    text = str(value)
    if is_secret_place(path) or _TRACES.search(text) or looks_secret(text):
        return True
    beside = _is_beside_secret(path)
    if chart.at(path):
        return beside and ":" in text  # a name that is a whole login
    return beside or any(hints_at_secret(str(step)) for step in path)


def is_secret_place(path: Path) -> bool:
    """Tell whether the chart has a secret at a path of the values, around it, or below it in what is kept with it."""
    return any(len(path) >= len(_section(it)) - 1 and all(map(_fits, path, it)) for it in secret_paths())


def _fits(step: str | int, wanted: str | int) -> bool:
    return step == wanted or isinstance(wanted, int)  # also a map where a list should be


def _is_beside_secret(path: Path) -> bool:
    return any(len(it) == len(path) and all(map(_fits, path[:-1], it[:-1])) for it in secret_paths())


def is_secret(path: Path, value: Value, *, in_object: bool = False) -> bool:
    """Tell whether a value is a secret for certain, so that it may not be in a file for git.

    Args:
        path: Where it is in the values.
        value: A scalar.
        in_object: It is in a place of a Kubernetes object that holds secrets.
    """
    text = str(value)
    if value in (None, "") or isinstance(value, bool) or text.startswith(_ENCRYPTED):
        return False
    free = bool(path) and path[0] in _FREE_FORM
    if in_object or (not free and is_secret_place(path)):
        return True
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    pattern = _PASSWORD if free else _SECRET_NAME
    return not chart.at(path) and bool(pattern.search(name)) and not _REFERENCE.fullmatch(text)


def names_secret_variable(name: Value, value: Value) -> bool:
    """Tell whether an environment variable has a secret in it, by its name."""
    named = isinstance(name, str) and bool(_SECRET_NAME.search(name))
    return named and bool(value) and not _REFERENCE.fullmatch(str(value))


def hints_at_secret(text: str) -> bool:
    """Tell whether a name or a sentence could be about a secret; many harmless ones could as well."""
    return bool(_HINTS.search(text))


def traces_of_secret(text: str) -> bool:
    """Tell whether there is, or was, something in a text that looks like a secret."""
    return bool(_TRACES.search(text) or looks_secret(text))


@functools.cache
def secret_paths() -> tuple[Path, ...]:
    """Give the paths of the secrets in the chart's values; 0 stands for each item of a list."""
    return tuple(_secret_paths(chart.schema(), ()))


@functools.cache
def secret_sections() -> tuple[Path, ...]:
    """Give what is kept together with a secret: the list that it is in, as Helm replaces lists, or its credential."""
    return tuple(dict.fromkeys(map(_section, secret_paths())))


def _section(path: Path) -> Path:
    if 0 in path:
        return path[: path.index(0)]
    return path[: path.index("credential") + 1] if "credential" in path else path


@functools.cache
def secret_names() -> frozenset[str]:
    """Give the keys that hold secrets in the chart's values, such as hash and password."""
    return frozenset(path[-1] for path in secret_paths() if isinstance(path[-1], str))


def _secret_paths(schema: dict[str, Value], path: Path) -> Iterator[Path]:
    if schema.get("writeOnly") or chart.resolved(schema).get("writeOnly"):
        yield path
    schema = chart.resolved(schema)
    for key, child in schema.get("properties", {}).items():
        yield from _secret_paths(child, (*path, key))
    if "items" in schema:
        yield from _secret_paths(schema["items"], (*path, 0))


def looks_secret(text: str, known: Collection[str] = (), depth: int = 0) -> str:
    """Say what secret a text holds; empty if it holds none.

    Args:
        text: Any text.
        known: Secrets that exist.
        depth: How many times it was in base64.
    """
    if text.startswith(_ENCRYPTED):
        return ""
    if what := _plain_look(text, known):
        return f"{what} in base64" if depth else what
    if depth and (_LOGIN.fullmatch(text.strip()) or _is_login(text)):
        return "a login in base64"
    inner = _decoded(text) if depth < _DEPTH else ()
    return next(filter(None, (looks_secret(it, known, depth + 1) for it in inner)), "")


def _plain_look(text: str, known: Collection[str]) -> str:
    if any(it in text for it in known):
        return "a known password"
    if any(is_mixed(it) for it in _GENERATED.findall(text)):
        return "a generated secret"
    return next((what for pattern, what in _LOOKS if pattern.search(text)), "")


def is_mixed(text: str) -> bool:
    """Tell whether a text has letters of both cases and digits, as all that `gen` makes has; no digest does."""
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
