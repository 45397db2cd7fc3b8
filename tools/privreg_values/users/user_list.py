"""The users in a values file: auth.users, or auth.access for those of an existing Secret."""

from __future__ import annotations

from dataclasses import dataclass

from privreg_values.users.roles import Grant
from privreg_values.values import chart
from privreg_values.values.editor import Editor
from privreg_values.values.nodes import Path, find, locate, plain

USERS: Path = ("auth", "users")
ACCESS: Path = ("auth", "access")


@dataclass(frozen=True)
class User:
    """A user as the values file has it.

    Args:
        name: The user's name.
        hash: The hash of the password; empty where the file has none.
        role: What the user may do; empty where the file does not say.
        repositories: Patterns of repositories; none for all of them.
    """

    name: str
    hash: str = ""
    role: str = ""
    repositories: tuple[str, ...] = ()

    @property
    def grant(self) -> str:
        """Role and repositories in words."""
        role = self.role or "no role"
        return f"{role} in {', '.join(self.repositories)}" if self.repositories else role


class UserList:
    """A list of users, and how to change it.

    Args:
        values: The values file.
        path: Where the list is.
    """

    def __init__(self, values: Editor, path: Path = USERS) -> None:
        self._values = values
        self.path = path
        self.conflicts: list[str] = []
        self.users: dict[str, User] = {}
        listed = values.get(path) or []
        for item in listed if isinstance(listed, list) else [listed]:
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                needed = "name and hash" if path == USERS else "name and role"
                self._conflict(f"expected a list of maps with {needed}; correct it first")
            elif item["name"] in self.users:
                self._conflict(f"the name {item['name']} is there twice; keep one of them")
            else:
                patterns = item.get("repositories")
                self.users[item["name"]] = User(
                    item["name"],
                    str(item.get("hash") or ""),
                    str(item.get("role") or ""),
                    tuple(str(it) for it in patterns) if isinstance(patterns, list) else (),
                )

    def path_of(self, name: str) -> Path:
        """Give the path of a user who is there."""
        return (*self.path, list(self.users).index(name))

    def add(self, user: User, comment: str = "") -> None:
        """Add a user.

        Args:
            user: Who.
            comment: Lines to write above the top-level key, when that one has to be made.

        Raises:
            FileError: the file's form does not allow it.
        """
        fields = {"name": user.name, "hash": user.hash, "role": user.role, "repositories": list(user.repositories)}
        item = {key: value for key, value in fields.items() if value}
        if self.users:
            self._values.append(self.path, item)
        else:
            self._values.set(self.path, [item], comment)
        self.users[user.name] = user

    def set_hash(self, name: str, hashed: str) -> None:
        """Give a user who is there another hash.

        Raises:
            FileError: the file's form does not allow it.
        """
        self._values.set((*self.path_of(name), "hash"), hashed)

    def set_grant(self, name: str, grant: Grant) -> None:
        """Give a user who is there another role and other repositories.

        Raises:
            FileError: the file's form does not allow it.
        """
        path, there = self.path_of(name), self.users[name]
        if there.role != grant.role:
            self._values.set((*path, "role"), str(grant.role))
        self._set_repositories((*path, "repositories"), there.repositories, grant.repositories)
        self.users[name] = User(name, there.hash, str(grant.role), grant.repositories)

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
        del self.users[name]

    def _conflict(self, message: str) -> None:
        self.conflicts.append(f"{locate(self._values.root, self.path)}: {'.'.join(map(str, self.path))}: {message}")


def mode(values: Editor) -> str:
    """Give the values' auth.mode, which is the chart's own where the file does not say."""
    path = ("auth", "mode")
    default = find(chart.defaults(), path)
    return str(values.get(path) or (plain(default) if default else ""))
