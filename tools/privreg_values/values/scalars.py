"""What an unquoted YAML scalar means to Helm.

Helm reads values with sigs.k8s.io/yaml, which is go.yaml.in/yaml/v2: YAML 1.1 without base 60
numbers, so that `yes` is true, `0777` is 511 and `1e3` is 1000. The rules below are that
package's resolve.go (v2.4.4), in its order; its timestamps are left out because they stay text.
"""

from __future__ import annotations

import base64
import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGERS = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[-+]?0[bB][01]+"), 2),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), 10),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}


def resolve(text: str) -> Scalar:
    """Give the value that Helm reads for an unquoted scalar.

    Args:
        text: The scalar as written, without quotes and without a tag.

    Returns:
        A boolean, None, a number, or the text itself.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    # A leading point allows a float only, and no underscores.
    digits = text if text[0] == "." else text.replace("_", "")
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(digits):
            integer = _integer(digits, base)
            if integer is not None:
                return integer
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if math.isinf(number) else number
    return text


def _integer(digits: str, base: int) -> int | None:
    """Give the integer, or None where it fits neither int64 nor uint64."""
    negative = digits.startswith("-")
    magnitude = re.sub(r"^[-+]?(0[xXoObB])?", "", digits)
    value = int(magnitude, base)
    if negative:
        return -value if value <= 2**63 else None
    limit = 2**63 if digits.startswith("+") else 2**64
    return value if value < limit else None


def tagged(text: str, tag: str) -> Scalar:
    """Give the value of a scalar with a tag.

    Args:
        text: The scalar, without quotes.
        tag: The tag's name in YAML's own repository, such as int; others do not change a text.

    Raises:
        ValueError: the text is of another type.
    """
    if tag == "binary":
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    if tag not in _TYPES:
        return text
    value = resolve(text)
    if tag == "float" and type(value) is int:
        return float(value)
    if type(value) is not _TYPES[tag]:
        raise ValueError(tag)
    return value


def is_plain_string(text: str) -> bool:
    """Tell whether every YAML reader takes the text, unquoted, for this string."""
    if re.fullmatch(r"[0-9]+-.*", text):  # a date to some
        return False
    return re.fullmatch(r"[A-Za-z0-9/$][A-Za-z0-9._/$@-]*", text) is not None and resolve(text) == text
