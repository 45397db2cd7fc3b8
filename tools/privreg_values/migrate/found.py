"""What an older set-up says, in the terms of this chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from privreg_values.release.hiding import hide
from privreg_values.users.credentials import is_hash, user_name_fault
from privreg_values.values import chart, schema
from privreg_values.values.nodes import Mark, Node, Path, Value, plain
from privreg_values.values.paths import render


@dataclass(frozen=True)
class Lost:
    """Something that is not carried over.

    Args:
        mark: Where it is.
        what: What it is, and why it stays behind. Never a secret.
        remedy: What to do about it.
    """

    mark: Mark
    what: str
    remedy: str


@dataclass(frozen=True)
class Carried:
    """A value of this chart, and where it comes from."""

    mark: Mark
    path: Path
    value: Value


@dataclass(frozen=True)
class OldUser:
    """A user of the old registry."""

    name: str
    hash: str
    mark: Mark


@dataclass(frozen=True)
class PullSecret:
    """A credential that namespaces had, by the registry's name."""

    host: str
    username: str
    password: str
    namespace: str
    mark: Mark


@dataclass
class Found:
    """What was found.

    Args:
        source: The kind of source, in words.
        hosts: Names of the registry, the one that counts first.
        users: The old users by name, in their order.
        pull_secrets: Credentials of namespaces.
        namespaces: Namespaces that pull.
        http_secret: What signed the state of uploads; empty where it is unknown or too short.
        values: What is carried over, by path.
        lost: What is not.
        stop: The commands that end the old registry, without their namespace.
        namespace: The namespace of the old registry; None where the source does not say.
    """

    source: str
    hosts: dict[str, Mark] = field(default_factory=dict)
    users: dict[str, OldUser] = field(default_factory=dict)
    pull_secrets: list[PullSecret] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)
    http_secret: str = ""
    values: dict[Path, Carried] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    namespace: str | None = None

    def take(self, path: Path, value: Value, mark: Mark) -> bool:
        """Carry a value over, if the chart accepts it and nothing else has been carried there.

        Args:
            path: Where it goes.
            value: What it is.
            mark: Where it comes from.

        Returns:
            Whether it is carried over.
        """
        there = self.values.get(path)
        if there and there.value != value:
            new, old = (_shown(hide(it, path)) for it in (value, there.value))
            self.lose(mark, f"{new} for {render(path)}, which is {old} already", "choose one")
            return False
        if fault := _fault(path, value):
            self.lose(mark, f"{render(path)}: {fault}", f"set {render(path)} by hand")
            return False
        self.values[path] = Carried(mark, path, value)
        return True

    def take_node(self, path: Path, node: Node | None) -> None:
        """Carry the value of a node over, if there is one that says something."""
        if node and node.value not in (None, "", [], {}):
            self.take(path, plain(node), node.key_mark or node.mark)

    def lose(self, mark: Mark, what: str, remedy: str) -> None:
        """Note what is not carried over."""
        self.lost.append(Lost(mark, what, remedy))

    def add_user(self, name: str, hashed: str, mark: Mark) -> None:
        """Carry a user over, if the chart accepts the name and the hash; of two, the last one counts.

        That is what distribution does with an htpasswd file (registry/auth/htpasswd/htpasswd.go).
        """
        fix = "make the user anew with `privreg-values users add`"
        if reason := user_name_fault(name):
            self.lose(mark, f"user {name[:40]!r} {reason}", fix)
        elif not is_hash(hashed):
            self.lose(mark, f"user {name} has no bcrypt hash of cost 4 to 14", fix)
        else:
            if name in self.users:
                self.lose(self.users[name].mark, f"user {name} is there twice; the last one counts", "nothing to do")
            self.users[name] = OldUser(name, hashed, mark)

    def set_http_secret(self, value: Value, mark: Mark) -> None:
        """Carry over what signs the state of uploads, if it is long enough."""
        if isinstance(value, str) and value and not _fault(("httpSecret", "value"), value):
            self.http_secret = value
        else:
            self.lose(mark, "the HTTP secret is shorter than 32 characters", "nothing to do: a new one is made")


def _fault(path: Path, value: Value) -> str:
    """Say why the chart would refuse a value; nothing when it would not."""
    values: dict[str, Value] = plain(chart.defaults())
    container: Value = values
    for step in path[:-1]:
        container = container.setdefault(step, {})
    container[path[-1]] = value
    faults = [it for it in schema.check(values) if it.path[: len(path)] == path]
    return faults[0].expected if faults else ""


def _shown(value: Value) -> str:
    return "a map" if isinstance(value, Mapping) else str(value)
