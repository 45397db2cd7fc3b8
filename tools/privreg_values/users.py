"""Which users there are, which passwords are known, and what has to be made."""

from __future__ import annotations

from collections.abc import Sequence

from privreg_values.credentials import (
    ALPHABET,
    COST_OF_GENERATED,
    COST_OF_GIVEN,
    PASSWORD_LENGTH,
    check_password,
    check_user_name,
    generate_password,
    hash_password,
    is_hash,
    matches,
)
from privreg_values.editor import Editor
from privreg_values.errors import CredentialError
from privreg_values.nodes import Path, Value, locate

DEFAULT_USERS = ("admin", "ci")
PULL_USER = "cluster"  # what the cluster itself pulls with

_USERS: Path = ("auth", "users")
_CREDENTIAL: Path = ("pullSecrets", "credential")


class Users:
    """The users of a values file and of its credentials file.

    Args:
        values: The values file.
        credentials: The credentials file.
    """

    def __init__(self, values: Editor, credentials: Editor) -> None:
        self._values = values
        self._credentials = credentials
        self.conflicts: list[str] = []
        self.done: list[str] = []
        self.notes: list[str] = []
        self.hashes = self._read_hashes()
        self.passwords = self._read_passwords()
        self._new_hashes: dict[str, str] = {}
        self._pull_user = self._find_pull_user()
        self._elsewhere = bool(values.get(("auth", "existingSecret")))

    def plan(self, added: Sequence[str], rotated: Sequence[str], given: str | None) -> None:
        """Decide on every user; `conflicts` tells what stands in the way.

        Args:
            added: Users to add.
            rotated: Users who get a new password.
            given: The password for the one who is added or rotated; None to make one.
        """
        if self._elsewhere:
            if added or rotated:
                self._conflict(
                    ("auth", "existingSecret"), "holds the users, so none can be added here; edit that Secret"
                )
            return
        for name in rotated:
            self._rotate(name, given)
        for name in self._wanted(added):
            if name not in rotated:
                self._keep_or_make(name, given if name in added else None)
        self._check_pull_credential(rotated)
        if unused := [name for name in self.passwords if name not in self.hashes and name not in self._new_hashes]:
            names = ", ".join(unused)
            self.notes.append(f"{names}: in {self._credentials.file} only; `--user {unused[0]}` lets them log in again")
        if unknown := [name for name in self.hashes if name not in self.passwords]:
            self.notes.append(f"{', '.join(unknown)}: password not in {self._credentials.file}; the hash is kept")

    def _wanted(self, added: Sequence[str]) -> list[str]:
        """Give everybody there should be. Users that somebody took out of a values file stay out."""
        present = [*self.hashes] if self.hashes else [*self.passwords, *(added or DEFAULT_USERS)]
        return list(dict.fromkeys([*present, *added, *([self._pull_user] if self._pull_user else [])]))

    def _rotate(self, name: str, given: str | None) -> None:
        if name not in self.hashes:
            self._conflict(_USERS, f"{name} is not there, so it has no password to rotate; add it with --user {name}")
            return
        self._assign(name, given or generate_password(), COST_OF_GIVEN if given else COST_OF_GENERATED)
        self.done.append(f"password of {name}")

    def _keep_or_make(self, name: str, given: str | None) -> None:
        known, hashed = self.passwords.get(name), self.hashes.get(name)
        if known is None and name == self._pull_user:
            known = self._values.get((*_CREDENTIAL, "password"))
        if given is not None and given != known and (known or hashed) and not self._fits(given, hashed):
            where = self._path_of(name) if hashed else _USERS
            self._conflict(where, f"{name} has another password than the given one; replace it with --rotate {name}")
        elif hashed is None:
            password = known or given or generate_password()
            self._assign(name, password, COST_OF_GENERATED if _looks_generated(password) else COST_OF_GIVEN)
            self.done.append(f"user {name}")
        elif (claimed := known or given) is not None:
            if self._fits(claimed, hashed):
                self.passwords[name] = claimed
            else:
                reason = "is not the hash of its password" if is_hash(hashed) else "is not a bcrypt hash"
                self._conflict(
                    self._path_of(name), f"the hash of {name} {reason}; make a new pair with --rotate {name}"
                )

    def _assign(self, name: str, password: str, cost: int) -> None:
        self.passwords[name] = password
        self._new_hashes[name] = hash_password(password, cost)

    def _fits(self, password: str, hashed: str | None) -> bool:
        return hashed is not None and is_hash(hashed) and matches(password, hashed)

    def _check_pull_credential(self, rotated: Sequence[str]) -> None:
        name = self._pull_user
        if name is None or name in rotated:
            return
        there = self._values.get((*_CREDENTIAL, "password"))
        if there and there != self.passwords.get(name):
            self._conflict(
                (*_CREDENTIAL, "password"), f"is not the password of {name}; make a new one with --rotate {name}"
            )
        elif not there and name not in self.passwords:
            self._conflict(
                _USERS, f"nobody knows the password of {name}, which is to pull; make a new one with --rotate {name}"
            )

    def write_values(self, comment: str) -> None:
        """Put new users and new hashes into the values file."""
        for name, hashed in self._new_hashes.items():
            if name in self.hashes:
                self._values.set((*self._path_of(name), "hash"), hashed)
            elif self._values.get(_USERS):
                self._values.append(_USERS, {"name": name, "hash": hashed})
            else:
                self._values.set(_USERS, [{"name": name, "hash": hashed}], comment)

    def write_pull_credential(self, comment: str) -> None:
        """Put what the cluster pulls with into the values file."""
        if self._pull_user is None or self._pull_user not in self.passwords:
            return
        wanted = {"username": self._pull_user, "password": self.passwords[self._pull_user]}
        there = self._values.get(_CREDENTIAL)
        if there == wanted:
            return
        if not there:
            self._values.set(_CREDENTIAL, wanted, comment)
        else:
            for key, value in wanted.items():
                if there.get(key) != value:
                    self._values.set((*_CREDENTIAL, key), value)
        self.done.append("pull credential")

    def write_credentials(self, comment: str) -> None:
        """Put new passwords into the credentials file."""
        for name, password in self.passwords.items():
            if self._credentials.get(("users", name)) != password:
                self._credentials.set(("users", name), password, comment)

    def _find_pull_user(self) -> str | None:
        """Give the user to pull with, or None where something else delivers or nothing does."""
        there = self._values.get(("pullSecrets",)) or {}
        if not isinstance(there, dict) or there.get("enabled") is False or there.get("existingSecret"):
            return None
        return str(self._values.get((*_CREDENTIAL, "username")) or PULL_USER)

    def _read_hashes(self) -> dict[str, str]:
        users = self._values.get(_USERS) or []
        hashes: dict[str, str] = {}
        for user in users if isinstance(users, list) else [users]:
            if not isinstance(user, dict) or not isinstance(user.get("name"), str):
                self._conflict(_USERS, "expected a list of maps with name and hash; correct it first")
            elif user["name"] in hashes:
                self._conflict(_USERS, f"the name {user['name']} is there twice; keep one of them")
            else:
                hashes[user["name"]] = str(user.get("hash", ""))
        return hashes

    def _read_passwords(self) -> dict[str, str]:
        users: Value = self._credentials.get(("users",)) or {}
        if not (isinstance(users, dict) and all(isinstance(password, str) for password in users.values())):
            mark = locate(self._credentials.root, ("users",))
            self.conflicts.append(f"{mark}: users: expected passwords by user name, each in quotes; correct it first")
            return {}
        return {name: password for name, password in users.items() if self._usable(name, password)}

    def _usable(self, name: str, password: str) -> bool:
        try:
            check_user_name(name)
            check_password(password)
        except CredentialError as error:
            self.conflicts.append(f"{locate(self._credentials.root, ('users', name))}: {error}")
            return False
        return True

    def _path_of(self, name: str) -> Path:
        return (*_USERS, list(self.hashes).index(name))

    def _conflict(self, path: Path, message: str) -> None:
        name = ".".join(str(step) for step in path if isinstance(step, str))
        self.conflicts.append(f"{locate(self._values.root, path)}: {name}: {message}")


def _looks_generated(password: str) -> bool:
    """Tell a password that was generated from one that somebody thought of, when a hash has to be made anew."""
    kinds = (str.islower, str.isupper, str.isdigit)
    letters = len(password) == PASSWORD_LENGTH and all(character in ALPHABET for character in password)
    return letters and all(any(kind(character) for character in password) for kind in kinds)
