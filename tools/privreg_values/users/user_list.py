"""The users of a release: auth.users, or auth.access beside the htpasswd file of a Secret."""

from __future__ import annotations

from dataclasses import dataclass, replace

from privreg_values.shapes.manifests import USERS as USERS_SECRET
from privreg_values.shapes.manifests import Entry, Manifests
from privreg_values.shapes.overlay import Values
from privreg_values.users import htpasswd
from privreg_values.users.htpasswd import Previous
from privreg_values.users.roles import Grant
from privreg_values.values import chart
from privreg_values.values.nodes import Mark, Path, Value, find, locate, plain

USERS: Path = ("auth", "users")
ACCESS: Path = ("auth", "access")


@dataclass(frozen=True)
class User:
    """A user as the values file has it.

    Args:
        name: The user's name.
        hash: The hash of the password; empty where no file has it.
        role: What the user may do; empty where the file does not say.
        repositories: Patterns of repositories; none for all of them.
        previous: The password before, while it works as well.
    """

    name: str
    hash: str = ""
    role: str = ""
    repositories: tuple[str, ...] = ()
    previous: Previous | None = None

    @property
    def grant(self) -> str:
        """Role and repositories in words."""
        role = self.role or "no role"
        return f"{role} in {', '.join(self.repositories)}" if self.repositories else role


