"""Writes the files of a node into a folder, at the paths that they have on the node."""

from __future__ import annotations

from pathlib import Path

from privreg_values import files
from privreg_values.errors import FileError
from privreg_values.node_config import text
from privreg_values.node_config.plan import Plan, Wish


def into_folder(plan: Plan, wish: Wish, folder: str) -> None:
    """Write the files and a README.txt.

    Raises:
        FileError: the folder holds something, or cannot be written.
    """
    top = Path(folder)
    try:
        top.mkdir(mode=0o700, exist_ok=True)
        if any(top.iterdir()):
            raise FileError(f"{folder}: is not empty", "name a new folder with --output")
        contents = {f"{folder}{it.path}": (it.content, it.mode) for it in plan.files}
        contents[f"{folder}/README.txt"] = (text.readme(plan, wish), 0o644)
        for name in contents:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot be written: {error.strerror}", "name another folder with --output") from None
    files.write_all([(files.target(name), content.encode()) for name, (content, _) in contents.items()])
    for name, (_, mode) in contents.items():
        Path(name).chmod(mode)
