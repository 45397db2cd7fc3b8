"""Files as odd as people write them: `users` changes what it must, and every other byte stays.

tests/data/odd has values files with the users admin, ci and cluster. For each operation the test says which bytes
may change; where a form cannot be edited without touching more, the operation is refused and the file is as before.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from privreg_values.errors import FileError
from privreg_values.shapes.layout import Files
from privreg_values.users import accounts, credentials
from privreg_values.users.place import Change
from privreg_values.users.roles import Grant, Role
from privreg_values.values import validate
from privreg_values.values.nodes import Mark, Node, find, plain
from privreg_values.values.nodes import Path as ValuePath
from privreg_values.values.yaml_reader import parse
from tests.cluster.paths import ROOT
from tests.unit.conftest import Cli
from tests.unit.test_gen import passwords

ODD = sorted((ROOT / "tests" / "data" / "odd").glob("*.yaml"))
CI, PULL_PASSWORD = 1, ("pullSecrets", "credential", "password")

# Which of them must be edited by hand, and for what.
REFUSED = {("anchor-of-a-role", "set_role", "ci", Role.PULL, None), ("anchor-of-a-role", "remove", "ci")}

FILES = Files("values.yaml", "credentials.yaml")


@pytest.fixture(params=ODD, ids=lambda path: path.stem)
def odd(request: pytest.FixtureRequest, folder: Path) -> "File":
    """One of the files, as values.yaml."""
    (folder / "values.yaml").write_bytes(request.param.read_bytes())
    return File(folder, request.param.stem)


class File:
    """A values file, and what it said at first."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.before = self.text
        self.root = parse(self.before, "values.yaml").root

    @property
    def text(self) -> str:
        return (self.folder / "values.yaml").read_bytes().decode()

    @property
    def users(self) -> dict[str, dict[str, Any]]:
        values = plain(parse(self.text, "values.yaml").root)
        return {it["name"]: it for it in values["auth"]["users"]}

    def others_are_the_same(self, but: set[str]) -> bool:
        """All values but those of some users, and the pull credential's password."""

        def rest(text: str) -> Any:
            values = plain(parse(text, "values.yaml").root)
            values["auth"]["users"] = [it for it in values["auth"]["users"] if it["name"] not in but]
            values["pullSecrets"]["credential"].pop("password")
            return values

        return bool(rest(self.text) == rest(self.before))

    def does(self, change: Callable[..., Change], *arguments: object, **options: object) -> bool:
        """Change the file; False if that was refused, which may be only where it is said above."""
        if (self.name, change.__name__, *arguments) not in REFUSED:
            assert change(FILES, *arguments, **options).done
            return True
        with pytest.raises(FileError, match="edit it by hand"):
            change(FILES, *arguments, **options)
        assert self.text == self.before
        return False

    def changed_only_in(self, *paths: ValuePath) -> bool:
        """Tell whether all bytes outside the values at these paths are the same."""
        spans = sorted(self._span(find(self.root, path)) for path in paths)
        starts, ends = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(self.before)]
        pieces = [re.escape(self.before[start:end]) for start, end in zip(starts, ends, strict=True)]
        return re.fullmatch(".+".join(pieces), self.text, re.DOTALL) is not None

    def _span(self, node: Node | None) -> tuple[int, int]:
        assert node
        return self._offset(node.mark), self._offset(node.end)

    def _offset(self, mark: Mark) -> int:
        lines = self.before.removeprefix("\ufeff").split("\n")
        at = sum(len(line) + 1 for line in lines[: mark.line - 1]) + mark.column - 1
        return at + len(self.before) - len(self.before.removeprefix("\ufeff"))

    def lines_of(self, path: ValuePath) -> range:
        """The lines of a value, counted from 0."""
        node = find(self.root, path)
        assert node
        return range(node.mark.line - 1, node.end.line - (node.end.column == 1))

    def gone(self) -> Iterator[int]:
        """The lines of the file as it was that are not in it, in their order, as it is."""
        after = iter(self.text.split("\n"))
        left = list(after)
        at = 0
        for number, line in enumerate(self.before.split("\n")):
            if line in left[at:]:
                at = left.index(line, at) + 1
            else:
                yield number

    def is_block(self) -> bool:
        """Tell whether the list of users has dashes."""
        users = find(self.root, ("auth", "users"))
        assert users
        return not users.flow

    def as_before_but(self, change: Callable[[str], str] = lambda it: it) -> bool:
        """Tell whether it is as it was, but for a line end that the last line had not."""
        expected = change(self.before)
        end = "\r\n" if "\r\n" in expected else "\n"
        return self.text in (expected, expected + end)


def test_there_are_many_odd_files() -> None:
    assert len(ODD) >= 60