class UserList:
    """A list of users, and how to change it.

    Args:
        values: The values.
        manifests: The folder with the manifests of Secrets; None without one.

    Attributes:
        secret: The Secret that the users are in; empty where they are in the values.
        path: Where the list is.
        conflicts: What is wrong with it.
        users: The users, by name.
        strangers: Those who are in the Secret's manifest and have no role, by name: a sentence about each.
    """

    def __init__(self, values: Values, manifests: Manifests | None = None) -> None:
        self._values, self._manifests = values, manifests
        self.secret = str(values.get(USERS_SECRET.path) or "")
        self._entry: Entry | None = None
        if self.secret and manifests and manifests.has(self.secret):
            self._entry = manifests.entry(USERS_SECRET, self.secret)
        self.path = ACCESS if self.secret else USERS
        self.conflicts: list[str] = []
        self.users: dict[str, User] = {}
        self.strangers: dict[str, str] = {}
        self._read()

    @property
    def elsewhere(self) -> str:
        """The Secret with the users, where these files do not have it; empty where they do."""
        return "" if self._entry else self.secret

    def begin(self, comment: str) -> None:
        """Put the users into a Secret's manifest from now on, where there is a folder for these and no user yet."""
        if self._manifests is None or self.secret or self.users:
            return
        self.secret, self.path = USERS_SECRET.name, ACCESS
        self._values.set(USERS_SECRET.path, self.secret, comment)
        self._entry = self._manifests.entry(USERS_SECRET, self.secret)
        self._read()

    def restore(self) -> None:
        """Make the Secret's manifest anew, where it has been lost."""
        if self._manifests and self.elsewhere == USERS_SECRET.name:
            self._entry = self._manifests.entry(USERS_SECRET, self.secret)

    def _read(self) -> None:
        lines = htpasswd.read(self._entry.text) if self._entry else {}
        listed = self._values.get(self.path) or []
        for item in listed if isinstance(listed, list) else [listed]:
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                needed = "name and hash" if self.path == USERS else "name and role"
                self._conflict(f"expected a list of maps with {needed}; correct it first")
            elif item["name"] in self.users:
                self._conflict(f"the name {item['name']} is there twice; keep one of them")
            else:
                self.users[item["name"]] = _user(item, lines.get(item["name"]))
        for name, line in lines.items():
            if name not in self.users and self._entry:
                mark = self._entry.mark_of(line.number)
                remedy = f"give a role with `privreg-values users role {name} ROLE`, or take the line out"
                self.strangers[name] = f"{mark}: {name} has a password and no role; {remedy}"

    def path_of(self, name: str) -> Path:
        """Give the path of a user who is there."""
        return (*self.path, list(self.users).index(name))

    def places(self, name: str) -> list[Mark]:
        """Give where a user who is there is written."""
        places = [locate(self._values.root, self.path_of(name))]
        line = htpasswd.read(self._entry.text).get(name) if self._entry else None
        return [*places, self._entry.mark_of(line.number)] if self._entry and line else places

    def add(self, user: User, comment: str = "") -> None:
        """Add a user.

        Args:
            user: Who.
            comment: Lines to write above the top-level key, when that one has to be made.

        Raises:
            FileError: the file's form does not allow it.
        """
        hashed = "" if self._entry else user.hash
        fields = {"name": user.name, "hash": hashed, "role": user.role, "repositories": list(user.repositories)}
        item = {key: value for key, value in fields.items() if value}
        if self.users:
            self._values.append(self.path, item)
        else:
            self._values.set(self.path, [item], comment)
        if self._entry and user.hash:
            self._entry.set(htpasswd.put(self._entry.text, user.name, user.hash))
        self.users[user.name] = user

    def set_hash(self, name: str, hashed: str, previous: Previous | None = None) -> None:
        """Give a user who is there another hash; the password before goes, or becomes the one given.

        Raises:
            FileError: the file's form does not allow it.
        """
        if self._entry:
            self._entry.set(htpasswd.put(self._entry.text, name, hashed, previous))
        else:
            path = self.path_of(name)
            self._values.set((*path, "hash"), hashed)
            self._set_previous((*path, "previous"), self.users[name].previous, previous)
        self.users[name] = replace(self.users[name], hash=hashed, previous=previous)

    def _set_previous(self, path: Path, there: Previous | None, wanted: Previous | None) -> None:
        if wanted is None:
            self._values.remove(path)
        elif there is None:
            self._values.set(path, {"hash": wanted.hash, "until": wanted.until})
        else:
            self._values.set((*path, "hash"), wanted.hash)
            self._values.set((*path, "until"), wanted.until)

    def drop_previous(self, name: str) -> None:
        """Take the password before out.

        Raises:
            FileError: the file's form does not allow it.
        """
        if self._entry:
            self._entry.set(htpasswd.without_previous(self._entry.text, name))
        else:
            self._values.remove((*self.path_of(name), "previous"))
        self.users[name] = replace(self.users[name], previous=None)

    def set_grant(self, name: str, grant: Grant) -> None:
        """Give a user who is there another role and other repositories.

        Raises:
            FileError: the file's form does not allow it.
        """
        path, there = self.path_of(name), self.users[name]
        if there.role != grant.role:
            self._values.set((*path, "role"), str(grant.role))
        self._set_repositories((*path, "repositories"), there.repositories, grant.repositories)
        self.users[name] = replace(there, role=str(grant.role), repositories=grant.repositories)

    def _set_repositories(self, path: Path, there: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        """Change single patterns, so that those that stay keep their comments."""
        if not wanted:
            self._values.remove(path)
        elif not there:
            self._values.set(path, list(wanted))
        else:
            for pattern in wanted:
                if pattern not in there:
                    self._values.append(path, pattern)
            for index in reversed(range(len(there))):
                if there[index] not in wanted:
                    self._values.remove((*path, index))

    def remove(self, name: str) -> None:
        """Take a user out.

        Raises:
            FileError: the file's form does not allow it.
        """
        self._values.remove(self.path_of(name))
        if self._entry:
            self._entry.set(htpasswd.without(self._entry.text, name))
        del self.users[name]

    def _conflict(self, message: str) -> None:
        self.conflicts.append(f"{locate(self._values.root, self.path)}: {'.'.join(map(str, self.path))}: {message}")


def _user(item: dict[str, Value], line: htpasswd.Line | None) -> User:
    patterns, before = item.get("repositories"), item.get("previous")
    previous = line.previous if line else None
    if isinstance(before, dict):
        previous = Previous(str(before.get("hash") or ""), str(before.get("until") or ""))
    return User(
        item["name"],
        line.hash if line else str(item.get("hash") or ""),
        str(item.get("role") or ""),
        tuple(str(it) for it in patterns) if isinstance(patterns, list) else (),
        previous,
    )


def mode(values: Values) -> str:
    """Give the values' auth.mode, which is the chart's own where the file does not say."""
    path = ("auth", "mode")
    default = find(chart.defaults(), path)
    return str(values.get(path) or (plain(default) if default else ""))
