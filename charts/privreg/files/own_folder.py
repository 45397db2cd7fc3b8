"""Give the registry's storage folder on a node to the user that the registry runs as.

Usage: own_folder.py FOLDER UID GID

Kubernetes' fsGroup does not reach a hostPath volume. Only the folder itself and the tree that the
registry keeps in it are touched, whatever else the folder holds, and only where the owner differs.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

REGISTRY_TREE = "docker"  # distribution keeps everything in <rootdirectory>/docker/registry/v2


def main(arguments: list[str]) -> int:
    """Parse the command line, change the owner, and say what was changed; the exit code is returned."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder, uid, gid = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    try:
        changed = give(folder, uid, gid)
    except OSError as error:
        print(f"cannot give {folder} to {uid}:{gid}: {error}", file=sys.stderr)
        return 1
    print(f"{folder}: {changed} owners changed to {uid}:{gid}")
    return 0


def give(folder: Path, uid: int, gid: int) -> int:
    """Give `folder` and the registry's tree in it to uid:gid and return how many owners changed.

    A parent is changed after what it holds, so that a run that was cut short is taken up again.
    Symbolic links are not followed. Raises OSError for what could not be read or changed.
    """
    changed = 0
    tree = folder / REGISTRY_TREE
    if tree.is_dir() and not tree.is_symlink() and not is_owner(tree, uid, gid):
        for path in bottom_up(tree):
            changed += change_owner(path, uid, gid)
    return changed + change_owner(folder, uid, gid)


def bottom_up(tree: Path) -> Iterator[Path]:
    """Every file and folder below `tree`, and last `tree` itself. Raises OSError for an unreadable folder."""

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(tree, topdown=False, onerror=fail):
        for name in files + folders:
            yield Path(parent, name)
    yield tree


def change_owner(path: Path, uid: int, gid: int) -> int:
    """Set the owner where it differs; 1 if it did, else 0."""
    if is_owner(path, uid, gid):
        return 0
    os.chown(path, uid, gid, follow_symlinks=False)
    return 1


def is_owner(path: Path, uid: int, gid: int) -> bool:
    """Whether `path` itself, not what it points to, belongs to uid:gid."""
    status = path.lstat()
    return (status.st_uid, status.st_gid) == (uid, gid)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
