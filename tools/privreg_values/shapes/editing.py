"""The files of a release, read together and edited together: all of them are written, or none is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from privreg_values import files
from privreg_values.errors import FileError, UsageError
from privreg_values.shapes.layout import Files
from privreg_values.shapes.manifests import Manifests
from privreg_values.shapes.overlay import Overlay, Values
from privreg_values.values import chart, rules, secret_scan, validate, values_file, yaml_reader
from privreg_values.values.editor import Editor
from privreg_values.values.nodes import Node, coalesce, locate, plain
from privreg_values.values.paths import render

Open = Callable[[str], Editor]


class Shape:
    """What the values say, in whichever files they are.

    Args:
        names: The files.
        open_file: Gives the editor of a file.
    """

    def __init__(self, names: Files, open_file: Open) -> None:
        self.names = names
        self.manifests = (
            Manifests(names.manifests, _manifests(names, open_file), open_file) if names.manifests else None
        )
        over = open_file(names.secrets) if names.secrets else None
        self._base = open_file(names.values)
        self.values: Values = Overlay(self._base, over) if over else self._base


def read(names: Files) -> Shape:
    """Read the files, to change nothing.

    Raises:
        FileError: one cannot be read.
    """
    return Shape(names, lambda name: _decrypted(Editor(values_file.read_text(name), name)))


class Editing(Shape):
    """The files, while no other run may write them.

    Args:
        names: The files.
        alone: No other run can be at them: what killed ones left is removed.
    """

    def __init__(self, names: Files, *, alone: bool) -> None:
        self._alone = alone
        # The credentials come first: a password is on the disk before anything relies on it.
        self._opened: list[tuple[files.Target, Editor, str]] = []
        self.credentials = self._open(names.credentials)
        super().__init__(names, self._open)
        self._first = self.values.root
        self.notes: list[str] = []

    def _open(self, name: str) -> Editor:
        target = files.target(name)
        if self._alone:
            files.sweep(target)
        editor = _decrypted(Editor(values_file.decode(target.read() or b"", name), name))
        self._opened.append((target, editor, editor.text))
        return editor

    def see_that_all_are_there(self) -> None:
        """Accept files that have something in them.

        Raises:
            FileError: one has not.
        """
        for name in filter(None, (self.names.values, self.names.secrets)):
            raw = files.target(name).read()
            if not raw:
                what = "there is no such file" if raw is None else "there is nothing in it"
                raise FileError(f"{name}: {what}", "make it with `privreg-values gen --host NAME`")

    def begin(self, comment: str, secrets_comment: str) -> None:
        """Write comments at the top of the values files that are still empty."""
        self.values.begin(comment)
        if isinstance(self.values, Overlay):
            self.values.over.begin(secrets_comment)

    def problems(self) -> list[validate.Problem]:
        """Give what the chart refuses in the values as they are now."""
        return validate.check(self.values.root)

    def new_problems(self, problems: Sequence[validate.Problem]) -> list[str]:
        """Give those of the problems that were not there before the change, in words."""
        before = _findings(self._first) if problems else set()
        return [it.text for it in problems if (it.path, it.message) not in before]

    def leaks(self, known: Iterable[str]) -> list[str]:
        """Give the secrets in a values file that is to hold none, a sentence each.

        Args:
            known: Passwords, to look for as well.
        """
        if not self.names.git_safe:
            return []
        found = secret_scan.find_secrets(self._base.root, self._base.text, known)
        return [f"{it}, in a file that is to hold no secret; move it to {self.names.secret_place}" for it in found]

    def hosts(self) -> dict[str, str]:
        """Give each host that the files name, and a sentence about where."""
        found: dict[str, str] = {}
        for editor in (self.values, self.credentials):
            if there := editor.get(("host",)):
                found.setdefault(str(there), f"{locate(editor.root, ('host',))}: host: is {there}")
        return found

    def save(self) -> list[str]:
        """Write what changed, and make private what is not and holds secrets.

        Returns:
            The names of the files that were written.

        Raises:
            FileError: they cannot be written.
        """
        unsaved = self._unsaved()
        exposed = [target.name for target, editor in unsaved if self._is_exposed(target, editor)]
        files.write_all([(target, editor.text.encode("utf-8")) for target, editor in unsaved])
        self.notes += [f"{name} could be read by others; now it is yours alone" for name in exposed]
        return [target.name for target, _ in unsaved]

    def unsaved(self) -> list[str]:
        """Give the names of the files that `save` would write."""
        return [target.name for target, _ in self._unsaved()]

    def _unsaved(self) -> list[tuple[files.Target, Editor]]:
        return [
            (target, editor)
            for target, editor, old in self._opened
            if editor.text != old or self._is_exposed(target, editor)
        ]

    def _is_exposed(self, target: files.Target, editor: Editor) -> bool:
        safe = editor is self._base and self.names.git_safe
        return not safe and target.path.exists() and not target.is_private() and _holds_secrets(editor)


@contextlib.contextmanager
def opened(names: Files) -> Iterator[Editing]:
    """Lock the files and read them; one that is not there is empty.

    Args:
        names: The files. A folder for manifests is made if it is not there.

    Raises:
        UsageError: two of them are the same file.
        FileError: one cannot be read or edited, or another run holds them.
    """
    with _folder(names.manifests) if names.manifests else contextlib.nullcontext():
        targets = [files.target(name) for name in (names.values, names.credentials, names.secrets) if name]
        if len({it.path for it in targets}) < len(targets):
            raise UsageError(f"{names.values} cannot be both files", "name another one for the credentials")
        if names.manifests:
            targets.append(files.Target(names.manifests, Path(names.manifests).resolve() / "any"))
        with files.locked(targets) as alone:
            yield Editing(names, alone=alone)


@contextlib.contextmanager
def _folder(name: str) -> Iterator[None]:
    """Make a folder of one's own, and take it away again if nothing came into it."""
    path = Path(name)
    if path.is_dir():
        yield
        return
    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise FileError(f"{name}: the folder cannot be made: {error.strerror}", "name another folder") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # it is not empty
            path.rmdir()


def _manifests(names: Files, open_file: Open) -> dict[str, Editor]:
    """Give the editors of the files that are in the folder."""
    found = {}
    for path in sorted(Path(names.manifests).iterdir()):
        name = str(Path(names.manifests) / path.name)
        if path.suffix not in (".yaml", ".yml") or not path.is_file():
            continue
        text = values_file.read_text(name)
        if yaml_reader.parse(text, name).parts < 2:
            found[name] = open_file(name)
        elif "kind: Secret" in text:
            raise FileError(f"{name}: holds several YAML documents", "put each Secret into a file of its own")
    return found


def _holds_secrets(editor: Editor) -> bool:
    """Tell a manifest of something else in the folder from a Secret and from the files of privreg."""
    return editor.get(("kind",)) in (None, "Secret")


def _decrypted(editor: Editor) -> Editor:
    """Refuse what sops has encrypted: its message authentication code would not fit any longer."""
    if isinstance(editor.get(("sops",)), dict):
        raise FileError(
            f"{editor.file}: is encrypted by sops",
            f"decrypt it with `sops decrypt --in-place {editor.file}`, and encrypt it again afterwards",
        )
    return editor


def _findings(root: Node) -> set[tuple[str, str]]:
    """Give all that is wrong, also the broken rules that `validate` leaves out as long as a value is wrong."""
    broken = rules.check(plain(coalesce(chart.defaults(), root)))
    problems = {(it.path, it.message) for it in validate.check(root)}
    return problems | {(render(it.path), it.message) for it in broken}
