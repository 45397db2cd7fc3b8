"""Where a release has its users, and one change of them while the files are locked."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from privreg_values.errors import ConflictError
from privreg_values.generate.gen import USERS_COMMENT, credentials_header
from privreg_values.shapes import editing
from privreg_values.shapes.layout import Files
from privreg_values.users.credentials import COST_OF_GENERATED, COST_OF_GIVEN, generate_password, hash_password
from privreg_values.users.pull_credential import PullCredential
from privreg_values.users.roles import Role
from privreg_values.users.user_list import UserList, mode
from privreg_values.values import validate
from privreg_values.values.nodes import Path, locate


@dataclass(frozen=True)
class Change:
    """What was done.

    Args:
        done: What is new, in words; empty when there was nothing to do.
        written: The files that were written.
        notes: What a person should know.
        problems: What the chart refuses in the values.
    """

    done: str
    written: list[str]
    notes: list[str]
    problems: list[validate.Problem]


class Place:
    """Where the users are.

    Args:
        shape: The files.
    """

    def __init__(self, shape: editing.Shape) -> None:
        self.values = shape.values
        self.mode = mode(shape.values)
        self.list = UserList(shape.values, shape.manifests)
        self.pull = PullCredential(shape.values, shape.manifests)
        self.puller = (self.pull.username or None) if self.pull.wanted else None
        if self.list.conflicts:
            raise ConflictError(self.list.conflicts)

    def must_have(self, name: str) -> None:
        """See that a user is there."""
        if name in self.list.users:
            return
        close = difflib.get_close_matches(name, self.list.users, n=1)
        there = f"did you mean {close[0]}?" if close else f"there is {', '.join(self.list.users) or 'nobody'}"
        self.refuse(self.list.path, f"{name[:63]} is not there; {there}")

    def refuse(self, path: Path, message: str) -> None:
        """Give up.

        Raises:
            ConflictError: always.
        """
        name = ".".join(str(step) for step in path if isinstance(step, str))
        raise ConflictError([f"{locate(self.values.root, path)}: {name}: {message}"])

    def refuse_for_the_puller(self, message: str) -> None:
        """Give up because the cluster pulls with somebody.

        Raises:
            ConflictError: always.
        """
        raise ConflictError([f"{self.pull.mark()}: {self.pull.name}: {message}"])

    def notes_about_roles(self) -> list[str]:
        """Give what a person should know about the roles."""
        if self.mode == "token":
            return ["auth.mode is token: the users are the token server's"]
        if self.mode == "htpasswd":
            return ["auth.mode is htpasswd: every user may pull and push, whatever the role says"]
        if self.list.elsewhere:
            return [f"the users are in the Secret {self.list.secret}; these are their roles (auth.access)"]
        roleless = [user.name for user in self.list.users.values() if not user.role]
        give = [f"{name} has no role; give one with `privreg-values users role {name} ROLE`" for name in roleless]
        return [*give, *self.list.strangers.values()]


class Changing(Place):
    """One change, while the files are locked.

    Args:
        session: The files.

    Raises:
        ConflictError: the files do not fit together, or the users are at a token server.
        FileError: there is nothing to change.
    """

    def __init__(self, session: editing.Editing) -> None:
        session.see_that_all_are_there()
        super().__init__(session)
        self.session = session
        self.notes: list[str] = []
        if self.mode == "token":
            self.refuse(("auth", "mode"), "is token: the users are the token server's, change them there")
        if len(hosts := session.hosts()) > 1:
            raise ConflictError([f"{where}, and the other file is for another one" for where in hosts.values()])
        self.had_admin = self._has_admin()

    def _has_admin(self) -> bool:
        return any(user.role == Role.ADMIN for user in self.list.users.values())

    def here(self, remedy: str) -> None:
        """See that the users themselves are in these files."""
        if self.list.elsewhere:
            self.refuse(
                ("auth", "existingSecret"),
                f"the users and their hashes are in the Secret {self.list.secret}; {remedy}, "
                "or name the folder of its manifest with a second -f",
            )

    def new_password(self, name: str, given: str | None) -> str:
        """Put a password into the credentials file, and give its hash."""
        password = given or generate_password()
        credentials = self.session.credentials
        host = self.values.get(("host",)) or "NAME"
        credentials.begin(credentials_header(host, name))
        if not credentials.get(("host",)) and self.values.get(("host",)):
            credentials.set(("host",), host)
        credentials.set(("users", name), password, USERS_COMMENT)
        return hash_password(password, COST_OF_GIVEN if given else COST_OF_GENERATED)

    def finish(self, done: str, *, force: bool = False) -> Change:
        """Write the files, unless the chart would refuse what it took before."""
        problems = self.session.problems()
        new = self.session.new_problems(problems)
        if new and not force:
            raise ConflictError(new)
        if self.had_admin and not self._has_admin():
            self.notes.append("nobody has the role admin now: nobody may delete images or list the catalog")
        if done and self.mode == "htpasswd":
            self.notes += self.notes_about_roles()
        written = self.session.save()
        return Change(done, written, self.notes + self.session.notes, problems)


@contextlib.contextmanager
def changing(files: Files) -> Iterator[Changing]:
    """Lock the files for one change."""
    with editing.opened(files) as session:
        yield Changing(session)
