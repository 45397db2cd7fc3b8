"""A values file and its credentials file, edited together: both are written, or neither is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from privreg_values import files
from privreg_values.errors import UsageError
from privreg_values.values import chart, rules, validate, values_file
from privreg_values.values.editor import Editor
from privreg_values.values.nodes import Node, coalesce, locate, plain
from privreg_values.values.paths import render


class Editing:
    """The two files, while no other run may write them.

    Args:
        values: The values file.
        credentials: The file with the passwords.
    """

    def __init__(self, values: files.Target, credentials: files.Target) -> None:
        self.values, self.credentials = _editor(values), _editor(credentials)
        # The credentials come first: a password is on the disk before anything relies on it.
        self._files = [
            (credentials, self.credentials, self.credentials.text),
            (values, self.values, self.values.text),
        ]
        self._known = _findings(self.values.root)
        self.notes: list[str] = []

    def problems(self) -> list[validate.Problem]:
        """Give what the chart refuses in the values as they are now."""
        return validate.check(self.values.root)

    def new_problems(self) -> list[str]:
        """Give what the chart refuses now and did not before."""
        return [it.text for it in self.problems() if (it.path, it.message) not in self._known]

    def hosts(self) -> dict[str, str]:
        """Give each host that the files name, and a sentence about where."""
        found: dict[str, str] = {}
        for editor in (self.values, self.credentials):
            if there := editor.get(("host",)):
                found.setdefault(str(there), f"{locate(editor.root, ('host',))}: host: is {there}")
        return found

    def save(self) -> list[str]:
        """Write what changed, and make private what is not.

        Returns:
            The names of the files that were written.

        Raises:
            FileError: they cannot be written.
        """
        contents = []
        for target, editor, old in self._files:
            exposed = target.path.exists() and not target.is_private()
            if exposed:
                self.notes.append(f"{target.name} could be read by others; now it is yours alone")
            if exposed or editor.text != old:
                contents.append((target, editor.text.encode("utf-8")))
        files.write_all(contents)
        return [target.name for target, _ in contents]


@contextlib.contextmanager
def opened(values: str, credentials: str) -> Iterator[Editing]:
    """Lock two files and read them; one that is not there is empty.

    Args:
        values: The name of the values file.
        credentials: The name of the file with the passwords.

    Raises:
        UsageError: they are the same file.
        FileError: one cannot be read or edited, or another run holds them.
    """
    targets = files.target(values), files.target(credentials)
    if targets[0].path == targets[1].path:
        raise UsageError(f"{values} cannot be both files", "name one for the values and one for the credentials")
    with files.locked(targets):
        yield Editing(*targets)


def _editor(target: files.Target) -> Editor:
    return Editor(values_file.decode(target.read() or b"", target.name), target.name)


def _findings(root: Node) -> set[tuple[str, str]]:
    """Give all that is wrong, also the broken rules that `validate` leaves out as long as a value is wrong."""
    broken = rules.check(plain(coalesce(chart.defaults(), root)))
    problems = {(it.path, it.message) for it in validate.check(root)}
    return problems | {(render(it.path), it.message) for it in broken}
