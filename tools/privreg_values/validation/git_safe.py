"""Looks for secrets in a values file that is meant for git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from privreg_values.errors import UsageError
from privreg_values.validation.masking import looks_like_a_secret, scalars
from privreg_values.values.nodes import Node, Path, locate
from privreg_values.values.paths import render
from privreg_values.values.validate import Problem, Source

OVERLAY = "secrets.yaml"  # what `gen --split` calls the file with the secrets


def check(sources: Sequence[Source], named: Sequence[str]) -> Iterator[Problem]:
    """Find secrets in the files that are named, and in values.yaml beside a secrets.yaml that is laid over it.

    Args:
        sources: The files, all of which are YAML.
        named: The names of those that are meant for git.

    Raises:
        UsageError: one of these is not among the files.
    """
    if unknown := [name for name in named if name not in {source.name for source in sources}]:
        raise UsageError(f"{unknown[0]} is not among the files that are checked", "name it as a values file too")
    overlaid = {PurePath(source.name).parent for source in sources if PurePath(source.name).name == OVERLAY}
    for source in sources:
        beside = PurePath(source.name).name == "values.yaml" and PurePath(source.name).parent in overlaid
        if source.document and (source.name in named or beside):
            root = source.document.root
            for path in find_secrets(root):
                message = f"is a secret in a file for git; move it to {OVERLAY}"
                yield Problem(locate(root, path), render(path), message, kind="plaintext-secret")


def find_secrets(root: Node) -> list[Path]:
    """Give the path of each password, hash and key in values."""
    return [path for path, node in scalars(root) if looks_like_a_secret(path, node)]
