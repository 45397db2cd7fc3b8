"""Looks for secrets in a values file that is meant for git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from privreg_values.errors import UsageError
from privreg_values.shapes.layout import secrets_name
from privreg_values.values.secret_scan import Found, find_secrets
from privreg_values.values.validate import Problem, Source
from privreg_values.values.values_file import STDIN


def check(sources: Sequence[Source], named: Sequence[str]) -> Iterator[Problem]:
    """Find secrets in the files that are named, and in those over which the file with their secrets is laid.

    Args:
        sources: The files, all of which are YAML.
        named: The names of those that are meant for git.

    Raises:
        UsageError: one of these is not among the files.
    """
    names = [source.name for source in sources]
    if unknown := [name for name in named if name not in names]:
        raise UsageError(f"{unknown[0]} is not among the files that are checked", "name it as a values file too")
    paths = {PurePath(name) for name in names}
    for source in sources:
        overlay = secrets_name("values.yaml" if source.name == STDIN else source.name)
        if source.document and (source.name in named or PurePath(overlay) in paths):
            text, replaced = source.text.removeprefix("\ufeff"), source.document.replaced
            for it in find_secrets(source.document.root, text, replaced=replaced):
                yield Problem(it.mark, it.path, _message(it, overlay), kind="plaintext-secret")


def _message(found: Found, overlay: str) -> str:
    what = f" ({found.what.removeprefix('a secret, ')})" if found.what != "a secret" else ""
    if not found.path:
        return f"there is a secret in a file for git{what}; take it out"
    listed, _, inside = found.path.partition("[")  # Helm replaces a list as a whole
    move = f"move all of {listed} to {overlay}" if inside else f"move it to {overlay}"
    return f"is a secret in a file for git{what}; {move}"
