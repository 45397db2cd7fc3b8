"""Writes what was found as values and credentials, by the writer of `gen`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from privreg_values.errors import FileError, UsageError
from privreg_values.files import is_there
from privreg_values.generate import gen
from privreg_values.migrate.found import Found, PullSecret
from privreg_values.shapes import editing
from privreg_values.shapes.layout import Files
from privreg_values.users.credentials import generate_secret, matches
from privreg_values.users.plan import PULL_USER
from privreg_values.users.roles import Grant, Role
from privreg_values.users.user_list import User, UserList
from privreg_values.values import hosts
from privreg_values.values.nodes import Path

_BLOCKS = {
    **gen.BLOCKS,
    "image": "The registry itself.",
    "gateway": "The gateway in front of the registry.",
    "service": "How the registry is reached without an Ingress.",
    "log": "What the registry logs.",
    "resources": "Of the registry's container, as it had them.",
    "extraEnv": "More variables of the registry's container.",
}
_ORDER = ("host", "auth", "httpSecret", "pullSecrets", "storage", "ingress", "tls")


def write(
    found: Found, values: str, credentials: str, *, host: str | None, grants: Mapping[str, Grant], keep_pull_user: bool
) -> gen.Outcome:
    """Make the two files. Both are written, or neither is.

    Args:
        found: What the old set-up says; what is learned while writing is added to its `lost`.
        values: The values file; there must be none.
        credentials: The file for the passwords; there must be none.
        host: The registry's name; None for the one that was found.
        grants: What users may do; the others get push.
        keep_pull_user: The cluster goes on pulling with the user of the old pull Secret.

    Raises:
        UsageError: no host is known, or a user is named who is not there.
        FileError: a file is there already, or cannot be written.
        ConflictError: the chart would refuse the values.
    """
    if strangers := [it for it in grants if it not in found.users]:
        raise UsageError(f"--role names {strangers[0]}, who is not among the old users", _the_users(found))
    name = _host(found, host)
    with editing.opened(Files(values, credentials)) as session:
        _see_that_nothing_is_there(values, credentials)
        writing = _Writing(found, session, name)
        writing.users(grants)
        writing.pull_credential(keep_pull_user)
        writing.values()
        return gen.complete(gen.Request(host=name), session)


def _see_that_nothing_is_there(*names: str) -> None:
    for name in names:
        if is_there(name):
            raise FileError(
                f"{name}: is there already, and is never overwritten",
                "name another file with --output or --credentials",
            )


def _host(found: Found, wanted: str | None) -> str:
    """Decide on the registry's name, and tell of the others.

    A pull Secret may be for any registry: only one whose login is an old user's tells the name of this one.
    """
    pulled = (it.host for it in found.pull_secrets if _works(it, found))
    name = wanted or next(iter(found.hosts), None) or next(pulled, None)
    if name is None:
        raise UsageError("the registry's name is not in there", "give it: --host registry.example.com")
    hosts.check(name)
    for other, mark in found.hosts.items():
        if other != name:
            found.lose(mark, f"the host {other}: a release has one name, and this one is {name}", "install another one")
    return name


def _works(secret: PullSecret, found: Found) -> bool:
    """Tell whether a pull Secret has the password of an old user."""
    user = found.users.get(secret.username)
    return user is not None and matches(secret.password, user.hash)


def _the_users(found: Found) -> str:
    return f"there is {', '.join(found.users)}" if found.users else "there are none"


class _Writing:
    """The files while they are made."""

    def __init__(self, found: Found, session: editing.Editing, host: str) -> None:
        self.found = found
        self.values_file, self.credentials_file = session.values, session.credentials
        self.host = host
        self.values_file.begin(gen.header(session.names))
        self.values_file.set(("host",), host, _BLOCKS["host"])

    def users(self, grants: Mapping[str, Grant]) -> None:
        """Take the old users over, with the hashes they have."""
        users = UserList(self.values_file)
        comment = _BLOCKS["auth"].format(credentials=self.credentials_file.file)
        for old in self.found.users.values():
            grant = grants.get(old.name, Grant(Role.PUSH))
            users.add(User(old.name, old.hash, str(grant.role), grant.repositories), comment)
        self.values_file.set(
            ("httpSecret", "value"), self.found.http_secret or generate_secret(), _BLOCKS["httpSecret"]
        )

    def pull_credential(self, keep: bool) -> None:
        """Say where and with whom the cluster pulls, and keep the passwords that the pull Secrets tell."""
        known = self._passwords()
        if known:
            self.credentials_file.begin(gen.credentials_header(self.host, next(iter(known))))
            self.credentials_file.set(("host",), self.host)
        for name, password in known.items():
            self.credentials_file.set(("users", name), password, gen.USERS_COMMENT)
        if keep and not known:
            raise UsageError(
                "--keep-pull-user: no pull Secret with a working password is among the manifests",
                "add what `kubectl get secret NAME --output yaml` prints, or leave the option out",
            )
        puller = next(iter(known)) if keep else self._new_puller()
        if puller != PULL_USER:
            self._set(("pullSecrets", "credential", "username"), puller)
        here = [it.namespace for it in self.found.pull_secrets if it.host == self.host]
        namespaces = list(dict.fromkeys([*here, *self.found.namespaces]))
        self._set(("pullSecrets", "namespaces"), namespaces or ["default"])

    def _new_puller(self) -> str:
        """Give a name that no old user has: what namespaces get must not be able to push."""
        names: Sequence[str] = (PULL_USER, *(f"{PULL_USER}-pull{number}" for number in ("", *range(2, 100))))
        return next(name for name in names if name not in self.found.users)

    def _passwords(self) -> dict[str, str]:
        """Give the passwords that fit an old user's hash."""
        known: dict[str, str] = {}
        for secret in self.found.pull_secrets:
            if secret.host != self.host:
                self.found.lose(secret.mark, f"a pull Secret for {secret.host}", "nothing to do: it stays")
            elif _works(secret, self.found):
                known[secret.username] = secret.password
            else:
                self.found.lose(
                    secret.mark,
                    f"the password of {secret.username or 'nobody'} in a pull Secret: it is not the registry's",
                    "nothing to do: the chart delivers a Secret that works",
                )
        return known

    def values(self) -> None:
        """Write what is carried over: the blocks that `gen` writes first."""
        order = {key: number for number, key in enumerate(_ORDER)}
        for path in sorted(self.found.values, key=lambda path: order.get(str(path[0]), len(order))):
            self._set(path, self.found.values[path].value)

    def _set(self, path: Path, value: object) -> None:
        self.values_file.set(path, value, _BLOCKS.get(str(path[0]), f"{path[0]}, as the old set-up had it."))
