"""Makes a values file and its credentials, and adds to those that are there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from privreg_values.errors import ConflictError, UsageError
from privreg_values.generate import bucket
from privreg_values.shapes import editing
from privreg_values.shapes.layout import Files
from privreg_values.shapes.manifests import HTTP_SECRET
from privreg_values.users.credentials import check_password, check_user_name, generate_secret
from privreg_values.users.plan import Users
from privreg_values.users.roles import Grant
from privreg_values.values import hosts, validate
from privreg_values.values.nodes import Path, Value, locate
from privreg_values.values.paths import render

# Is given the registry's name, and the names of the files that are to be written.
Confirm = Callable[[str, Sequence[str]], None]

HEADER = """\
Values of the privreg chart, made by `privreg-values gen`; run it again to add to them.
`helm show values CHART` lists all others. This file holds {what}."""
_WITH_SECRETS = "a password and hashes of passwords:\nkeep it out of version control"
_WITHOUT_SECRETS = "no secret: they are in {place}"
SECRETS_HEADER = """\
The secrets that go over {values}: `helm install -f {values} -f {secrets}`.
Keep this file out of version control, or encrypt it."""
BLOCKS = {
    "host": "The name that clients and nodes know the registry by.",
    "auth": """\
Who may log in. role: pull reads, push also writes, admin also deletes and lists the catalog.
repositories: ["team-a/**"] limits it; * is within one component of a name, ** any number.
The bcrypt hashes are of the passwords in {credentials}; the gateway computes one at a login
and then remembers it for gateway.cacheSeconds. A generated password has 160 random bits,
which nobody guesses at any cost; its hash has the lowest (4). One that a person chose gets 12.""",
    "httpSecret": "Signs the state of uploads; nobody ever types it.",
    "pullSecrets": "What the cluster pulls with, for these namespaces and the release's own: a user who only pulls.",
    "storage": "Where the images are kept. Types: pvc, hostPath, nfs, s3 (a bucket), emptyDir (for trials).",
    "ingress": """\
The way in. className: the IngressClass; empty is the cluster's default. preset: haproxy,
nginx or traefik, for the annotations that pushes of any size need there.""",
    "tls": """\
