"""A folder with manifests of Kubernetes Secrets, which a values file names."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from privreg_values.errors import FileError
from privreg_values.values.editor import Editor
from privreg_values.values.nodes import Mark, Path, find, plain

OPAQUE = "Opaque"
DOCKER_CONFIG = "kubernetes.io/dockerconfigjson"

_NEW = """\
# {comment}
apiVersion: v1
kind: Secret
metadata:
  name: {name}
type: {type}
stringData:
  {key}: {value}
"""


@dataclass(frozen=True)
class Purpose:
    """What a Secret is for.

    Args:
        section: The values that name it by existingSecret, dotted where they are not at the top.
        name: Its name, if it has to be made.
        key: The key that the chart reads.
        type: Its type.
        comment: A line about it.
    """

    section: str
    name: str
    key: str
    type: str
    comment: str

    @property
    def path(self) -> Path:
        """The value that names it."""
        return (*self.section.split("."), "existingSecret")


USERS = Purpose(
    "auth",
    "privreg-users",
    "htpasswd",
    OPAQUE,
    "Who may log in; the roles are in auth.access of the values.",
)
HTTP_SECRET = Purpose(
    "httpSecret", "privreg-http-secret", "httpSecret", OPAQUE, "Signs the state of uploads; nobody ever types it."
)
PULL_CREDENTIAL = Purpose(
    "pullSecrets", "privreg-pull-credential", ".dockerconfigjson", DOCKER_CONFIG, "What the cluster pulls with."
)
PURPOSES = (USERS, HTTP_SECRET, PULL_CREDENTIAL)  # of every registry
S3_KEYS = Purpose(
    "storage.s3",
    "privreg-s3",
    "credentials",
    OPAQUE,
    "What the registry reaches the bucket with: a credentials file as Amazon's tools have it.",
)


class Manifests:
    """The folder.

    Args:
        folder: Its name.
        editors: Its files that are there, by name.
        open_new: Gives the editor of a file that is not there yet.
    """

    def __init__(self, folder: str, editors: Mapping[str, Editor], open_new: Callable[[str], Editor]) -> None:
        self.folder = folder
        self._editors = dict(editors)
        self._open_new = open_new

    def entry(self, purpose: Purpose, secret: str) -> Entry:
        """Give what a Secret holds for a purpose; its file is made when something is set.

        Args:
            purpose: What for.
            secret: The Secret's name.

        Raises:
            FileError: the Secret is there in a form that cannot be edited.
        """
        for editor in self._editors.values():
            if editor.get(("kind",)) == "Secret" and editor.get(("metadata", "name")) == secret:
                return Entry(editor, purpose, secret)
        name = str(FilePath(self.folder) / f"{secret}.yaml")
        editor = self._editors.get(name) or self._open_new(name)
        if editor.text.strip():
            raise FileError(f"{name}: is not the Secret {secret}", "rename the file, or correct metadata.name")
        self._editors[name] = editor
        return Entry(editor, purpose, secret)

    def has(self, secret: str) -> bool:
        """Tell whether a Secret of this name is there."""
        return any(editor.get(("metadata", "name")) == secret for editor in self._editors.values())


class Entry:
    """One key of a Secret, as text.

    Args:
        editor: The Secret's file.
        purpose: What it is for.
        secret: Its name.

    Raises:
        FileError: it is not base64 where it should be.
    """

    def __init__(self, editor: Editor, purpose: Purpose, secret: str) -> None:
        self._editor, self._purpose, self._secret = editor, purpose, secret
        self.text = self._read()

    @property
    def file(self) -> str:
        """The file's name."""
        return self._editor.file

    @property
    def mark(self) -> Mark:
        """Where the value is."""
        node = find(self._editor.root, self._path)
        return (node.key_mark or node.mark) if node else Mark(self.file, 1, 1)

    def mark_of(self, line: int) -> Mark:
        """Give the place of a line of the text, counted from 0."""
        node = find(self._editor.root, self._path)
        if node is None or self._encoded or not self._editor.is_literal(self._path):
            return self.mark
        return Mark(self.file, node.mark.line + 1 + line, 1)

    def set(self, text: str) -> None:
        """Replace the text; lines that stay the same keep their bytes.

        Raises:
            FileError: the file's form does not allow it.
        """
        if text == self.text:
            return
        if not self._editor.text.strip():
            self._make(text)
        elif self._encoded:
            self._editor.set(self._path, base64.b64encode(text.encode()).decode())
        else:
            self._editor.set_text(self._path, text if self.text.endswith("\n") else text.removesuffix("\n"))
        self.text = self._read()

    def _make(self, text: str) -> None:
        it = self._purpose
        lines = text.removesuffix("\n").replace("\n", "\n    ")
        value = f"|\n    {lines}" if text.endswith("\n") else text
        self._editor.begin_with(
            _NEW.format(comment=it.comment, name=self._secret, type=it.type, key=it.key, value=value)
        )

    @property
    def _encoded(self) -> bool:
        return find(self._editor.root, ("stringData", self._purpose.key)) is None and bool(self._editor.text.strip())

    @property
    def _path(self) -> Path:
        return ("data" if self._encoded else "stringData", self._purpose.key)

    def _read(self) -> str:
        node = find(self._editor.root, self._path)
        text = plain(node) if node else ""
        if not isinstance(text, str):
            raise FileError(f"{self.mark}: {'.'.join(map(str, self._path))}: expected a text", "correct it")
        if not self._encoded:
            return text
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            message = f"{self.mark}: {'.'.join(map(str, self._path))}: is not a text in base64"
            raise FileError(message, "correct it") from None
