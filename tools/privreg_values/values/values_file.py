"""Gets the text of values files."""

from __future__ import annotations

import codecs
import logging
import sys
from pathlib import Path

from privreg_values.errors import FileError, SyntaxProblem

STDIN = "-"
_LOG = logging.getLogger(__name__)


def read_text(name: str) -> str:
    """Read a values file; "-" is standard input, as it is for Helm.

    Raises:
        FileError: it cannot be read.
        SyntaxProblem: it is not UTF-8.
    """
    try:
        raw = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except FileNotFoundError:
        raise FileError(
            f"{name}: there is no such file", "check the name, or make one with `privreg-values gen`"
        ) from None
    except IsADirectoryError:
        raise FileError(f"{name}: is a folder", "name a file in it") from None
    except OSError as error:
        raise FileError(f"{name}: cannot be read: {error.strerror}", "check its permissions") from None
    _LOG.debug("read: %s", "standard input" if name == STDIN else name)
    return decode(raw, name)


def decode(raw: bytes, name: str) -> str:
    """Turn a file's bytes into text, keeping its line ends and byte order mark.

    Raises:
        SyntaxProblem: they are not UTF-8; Helm does not read other encodings reliably.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SyntaxProblem(name, 1, 1, "is UTF-16", "save it as UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        raise SyntaxProblem(name, before.count(b"\n") + 1, column, "is not UTF-8", "save it as UTF-8") from None
