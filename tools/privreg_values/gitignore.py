"""Keeps files with secrets out of git."""

from __future__ import annotations

import os
import re
import shlex
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
        if tracked := [path.name for path in paths if _tracks(path) == 0]:
            notes.append(f"git tracks {' and '.join(tracked)}; take them out with `{_removal(folder, tracked)}`")
        if exposed := [path.name for path in paths if _ignores(path) == 1]:
            notes += _ignore(folder / ".gitignore", exposed)
    return notes


def _removal(folder: Path, names: list[str]) -> str:
    """Give the command that takes names in a folder out of git's index, and nothing else, from the current folder."""
    here = Path.cwd()
    where = folder.relative_to(here) if folder.is_relative_to(here) else folder
    options = ["-C", str(where)] if folder != here else []
    if any(re.search(r"^:|[\\*?\[]", name) for name in names):
        options.append("--literal-pathspecs")
    return shlex.join(["git", *options, "rm", "-r", "--cached", "--", *names])


def _ignore(path: Path, names: list[str]) -> list[str]:
    patterns = [_pattern(name) for name in names]
    try:
        with path.open("xb") as file:
            file.write(os.fsencode("".join(f"{pattern}\n" for pattern in patterns)))
    except OSError:
        return [f"git does not ignore {' and '.join(names)}; add to {path}: {' '.join(patterns)}"]
    ignored = [name for name in names if _ignores(path.with_name(name)) == 0]
    exposed = [name for name in names if name not in ignored]  # such as what git tracks
    notes = [f"{path.name} is new: git ignores {' and '.join(ignored)}"] if ignored else []
    return notes + ([f"{path.name} is new, but git does not ignore {' and '.join(exposed)}"] if exposed else [])


def _pattern(name: str) -> str:
    """Give the line of a .gitignore for a name, see gitignore(5); a line break can only be written as any character."""
    return "/" + re.sub(r"[\r\n]", "?", re.sub(r"[\\*?\[\]]| (?= *\Z)", r"\\\g<0>", name))


def _tracks(path: Path) -> int:
    return _git(path.parent, "--literal-pathspecs", "ls-files", "--error-unmatch", "--", path.name)


def _ignores(path: Path) -> int:
    return _git(path.parent, "check-ignore", "--quiet", "--", f"./{path.name}")  # a colon in front would be "magic"


def _git(folder: Path, *arguments: str) -> int:
    """Run git, and give its exit code: 0 for yes, 1 for no."""
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False, timeout=10).returncode
    except (OSError, subprocess.TimeoutExpired):
        return 128  # no git, or none that answers: nothing can be said
