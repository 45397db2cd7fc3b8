"""What `gen` makes of users: which there are, which passwords are known, and what has to be made."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from privreg_values.errors import CredentialError
from privreg_values.shapes.editing import Editing
from privreg_values.users.credentials import (
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
from privreg_values.users.known import CREDENTIALS, VALUES
from privreg_values.users.pull_credential import CREDENTIAL, PullCredential
from privreg_values.users.roles import Grant, Role
from privreg_values.users.user_list import USERS, User, UserList, mode
from privreg_values.values.nodes import Path, Value, locate
from privreg_values.values.secrets import is_mixed

PULL_USER = "cluster"  # what the cluster itself pulls with
DEFAULT_ROLES = {"admin": Role.ADMIN, "ci": Role.PUSH, PULL_USER: Role.PULL}


class Users:
    """The users of the values and of the credentials file.

    Args:
        session: The files.
    """

    def __init__(self, session: Editing) -> None:
        self._session = session
        self._values, self._credentials = session.values, session.credentials
        self.conflicts: list[str] = []
        self.done: list[str] = []
        self.notes: list[str] = []
        self.list = UserList(session.values, session.manifests)
        self._pull = PullCredential(session.values, session.manifests)
        self.conflicts += self.list.conflicts
        self.passwords = self._read_passwords()
        if self.list.users.keys() <= self.passwords.keys():
            self.list.restore()
        lost = bool(self.list.secret)  # a user of a Secret that is there has a hash, or is added again
        self.hashes = {name: user.hash for name, user in self.list.users.items() if user.hash or not lost}
        self._grants: dict[str, Grant] = {}
        self._new_hashes: dict[str, str] = {}
        self._pull_user = self._find_pull_user()
        self._mode = mode(session.values)

    def plan(self, added: Mapping[str, Grant | None], rotated: Sequence[str], given: str | None) -> None:
        """Decide on every user; `conflicts` tells what stands in the way.

        Args:
            added: Users to add, and what they may do; None for the usual role of that name, or push.
            rotated: Users who get a new password.
            given: The password for the one who is added or rotated; None to make one.
        """
        if elsewhere := self._elsewhere():
            if added or rotated:
                self._conflict(*elsewhere)
            if self._session.manifests and self.list.elsewhere:
                folder = self._session.manifests.folder
                self.notes.append(f"the Secret {self.list.elsewhere} is not in {folder}: its users are left alone")
            return
        for name in rotated:
            self._rotate(name, given)
        for name in self._wanted(added):
            if name not in rotated:
                self._keep_or_make(name, given if name in added else None)
            self._decide_role(name, added)
        self._check_pull_credential(rotated)
        self._note_what_is_left()

    def _elsewhere(self) -> tuple[Path, str] | None:
        """Tell where the users are, if not in these files."""
        if self._mode == "token":
            return ("auth", "mode"), "is token: the users are the token server's, so none can be added here"
        if self.list.elsewhere:
            return ("auth", "existingSecret"), "holds the users, so none can be added here; edit that Secret"
        return None

    def _wanted(self, added: Mapping[str, Grant | None]) -> list[str]:
        """Give everybody there should be. Users that somebody took out of a values file stay out."""
        usual = [name for name in DEFAULT_ROLES if name != PULL_USER]
        present = [*self.hashes] if self.hashes else [*self.passwords, *(added or usual)]
        return list(dict.fromkeys([*present, *added, *([self._pull_user] if self._pull_user else [])]))

    def _decide_role(self, name: str, added: Mapping[str, Grant | None]) -> None:
        """Give a role to those who are new, and to those without one if it is asked for; change no other."""
        asked, there = added.get(name), self.list.users.get(name)
        if there is None:
            if role := asked or self._usual_role(name, asked_for=name in added):
                self._grants[name] = role
                self.done.append(f"user {name} ({role})")
            else:
                self._conflict(
                    USERS,
                    f"{name} is in {self._credentials.file} only, without a role; give one with --user {name}:push",
                )
        elif asked and not there.role:
            self._grants[name] = asked
            self.done.append(f"role of {name} ({asked})")
        elif asked and (there.role, there.repositories) != (asked.role, asked.repositories):
            self._conflict(
                self.list.path_of(name),
                f"{name} has {there.grant}, and --user asks for {asked}; change it with `privreg-values users role`",
            )

    def _usual_role(self, name: str, *, asked_for: bool) -> Grant | None:
        role = Role.PULL if name == self._pull_user else DEFAULT_ROLES.get(name)
        return Grant(role or Role.PUSH) if role or asked_for else None

    def _note_what_is_left(self) -> None:
        new = self.list.users.keys() | self._new_hashes.keys()
        if unused := [name for name in self.passwords if name not in new]:
            names = ", ".join(unused)
            self.notes.append(
                f"{names}: in {self._credentials.file} only; `--user {unused[0]}:ROLE` lets them log in again"
            )
        if unknown := [name for name in self.hashes if name not in self.passwords]:
            self.notes.append(f"{', '.join(unknown)}: password not in {self._credentials.file}; the hash is kept")
        self.notes += self.list.strangers.values()
        if self._mode == "htpasswd" and self._grants:
            self.notes.append("auth.mode is htpasswd: every user may pull and push, whatever the role says")
        if self._mode == "gateway" and (roleless := self._roleless()):
            roles = {name: self._usual_role(name, asked_for=True) for name in roleless}
            options = " ".join(f"--user {name}:{role}" for name, role in roles.items())
            self.notes.append(
                f"no role yet: {', '.join(roleless)}; auth.mode gateway needs one for each; to give them, run "
                f"`privreg-values gen{self._files()} {options}`"
            )

    def _files(self) -> str:
        """Give the options that name these files, where a command would not find them by itself."""
        named = (("-o", self._values.file, VALUES), ("--credentials", self._credentials.file, CREDENTIALS))
        return "".join(f" {option} {shlex.quote(file)}" for option, file, usual in named if file != usual)

    def _roleless(self) -> list[str]:
        return [name for name, user in self.list.users.items() if not (user.role or name in self._grants)]

    def _rotate(self, name: str, given: str | None) -> None:
        if name not in self.hashes:
            self._conflict(USERS, f"{name} is not there, so it has no password to rotate; add it with --user {name}")
            return
        self._assign(name, given or generate_password(), COST_OF_GIVEN if given else COST_OF_GENERATED)
        self.done.append(f"password of {name}")

    def _keep_or_make(self, name: str, given: str | None) -> None:
        known, hashed = self.passwords.get(name), self.hashes.get(name)
        if known is None and name == self._pull_user:
            known = self._pull.password or None
        if given is not None and given != known and (known or hashed) and not self._fits(given, hashed):
            where = self.list.path_of(name) if hashed else USERS
            self._conflict(where, f"{name} has another password than the given one; replace it with --rotate {name}")
        elif hashed is None:
            password = known or given or generate_password()
            self._assign(name, password, COST_OF_GENERATED if _looks_generated(password) else COST_OF_GIVEN)
        elif (claimed := known or given) is not None:
            if self._fits(claimed, hashed):
                self.passwords[name] = claimed
            else:
                reason = "is not the hash of its password" if is_hash(hashed) else "is not a bcrypt hash"
                self._conflict(
                    self.list.path_of(name), f"the hash of {name} {reason}; make a new pair with --rotate {name}"
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
        there = self._pull.password
        if there and there != self.passwords.get(name):
            self._conflict(
                (*CREDENTIAL, "password"), f"is not the password of {name}; make a new one with --rotate {name}"
            )
        elif not there and name not in self.passwords:
            self._conflict(
                USERS, f"nobody knows the password of {name}, which is to pull; make a new one with --rotate {name}"
            )

    def write_values(self, comment: str) -> None:
        """Put new users, new hashes and new roles where they belong."""
        if self._new_hashes:
            self.list.begin(comment)
        for name, hashed in self._new_hashes.items():
            if name in self.list.users:
                self.list.set_hash(name, hashed)
            else:
                grant = self._grants[name]
                self.list.add(User(name, hashed, str(grant.role), grant.repositories), comment)
        for name, grant in self._grants.items():
            if name in self.hashes:
                self.list.set_grant(name, grant)

    def write_pull_credential(self, comment: str) -> None:
        """Put what the cluster pulls with where it belongs."""
        if self._pull_user is None or self._pull_user not in self.passwords:
            return
        self._pull.begin(comment)
        if self._pull.set(self._pull_user, self.passwords[self._pull_user], comment):
            self.done.append("pull credential")

    def write_credentials(self, comment: str) -> None:
        """Put new passwords into the credentials file."""
        for name, password in self.passwords.items():
            if self._credentials.get(("users", name)) != password:
                self._credentials.set(("users", name), password, comment)

    def _find_pull_user(self) -> str | None:
        """Give the user to pull with, or None where something else delivers or nothing does."""
        return (self._pull.username or PULL_USER) if self._pull.wanted else None

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

    def _conflict(self, path: Path, message: str) -> None:
        name = ".".join(str(step) for step in path if isinstance(step, str))
        self.conflicts.append(f"{locate(self._values.root, path)}: {name}: {message}")


def _looks_generated(password: str) -> bool:
    """Tell a password that was generated from one that somebody thought of, when a hash has to be made anew."""
    return len(password) == PASSWORD_LENGTH and set(password) <= set(ALPHABET) and is_mixed(password)
