"""The users that the gateway's tests log in as."""

import base64
import functools
from dataclasses import dataclass
from typing import Any

import bcrypt

TEAM = ("team-a/**", "base/*")


@dataclass(frozen=True)
class User:
    """A user of the registry.

    Attributes:
        name: what it logs in with.
        role: pull, push or admin; empty: none.
        repositories: the patterns that it is limited to; empty: not limited.
        password: what it logs in with.
        kind: how its hash begins: 2a, 2b or 2y.
        cost: of the hash, the logarithm of the number of rounds.
    """

    name: str
    role: str
    repositories: tuple[str, ...] = ()
    password: str = ""
    kind: str = "2y"
    cost: int = 4

    @property
    def secret(self) -> str:
        """The password, by default one that is found easily where it should not be."""
        return self.password or f"{self.name}-PASSWORD"

    @property
    def authorization(self) -> str:
        """The Authorization header."""
        return basic(self.name, self.secret)

    @property
    def hash(self) -> str:
        """The bcrypt hash, the same for as long as the tests run."""
        return f"${self.kind}{_hash(self.secret, self.cost)[3:]}"

    @property
    def value(self) -> dict[str, Any]:
        """The entry of auth.users."""
        return {"hash": self.hash, **self.access}

    @property
    def access(self) -> dict[str, Any]:
        """The entry of auth.access."""
        limits = {"repositories": list(self.repositories)} if self.repositories else {}
        return {"name": self.name, "role": self.role, **limits}

    @property
    def htpasswd(self) -> str:
        """The line of an htpasswd file."""
        return f"{self.name}:{self.hash}"


def basic(name: str, password: str) -> str:
    """The Authorization header of RFC 7617."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@functools.cache
def _hash(password: str, cost: int) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


ADMIN = User("admin", "admin")
PUSH = User("ci", "push", kind="2b")
PULL = User("cluster", "pull", kind="2a")
TEAM_ADMIN = User("team.admin", "admin", TEAM)
TEAM_PUSH = User("team.push", "push", TEAM, password="colons:are:fine")
TEAM_PULL = User("team@pull", "pull", TEAM)
EVERYBODY = (ADMIN, PUSH, PULL, TEAM_ADMIN, TEAM_PUSH, TEAM_PULL)

# To compare the password of one of these takes a quarter of a second.
SLOW = User("slow", "pull", cost=12)
SLOW_ONCE = User("slow-once", "pull", cost=12)
SLOW_TOGETHER = User("slow-together", "pull", cost=12)
AND_SLOW = {"users": [user.value for user in (*EVERYBODY, SLOW, SLOW_ONCE, SLOW_TOGETHER)]}
