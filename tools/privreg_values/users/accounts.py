"""Changes single users in files that `gen` made."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from privreg_values.errors import ConflictError, FileError
from privreg_values.generate.gen import USERS_COMMENT, credentials_header
from privreg_values.users.credentials import (
    COST_OF_GENERATED,
    COST_OF_GIVEN,
    check_password,
    check_user_name,
    generate_password,
    hash_password,
    is_hash,
)
from privreg_values.users.roles import Grant, Role
from privreg_values.users.user_list import ACCESS, USERS, User, UserList, mode
from privreg_values.values import editing, validate, values_file
from privreg_values.values.editor import Editor
from privreg_values.values.nodes import Path, locate

_CREDENTIAL: Path = ("pullSecrets", "credential")


@dataclass(frozen=True)
class Files:
    """The two files.

    Args:
        values: The name of the values file.
        credentials: The name of the file with the passwords.
    """

    values: str
    credentials: str


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


@dataclass(frozen=True)
class Account:
    """A user, without secrets.

    Args:
        name: The user's name.
        role: pull, push or admin; None where the file does not say.
        repositories: Patterns of repositories; None for all of them.
        hash_cost: The cost of the bcrypt hash; None where it is not in the file, or is none.
        pull_credential: The cluster pulls with this user.
    """

    name: str
    role: str | None
    repositories: list[str] | None
    hash_cost: int | None
    pull_credential: bool


def listing(values: str) -> tuple[list[Account], list[str]]:
    """Give the users of a values file, and what a person should know about them.

    Raises:
        FileError: the file cannot be read.
        ConflictError: its users are not a list of users.
    """
    editor = Editor(values_file.read_text(values), values)
    where = _Place(editor)
    if where.list.conflicts:
        raise ConflictError(where.list.conflicts)
    puller = where.puller
    accounts = [
        Account(
            user.name,
            user.role or None,
            list(user.repositories) or None,
            int(user.hash[4:6]) if is_hash(user.hash) else None,
            user.name == puller,
        )
        for user in where.list.users.values()
    ]
    return accounts, where.notes_for_list()


def add(files: Files, name: str, grant: Grant, password: str | None) -> Change:
    """Add a user.

    Args:
        files: The files.
        name: Who.
        grant: What the user may do.
        password: The password; None to make one.

    Raises:
        CredentialError: the name or the password cannot be used.
        ConflictError: the user is there, or the users are elsewhere; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    check_user_name(name)
    if password is not None:
        check_password(password)
    with _changing(files) as it:
        it.here(f"add {name} there with `htpasswd -B`, then give the role with `privreg-values users role {name} ROLE`")
        if name in it.list.users:
            it.refuse(
                it.list.path_of(name),
                f"{name} is there; change the role with `privreg-values users role`, the password with `users rotate`",
            )
        if it.session.credentials.get(("users", name)) is not None:
            mark = locate(it.session.credentials.root, ("users", name))
            again = f"let this user in again with `privreg-values gen --user {name}:{grant.role}`"
            raise ConflictError([f"{mark}: users.{name}: a password is there; take it out, or {again}"])
        it.list.add(User(name, it.new_password(name, password), str(grant.role), grant.repositories))
        return it.finish(f"new: user {name} ({grant})")


def set_role(files: Files, name: str, role: Role, repositories: Sequence[str] | None) -> Change:
    """Give a user another role.

    Args:
        files: The files.
        name: Who.
        role: What the user may do.
        repositories: Where; empty for everywhere, None for where it was.

    Raises:
        CredentialError: the name cannot be one.
        ConflictError: there is no such user; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    check_user_name(name)
    with _changing(files) as it:
        if it.secret and name not in it.list.users:
            it.list.add(User(name, "", str(role), tuple(repositories or ())))
            it.notes.append(f"this counts once {name} is among the users of the Secret {it.secret}")
            return it.finish(f"new: role of {name} ({it.list.users[name].grant})")
        it.must_have(name)
        before = it.list.users[name]
        it.list.set_grant(name, Grant(role, before.repositories if repositories is None else tuple(repositories)))
        after = it.list.users[name]
        if after.grant == before.grant:
            return it.finish("")
        if name == it.puller and role not in (Role.PULL, before.role):
            it.notes.append(
                f"{name} is what the cluster pulls with: whoever can read the pull Secret of a namespace "
                f"may now {'push' if role == Role.PUSH else 'push and delete'}"
            )
        return it.finish(f"changed: role of {name} ({after.grant}; before: {before.grant})")


def remove(files: Files, name: str, *, force: bool) -> Change:
    """Take a user out of both files.

    Args:
        files: The files.
        name: Who.
        force: Also the one that the cluster pulls with, and with it the pull credential.

    Raises:
        ConflictError: there is no such user, or the cluster pulls with this one; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    with _changing(files) as it:
        it.must_have(name)
        if name == it.puller:
            if not force:
                it.refuse(
                    (*_CREDENTIAL, "username"),
                    f"the cluster pulls with {name}, and no Pod could pull without; name another user here first, "
                    "or take out both with --force",
                )
            it.session.values.remove(_CREDENTIAL)
            it.notes.append("the cluster has nothing to pull with; `privreg-values gen` makes a new user for that")
        it.list.remove(name)
        it.session.credentials.remove(("users", name))
        if it.secret:
            it.notes.append(f"{name} may do nothing now; take the line out of the Secret {it.secret} as well")
        return it.finish(f"removed: user {name}", force=force)


