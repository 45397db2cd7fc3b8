"""Keeps files with secrets out of git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def protect(names: Sequence[str]) -> list[str]:
    """Have git ignore files, where they are in a work tree and it does not yet.

    A .gitignore is made where the folder has none; one that is there is never changed.

    Args:
        names: The files.

    Returns:
        What was done, or what is left to do, a sentence each.
    """
    notes = []
    for folder in dict.fromkeys(Path(name).resolve().parent for name in names):
        paths = [path for path in (Path(name).resolve() for name in names) if path.parent == folder]
        if tracked := [path.name for path in paths if _git(folder, "ls-files", "--error-unmatch", path.name) == 0]:
            notes.append(
                f"git tracks {' and '.join(tracked)}; take them out with `git rm --cached {' '.join(tracked)}`"
            )
        if exposed := [path.name for path in paths if _git(folder, "check-ignore", "--quiet", path.name) == 1]:
            notes.append(_ignore(folder / ".gitignore", exposed))
    return notes


def _ignore(path: Path, names: list[str]) -> str:
    lines = "".join(f"/{name}\n" for name in names)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(lines)
    except OSError:
        return f"git does not ignore {' and '.join(names)}; add to {path}: {' '.join(lines.split())}"
    return f"{path.name} is new: git ignores {' and '.join(names)}"


def _git(folder: Path, *arguments: str) -> int:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False, timeout=10).returncode
    except (OSError, subprocess.TimeoutExpired):
        return 128  # no git, or none that answers: nothing can be said