The certificate. secretName: a TLS Secret; empty is the release's full name and "-tls".
certManager.enabled: true lets cert-manager make it.""",
    "replicas": "How many registries share the work; they need storage that all of them may write to.",
    "podDisruptionBudget": "Where nodes are drained, one registry goes at a time.",
    "topologySpreadConstraints": "The registries go to different nodes, if there are some.",
}
CREDENTIALS_HEADER = """\
The passwords of {host}; whoever reads this file can log in.
Keep it out of version control. To log in:
  docker login {host} --username {user}"""
USERS_COMMENT = "By user name; cluster is what the cluster itself pulls with."
_STORAGE_TYPE: Path = ("storage", "type")
_STORAGE_SIZE: Path = ("storage", "persistence", "size")
_STORAGE_FOLDER: Path = ("storage", "hostPath", "path")
_SHOWN: dict[Path, Value] = {
    _STORAGE_TYPE: "pvc",
    _STORAGE_SIZE: "20Gi",
    ("ingress", "className"): "",
    ("tls", "secretName"): "",
}


def header(files: Files) -> str:
    """Give the comment at the top of a values file."""
    what = _WITHOUT_SECRETS.format(place=files.secret_place) if files.git_safe else _WITH_SECRETS
    return HEADER.format(what=what)


def credentials_header(host: str, user: str) -> str:
    """Give the comment at the top of a credentials file."""
    return CREDENTIALS_HEADER.format(host=host, user=user)


@dataclass(frozen=True)
class Setting:
    """A value that the caller chose.

    Args:
        path: Where it goes in the values.
        value: What it is.
        option: The option that asked for it, for messages.
    """

    path: Path
    value: Value
    option: str


@dataclass(frozen=True)
class Request:
    """What the caller wants.

    Args:
        host: The registry's name; None to keep the one that is there.
        users: Users to add, and what they may do; None for the usual role of that name, or push.
        rotate: Users who get a new password.
        password: The password of the one user who is added or rotated; None to make one.
        settings: Chosen values.
        namespaces: Namespaces that may pull.
        keys: What the registry logs in to its bucket with.
    """

    host: str | None = None
    users: Mapping[str, Grant | None] = field(default_factory=dict)
    rotate: Sequence[str] = ()
    password: str | None = None
    settings: Sequence[Setting] = ()
    namespaces: Sequence[str] = ()
    keys: bucket.Keys | None = None

    def check(self) -> None:
        """Accept a request that makes sense by itself.

        Raises:
            UsageError: it does not.
        """
        if self.host is not None:
            hosts.check(self.host)
        for name in (*self.users, *self.rotate):
            check_user_name(name)
        if self.keys:
            self.keys.check()
        if self.password is not None:
            check_password(self.password)
            if len({*self.users, *self.rotate}) != 1:
                raise UsageError(
                    "a password was given, and not for exactly one user", "name one with --user or --rotate"
                )


@dataclass(frozen=True)
class Outcome:
    """What was done.

    Args:
        host: The registry's name.
        written: The files that were written.
        done: What is new, in words.
        notes: What a person should know.
        users: The users whose passwords the credentials file has.
        problems: What the chart refuses; it was so before.
    """

    host: str
    written: list[str]
    done: list[str]
    notes: list[str]
    users: list[str]
    problems: list[validate.Problem]


def generate(request: Request, files: Files, confirm: Confirm | None = None) -> Outcome:
    """Make or extend the files. All of them are written, or none is.

    Args:
        request: What is wanted.
        files: The files.
        confirm: Called before anything is written, if anything is to be; what it raises ends the run.

    Raises:
        UsageError: the request makes no sense, or names no host and the files have none.
        ConflictError: it disagrees with what the files say; nothing was changed.
        FileError: a file cannot be read, edited or written.
    """
    request.check()
    with editing.opened(files) as session:
        return complete(request, session, confirm)


def complete(request: Request, session: editing.Editing, confirm: Confirm | None = None) -> Outcome:
    """Add what is missing to files that are being edited, and write them.

    Args:
        request: What is wanted.
        session: The files.
        confirm: See `generate`.

    Raises:
        UsageError: no host is named.
        ConflictError: the request disagrees with what the files say; nothing was changed.
        FileError: a file cannot be edited or written.
    """
    return _Generation(request, session).run(confirm)


class _Generation:
    """One run, while the files are locked."""

    def __init__(self, request: Request, session: editing.Editing) -> None:
        self.request = request
        self.session = session
        self.values, self.credentials = session.values, session.credentials
        self.conflicts: list[str] = []
        self.done: list[str] = []

    def run(self, confirm: Confirm | None) -> Outcome:
        host = self._agree_on_host()
        if self.conflicts:  # these are files of two registries: nothing else about them matters
            raise ConflictError(self.conflicts)
        users = Users(self.session)
        users.plan(self.request.users, self.request.rotate, self.request.password)
        self.conflicts += users.conflicts + self._contradictions()
        if self.conflicts:
            raise ConflictError(self.conflicts)
        self._write_values(host, users)
        self._write_credentials(host, users)
        problems = self.session.problems()
        known = [*users.passwords.values(), *([self.request.keys.secret] if self.request.keys else [])]
        if new := self.session.new_problems(problems) + self.session.leaks(known):
            raise ConflictError(new)
        if confirm and (unsaved := self.session.unsaved()):
            confirm(host, unsaved)
        written = self.session.save()
        notes = self.session.notes + users.notes
        return Outcome(host, written, self.done + users.done, notes, list(users.passwords), problems)

    def _agree_on_host(self) -> str:
        found = self.session.hosts()
        wanted = self.request.host or next(iter(found), None)
        if wanted is None:
            raise UsageError("--host is missing", "give the name that clients use: --host registry.example.com")
        for there, where in found.items():
            if there != wanted:
                asked = f"--host asks for {wanted}" if self.request.host else f"the other file says {wanted}"
                self.conflicts.append(f"{where}, and {asked}; name other files with --output and --credentials")
        return wanted

    def _contradictions(self) -> list[str]:
        lines = []
        for setting in self.request.settings:
            there = self.values.get(setting.path)
            if there not in (None, "", setting.value):
                mark = locate(self.values.root, setting.path)
                asked = f"is {there}, and {setting.option} asks for {setting.value}"
                lines.append(f"{mark}: {render(setting.path)}: {asked}; edit the file, or leave the option out")
        return lines + (bucket.contradictions(self.request.keys, self.session) if self.request.keys else [])

    def _write_values(self, host: str, users: Users) -> None:
        fresh = not self.values.text.strip()
        self._begin()
        if not self.values.get(("host",)):
            self.values.set(("host",), host, BLOCKS["host"])
            self.done.append(f"host {host}")
        users.write_values(BLOCKS["auth"].format(credentials=self.credentials.file))
        self._write_http_secret()
        users.write_pull_credential(BLOCKS["pullSecrets"])
        self._write_namespaces(fresh)
        self._write_settings(fresh)
        if self.request.keys and bucket.write(self.request.keys, self.session, BLOCKS["storage"]):
            self.done.append("keys of the bucket")

    def _begin(self) -> None:
        names = self.session.names
        self.session.begin(header(names), SECRETS_HEADER.format(values=names.values, secrets=names.secrets))

    def _write_http_secret(self) -> None:
        there = self.values.get(("httpSecret",)) or {}
        if not isinstance(there, dict):
            return
        named, manifests = there.get("existingSecret"), self.session.manifests
        if there.get("value") or (named and (named != HTTP_SECRET.name or not manifests or manifests.has(named))):
            return
        if manifests:
            if not named:
                self.values.set(HTTP_SECRET.path, HTTP_SECRET.name, BLOCKS["httpSecret"])
            manifests.entry(HTTP_SECRET, HTTP_SECRET.name).set(generate_secret())
        else:
            self.values.set(("httpSecret", "value"), generate_secret(), BLOCKS["httpSecret"])
        self.done.append("HTTP secret")

    def _write_namespaces(self, fresh: bool) -> None:
        path = ("pullSecrets", "namespaces")
        there = self.values.get(path)
        present = there if isinstance(there, list) else []
        wanted = [name for name in dict.fromkeys(self.request.namespaces) if name not in present]
        if there:
            for name in wanted:
                self.values.append(path, name)
        elif wanted or fresh:
            self.values.set(path, wanted or ["default"], BLOCKS["pullSecrets"])
        if wanted:
            self.done.append(f"pulling in {', '.join(wanted)}")

    def _write_settings(self, fresh: bool) -> None:
        """Set what was chosen; a new file also shows what people look for first."""
        chosen = {setting.path: setting.value for setting in self.request.settings}
        settings = {**(_SHOWN if fresh else {}), **chosen}
        if settings.get(_STORAGE_TYPE, "pvc") != "pvc" and _STORAGE_SIZE not in chosen:
            settings.pop(_STORAGE_SIZE, None)
        if fresh and settings[_STORAGE_TYPE] == "hostPath":
            settings.setdefault(_STORAGE_FOLDER, "/var/lib/privreg")
        for path, value in settings.items():
            if self.values.get(path) != value:
                self.values.set(path, value, BLOCKS[str(path[0])])
                if path in chosen:
                    self.done.append(f"{render(path)} {value if isinstance(value, str) else json.dumps(value)}")

    def _write_credentials(self, host: str, users: Users) -> None:
        self.credentials.begin(credentials_header(host, next(iter(users.passwords), "NAME")))
        if not self.credentials.get(("host",)):
            self.credentials.set(("host",), host)
        users.write_credentials(USERS_COMMENT)
