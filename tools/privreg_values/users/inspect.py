"""What the files say about users; nothing is changed, and no secret is given away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from privreg_values.errors import ConflictError
from privreg_values.shapes.editing import read
from privreg_values.shapes.layout import Files
from privreg_values.users import rotation
from privreg_values.users.credentials import is_hash, matches
from privreg_values.users.place import Place
from privreg_values.users.user_list import User
from privreg_values.values.nodes import Mark


@dataclass(frozen=True)
class Account:
    """A user, without secrets.

    Args:
        name: The user's name.
        role: pull, push or admin; None where the file does not say.
        repositories: Patterns of repositories; None for all of them.
        hash_cost: The cost of the bcrypt hash; None where it is not in the files, or is none.
        pull_credential: The cluster pulls with this user.
        previous_until: Until when the password before is to work; None without one.
    """

    name: str
    role: str | None
    repositories: list[str] | None
    hash_cost: int | None
    pull_credential: bool
    previous_until: str | None


@dataclass(frozen=True)
class Description:
    """All about one user.

    Args:
        account: The user.
        places: Where it is written.
        previous_is_over: The time of the password before is over; it works until `users prune`.
    """

    account: Account
    places: list[Mark]
    previous_is_over: bool


class Match(StrEnum):
    """Which password of a user one is."""

    CURRENT = "current"
    PREVIOUS = "previous"
    NONE = "none"


@dataclass(frozen=True)
class Verdict:
    """What became of comparing a password.

    Args:
        name: Whose it may be.
        match: Which one it is.
        previous_until: Until when the password before is to work; None without one.
    """

    name: str
    match: Match
    previous_until: str | None


def listing(files: Files) -> tuple[list[Account], list[str]]:
    """Give the users, and what a person should know about them.

    Raises:
        FileError: a file cannot be read.
        ConflictError: the users are not a list of users.
    """
    place = Place(read(files))
    notes = place.notes_about_roles()
    if not place.list.users and not notes:
        notes.append(f"{files.secret_place} has no users; `privreg-values users add NAME --role push` adds one")
    return [_account(user, place) for user in place.list.users.values()], notes


def describe(files: Files, name: str) -> Description:
    """Give all about one user.

    Raises:
        FileError: a file cannot be read.
        ConflictError: there is no such user.
    """
    place = Place(read(files))
    place.must_have(name)
    previous = place.list.users[name].previous
    return Description(
        _account(place.list.users[name], place),
        place.list.places(name),
        previous is not None and rotation.is_over(previous.until),
    )


def verify(files: Files, name: str, password: str) -> Verdict:
    """Compare a password with a user's hashes.

    Raises:
        FileError: a file cannot be read.
        ConflictError: there is no such user, or no hash that could be compared.
    """
    place = Place(read(files))
    if place.list.elsewhere:
        place.refuse(("auth", "existingSecret"), f"the hashes are in the Secret {place.list.secret}, not here")
    place.must_have(name)
    user = place.list.users[name]
    if not is_hash(user.hash):
        mark = place.list.places(name)[-1]
        raise ConflictError([f"{mark}: {name} has no bcrypt hash; make one with `privreg-values users rotate {name}`"])
    previous = user.previous
    if matches(password, user.hash):
        match = Match.CURRENT
    elif previous and is_hash(previous.hash) and matches(password, previous.hash):
        match = Match.PREVIOUS
    else:
        match = Match.NONE
    return Verdict(name, match, previous.until if previous else None)


def _account(user: User, place: Place) -> Account:
    return Account(
        user.name,
        user.role or None,
        list(user.repositories) or None,
        int(user.hash[4:6]) if is_hash(user.hash) else None,
        user.name == place.puller,
        user.previous.until if user.previous else None,
    )