def test_looking_changes_nothing(odd: File, cli: Cli) -> None:
    assert validate.validate(["values.yaml"]).problems == []
    assert "ci " in cli("users", "list").out
    ended = cli("users", "show", "ci")
    line = int(re.findall(r"values.yaml:([0-9]+)", ended.out)[0])
    assert line - 1 in odd.lines_of(("auth", "users", CI)) or not odd.is_block()
    assert cli("users", "role", "ci", "push").out == "values.yaml: nothing to change\n"
    assert odd.text == odd.before


def test_another_role_changes_the_role_s_bytes(odd: File) -> None:
    if not odd.does(accounts.set_role, "ci", Role.PULL, None):
        return
    assert odd.changed_only_in(("auth", "users", CI, "role"))
    assert odd.users["ci"]["role"] == "pull"
    assert odd.others_are_the_same({"ci"})


def test_a_new_password_changes_the_hash_s_bytes(odd: File) -> None:
    old = odd.users["ci"].get("previous")
    if not odd.does(accounts.rotate, "ci", None):
        return
    assert credentials.matches(passwords(odd.folder)["ci"], odd.users["ci"]["hash"])
    assert odd.others_are_the_same({"ci"})
    if old:
        assert set(odd.gone()) <= set(odd.lines_of(("auth", "users", CI)))
    else:
        assert odd.changed_only_in(("auth", "users", CI, "hash"))


def test_a_new_password_of_the_cluster_s_user_changes_that_of_the_pull_credential_too(odd: File) -> None:
    if not odd.does(accounts.rotate, "cluster", None):
        return
    assert odd.changed_only_in(("auth", "users", 2, "hash"), PULL_PASSWORD)
    assert credentials.matches(passwords(odd.folder)["cluster"], odd.users["cluster"]["hash"])
    assert odd.others_are_the_same({"cluster"})


def test_an_old_password_comes_and_goes_with_its_own_lines(odd: File) -> None:
    hashed = odd.users["ci"]["hash"]
    if not odd.does(accounts.rotate, "ci", None, timedelta(hours=1)):
        return
    assert odd.users["ci"]["previous"]["hash"] == hashed
    assert set(odd.gone()) <= set(odd.lines_of(("auth", "users", CI))) | last_line(odd)
    assert odd.others_are_the_same({"ci"})
    assert odd.does(accounts.prune, everything=True)
    assert "previous" not in odd.users["ci"]
    assert odd.others_are_the_same({"ci"})
    if "old-password" not in odd.name:
        odd.before += odd.text[len(odd.text.rstrip("\r\n")) :] if last_line(odd) else ""
        assert odd.changed_only_in(("auth", "users", CI, "hash"))


def test_a_user_comes_and_goes_with_its_own_lines(odd: File) -> None:
    if not odd.does(accounts.add, "jane", Grant(Role.PUSH, ("a/*",)), None):
        return
    assert odd.users["jane"]["repositories"] == ["a/*"]
    assert odd.others_are_the_same({"jane"})
    may_go = last_line(odd) if odd.is_block() else {*odd.lines_of(("auth", "users"))}
    assert set(odd.gone()) <= may_go
    if not odd.does(accounts.remove, "jane", force=False):
        return
    assert odd.as_before_but()


def test_of_a_user_who_is_removed_only_the_lines_go(odd: File) -> None:
    if not odd.does(accounts.remove, "ci", force=False):
        return
    assert "ci" not in odd.users
    assert odd.others_are_the_same({"ci"})
    item = find(odd.root, ("auth", "users", CI))
    assert item
    # A dash may stand on a line above its item, and is as good as the next one.
    dashes = range(item.mark.line - 3, item.mark.line + 3) if "dashes" in odd.name else range(0)
    may_go = {*odd.lines_of(("auth", "users", CI)), *dashes} if odd.is_block() else {*odd.lines_of(("auth", "users"))}
    assert set(odd.gone()) <= may_go


def test_repositories_come_and_go(odd: File) -> None:
    if not odd.does(accounts.set_role, "ci", Role.PUSH, ("x", "b")):
        return
    assert odd.users["ci"]["repositories"] in (["x", "b"], ["b", "x"])
    assert odd.others_are_the_same({"ci"})
    assert set(odd.gone()) <= set(odd.lines_of(("auth", "users", CI))) | last_line(odd)
    assert odd.does(accounts.set_role, "ci", Role.PUSH, ())
    assert "repositories" not in odd.users["ci"]
    if "repositories" not in plain(odd.root)["auth"]["users"][CI]:
        assert odd.as_before_but()


def last_line(odd: File) -> set[int]:
    """The last line, where it has no end and gets one."""
    return set() if odd.before.endswith("\n") else {odd.before.count("\n")}