def rotate(files: Files, name: str, password: str | None) -> Change:
    """Give a user a new password, and the cluster with it if it pulls with this user.

    Args:
        files: The files.
        name: Who.
        password: The password; None to make one.

    Raises:
        CredentialError: the password cannot be used.
        ConflictError: there is no such user, or the users are elsewhere; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    if password is not None:
        check_password(password)
    with _changing(files) as it:
        it.here(f"make the new line of {name} with `htpasswd -B` and put it there")
        it.must_have(name)
        it.list.set_hash(name, it.new_password(name, password))
        if name != it.puller:
            return it.finish(f"new: password of {name}")
        it.session.values.set((*_CREDENTIAL, "password"), it.session.credentials.get(("users", name)))
        return it.finish(f"new: password of {name}, pull credential")


class _Place:
    """Where a values file has its users."""

    def __init__(self, values: Editor) -> None:
        self.values = values
        self.mode = mode(values)
        self.secret = str(values.get(("auth", "existingSecret")) or "")
        self.list = UserList(values, ACCESS if self.secret else USERS)
        self.puller = self._find_puller()

    def _find_puller(self) -> str | None:
        settings = self.values.get(("pullSecrets",))
        if not isinstance(settings, dict) or settings.get("enabled") is False:
            return None
        name = self.values.get((*_CREDENTIAL, "username"))
        return str(name) if name else None

    def has_admin(self) -> bool:
        return any(user.role == Role.ADMIN for user in self.list.users.values())

    def notes_for_list(self) -> list[str]:
        if self.mode == "token":
            return ["auth.mode is token: the users are the token server's"]
        if self.mode == "htpasswd":
            return ["auth.mode is htpasswd: every user may pull and push, whatever the role says"]
        if self.secret:
            return [f"the users are in the Secret {self.secret}; these are their roles (auth.access)"]
        roleless = [user.name for user in self.list.users.values() if not user.role]
        return [f"{name} has no role; give one with `privreg-values users role {name} ROLE`" for name in roleless]


class _Changing(_Place):
    """One change, while the files are locked."""

    def __init__(self, files: Files, session: editing.Editing) -> None:
        if not session.values.text.strip():
            raise FileError(f"{files.values}: there is nothing in it", "make it with `privreg-values gen --host NAME`")
        super().__init__(session.values)
        self.session = session
        self.notes: list[str] = []
        if self.list.conflicts:
            raise ConflictError(self.list.conflicts)
        if self.mode == "token":
            self.refuse(("auth", "mode"), "is token: the users are the token server's, change them there")
        if len(hosts := session.hosts()) > 1:
            raise ConflictError([f"{where}, and the other file is for another one" for where in hosts.values()])
        self.had_admin = self.has_admin()

    def here(self, remedy: str) -> None:
        """See that the users themselves are in the values file."""
        if self.secret:
            self.refuse(
                ("auth", "existingSecret"), f"the users and their hashes are in the Secret {self.secret}; {remedy}"
            )

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
        new = self.session.new_problems()
        if new and not force:
            raise ConflictError(new)
        if self.had_admin and not self.has_admin():
            self.notes.append("nobody has the role admin now: nobody may delete images or list the catalog")
        if done and self.mode == "htpasswd":
            self.notes += self.notes_for_list()
        problems, written = self.session.problems(), self.session.save()
        return Change(done, written, self.notes + self.session.notes, problems)


@contextlib.contextmanager
def _changing(files: Files) -> Iterator[_Changing]:
    with editing.opened(files.values, files.credentials) as session:
        yield _Changing(files, session)
