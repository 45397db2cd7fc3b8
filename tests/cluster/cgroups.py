"""The cluster's own cgroup: made before, empty and removed after, so that nothing stays on the machine."""

import contextlib
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def create(name: str) -> None:
    """Make the cgroup `name` in every hierarchy (one with cgroup v2, one for each controller with v1)."""
    for hierarchy in _hierarchies():
        (hierarchy / name).mkdir(exist_ok=True)


def remove(name: str) -> None:
    """Remove the cgroup `name` and all below it; those with a living process stay."""
    for hierarchy in _hierarchies():
        top = hierarchy / name
        folders = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
        for folder in (*folders, top):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _hierarchies() -> list[Path]:
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [path for path in ROOT.iterdir() if not path.is_symlink() and (path / "cgroup.procs").exists()]
