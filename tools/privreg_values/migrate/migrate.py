"""Recognises what it is given, and brings it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from privreg_values.errors import ConflictError, FileError, UsageError
from privreg_values.migrate import writer
from privreg_values.migrate.found import Carried, Found, Lost
from privreg_values.migrate.sources import files, hand_made, twuni, wrapped
from privreg_values.migrate.sources.objects import from_node
from privreg_values.migrate.versions import MIGRATIONS
from privreg_values.shapes import editing
from privreg_values.shapes.layout import Files
from privreg_values.users.roles import Grant, Role
from privreg_values.users.user_list import UserList
from privreg_values.values import chart
from privreg_values.values.nodes import Node

KNOWN = (
    "Known are: Kubernetes manifests of a registry set up by hand, values of twuni's chart docker-registry, and values "
    "of this chart"
)


@dataclass(frozen=True)
class Request:
    """What the caller wants.

    Args:
        sources: Files and folders; "-" is standard input.
        output: The values file to write; None for values.yaml, or for the file itself where it is one of this chart.
        credentials: The file for the passwords.
        host: The registry's name; None for the one that is found.
        grants: What users may do; the others get push.
        keep_pull_user: The cluster goes on pulling with the user of the old pull Secret.
        release: The name of the old Helm release.
    """

    sources: Sequence[str]
    output: str | None
    credentials: str
    host: str | None = None
    grants: Mapping[str, Grant] = field(default_factory=dict)
    keep_pull_user: bool = False
    release: str = "docker-registry"


@dataclass(frozen=True)
class Outcome:
    """What was done.

    Args:
        source: What was recognised, in words.
        values: The name of the values file.
        credentials: The name of the file for the passwords.
        host: The registry's name; empty where the values do not say.
        written: The files that were written.
        carried: What is carried over.
        done: What is new, in words.
        lost: What is not carried over.
        notes: What a person should know besides.
        stop: The commands that end the old registry, without their namespace.
        namespace: The namespace of the old registry; None where it is unknown.
        checker: An old user who may push, to check the new registry as; empty where the credentials have one.
    """

    source: str
    values: str
    credentials: str
    host: str
    written: list[str]
    carried: list[Carried] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    namespace: str | None = None
    checker: str = ""


def migrate(request: Request) -> Outcome:
    """Bring an older set-up over to this version of the chart.

    Raises:
        UsageError: the request does not fit what it is about.
        FileError: a file cannot be read or written, or is of no known kind; nothing was written.
        ConflictError: the chart would refuse what came of it; nothing was written.
    """
    names = files.names(request.sources)
    documents = wrapped.unwrap(files.documents(names))
    if any(from_node(it) for it in documents):
        return _anew(request, hand_made.read(documents))
    if len(documents) == 1 and twuni.fits(documents[0]):
        return _anew(request, twuni.read(documents[0], request.release))
    if documents and all(_is_ours(it) for it in documents):
        if len(names) > 1:
            raise UsageError("several values files at once", "migrate one after the other")
        return _in_place(request, names[0])
    raise _unknown(names)


def _is_ours(values: Node) -> bool:
    """Tell whether a document has only keys that this chart has."""
    return isinstance(values.value, dict) and values.value.keys() <= chart.schema()["properties"].keys()


def _unknown(names: Sequence[str]) -> FileError:
    return FileError(f"{', '.join(names)}: nothing that can be migrated", KNOWN)


def _anew(request: Request, found: Found) -> Outcome:
    values = request.output or "values.yaml"
    written = writer.write(
        found,
        values,
        request.credentials,
        host=request.host,
        grants=request.grants,
        keep_pull_user=request.keep_pull_user,
    )
    return Outcome(
        found.source,
        values,
        request.credentials,
        written.host,
        written.written,
        list(found.values.values()),
        written.done,
        found.lost,
        [*written.notes, *_without_admin(found, request.grants)],
        found.stop,
        found.namespace,
        _checker(found, request.grants),
    )


def _checker(found: Found, grants: Mapping[str, Grant]) -> str:
    pushing = (name for name in found.users if name not in grants or grants[name].role != Role.PULL)
    return next(pushing, "")


def _without_admin(found: Found, grants: Mapping[str, Grant]) -> list[str]:
    """Tell who could become admin: everybody was one, and nobody is by default."""
    if not found.users or any(it.role == Role.ADMIN for it in grants.values()):
        return []
    return [
        "nobody may delete images or list the catalog; to change that, run "
        f"`privreg-values users role {next(iter(found.users))} admin`"
    ]


def _in_place(request: Request, name: str) -> Outcome:
    """Change a values file of this chart where it has to be, and nothing else in it."""
    if name == "-":
        raise UsageError("values of this chart are changed where they are", "name the file")
    if request.output not in (None, name):
        raise UsageError("--output does not fit: values of this chart are changed where they are", "leave it out")
    done: list[str] = []
    lost: list[Lost] = []
    with editing.opened(Files(name, request.credentials)) as session:
        users = UserList(session.values)
        if users.conflicts:
            raise ConflictError(users.conflicts)
        if strangers := [it for it in request.grants if it not in users.users]:
            raise UsageError(f"--role names {strangers[0]}, who is not in {name}", "name one of auth.users")
        for migration in MIGRATIONS.values():
            changed, left = migration(session.values, request.grants)
            done, lost = done + changed, lost + left
        if new := session.new_problems(session.problems()):
            raise ConflictError(new)
        written = session.save()
        host = session.values.get(("host",))
    return Outcome(
        "values of this chart",
        name,
        request.credentials,
        str(host or ""),
        written,
        done=done,
        lost=lost,
        notes=session.notes,
    )
