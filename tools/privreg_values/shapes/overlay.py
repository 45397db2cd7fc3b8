"""A split pair: a values file that holds no secret, and a file with the secrets that Helm lays over it."""

from __future__ import annotations

from privreg_values.values.editor import Editor
from privreg_values.values.nodes import Node, Path, Value, find, merge, plain

# Helm replaces lists, it does not merge them: the users are in one file, with their names and roles.
SECRET_SECTIONS: tuple[Path, ...] = (
    ("auth", "users"),
    ("httpSecret", "value"),
    ("pullSecrets", "credential"),
    ("storage", "s3", "accessKey"),
    ("storage", "s3", "secretKey"),
)


class Overlay:
    """Two files that read as one; a change goes to the one that it belongs to.

    Args:
        base: The values file.
        over: The file with the secrets.
    """

    def __init__(self, base: Editor, over: Editor) -> None:
        self.base, self.over = base, over

    @property
    def file(self) -> str:
        """The values file's name."""
        return self.base.file

    @property
    def root(self) -> Node:
        """The values as Helm has them."""
        return merge(self.base.root, self.over.root)

    @property
    def text(self) -> str:
        """The values file's text."""
        return self.base.text

    def begin(self, comment: str) -> None:
        """Write a comment at the top of the values file, if it is still empty."""
        self.base.begin(comment)

    def get(self, path: Path) -> Value:
        """Give the plain value at a path, or None where there is none."""
        node = find(self.root, path)
        return plain(node) if node else None

    def set(self, path: Path, value: Value, comment: str = "") -> None:
        """Give a path a value; see `Editor.set`."""
        self._owner(path).set(path, value, comment)

    def append(self, path: Path, item: Value) -> None:
        """Add an item to the list at a path; see `Editor.append`."""
        self._owner((*path, 0)).append(path, item)

    def remove(self, path: Path) -> None:
        """Take a value out, of both files where both have it; see `Editor.remove`."""
        owners = [self._owner(path)] if _list_of(path) else [self.base, self.over]
        for editor in owners:
            editor.remove(path)

    def _owner(self, path: Path) -> Editor:
        """Find out which file has a path, or should."""
        listed = _list_of(path)
        if listed and find(self.root, listed):
            return self.over if find(self.over.root, listed) else self.base
        if any(path[: len(section)] == section for section in SECRET_SECTIONS):
            return self.over
        return self.over if find(self.over.root, path) else self.base


Values = Editor | Overlay


def _list_of(path: Path) -> Path:
    """Give the path of the list that a path leads through; empty where it leads through none."""
    return next((path[:index] for index, step in enumerate(path) if isinstance(step, int)), ())
