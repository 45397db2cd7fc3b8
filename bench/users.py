"""The users of the bench: one that is measured, and a thousand more."""

import base64
from dataclasses import dataclass

import bcrypt

CROWD = 998


@dataclass(frozen=True)
class User:
    """Somebody who may log in.

    Attributes:
        name: the user's name.
        password: the user's password.
        cost: the cost of the bcrypt hash.
        repositories: the patterns of repositories that the user may use; empty: all.
    """

    name: str
    password: str
    cost: int
    repositories: tuple[str, ...] = ()

    @property
    def authorization(self) -> str:
        """The value of the Authorization header."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode()

    @property
    def hash(self) -> str:
        """The bcrypt hash of the password, with a salt of its own each time."""
        return bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(self.cost)).decode().replace("$2b$", "$2y$")


VERIFIED = User("verified", "correct horse battery staple", 12)
VICTIM = User("victim", "that nobody guesses", 12)


def crowd() -> list[User]:
    """The others; each may use the repositories of its own team."""
    return [User(f"user-{number}", f"password {number}", 4, (f"team-{number}/**",)) for number in range(CROWD)]
