"""The pull Secret and the reference to it, in one namespace: made, changed, taken back.

- A Secret is ours when its annotation privreg.io/release names this release. Any other Secret of that
  name is left alone, and so are the ServiceAccounts beside it.
- imagePullSecrets is an atomic list: it is read, our entry is added or removed, and the write carries
  the resourceVersion that was read, so that nothing written in between is lost; on a conflict it starts
  over. Others' entries are never dropped, reordered or repeated; nothing is written that is so already.
- Which entry is ours is recorded on the ServiceAccount, in the same write. An entry of that name that
  somebody put there by hand is not recorded, and stays.
- Each step may be interrupted and run again: the Secret is made before the references to it, and deleted
  after them.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from choosing import Settings
from docker_config import hosts_of, login_for
from kubernetes_api import Api, ApiError, Json, again_on_conflict, parse_object

OWNER = "privreg.io/release"  # on a Secret: the release that it belongs to; on an Event: that it is of; NAMESPACE/NAME
RECORD = "privreg.io/pull-secrets"  # on a ServiceAccount: {Secret's name: release} of the entries added here
SECRET_TYPE = "kubernetes.io/dockerconfigjson"  # noqa: S105 - the name of a type
SECRET_KEY = ".dockerconfigjson"  # noqa: S105 - the name of a key
LABELS = {"app.kubernetes.io/managed-by": "privreg", "app.kubernetes.io/part-of": "privreg"}


class SourceError(Exception):
    """There is no credential to deliver."""


class Refused(Exception):
    """Not done, because it would touch what is not ours."""


@dataclass
class Place:
    """One namespace: what is there, what is to be there, and what came of it.

    Attributes:
        namespace: its name.
        wanted: whether it is served.
        uid: tells it from another of that name, later.
        secret: the Secret of our name there, as it was seen.
        there: the names of its ServiceAccounts.
        accounts: those of them that have to be changed, by name, as they were seen.
        done: what was done.
        refused: what was not, because it would touch what is not ours.
        failed: what could not be done.
    """

    namespace: str
    wanted: bool
    uid: str = ""
    secret: Json | None = None
    there: set[str] = field(default_factory=set)
    accounts: dict[str, Json] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def served(self) -> bool:
        """Whether the credential is there as it should be."""
        return self.wanted and not (self.refused or self.failed)

    def __str__(self) -> str:
        refused = [f"REFUSED: {reason}" for reason in self.refused]
        failed = [f"FAILED: {reason}" for reason in self.failed]
        return f"namespace {self.namespace}: " + "; ".join([*self.done, *refused, *failed])


def read_credential(api: Api, settings: Settings) -> str:
    """The credential to deliver, in base64 as a Secret holds it.

    Raises:
        SourceError: the Secret that it comes from is missing, or holds something else.
        ApiError: it cannot be read.
    """
    where = f"Secret {settings.source_secret} in namespace {settings.release_namespace}"
    secret = api.get(secret_path(settings.release_namespace, settings.source_secret))
    if secret is None:
        raise SourceError(f"{where} does not exist: there is nothing to deliver")
    encoded = (secret.get("data") or {}).get(SECRET_KEY)
    if not encoded:
        raise SourceError(f"{where} lacks the key {SECRET_KEY}; it must be of type {SECRET_TYPE}")
    config = parse_object(base64.b64decode(encoded))
    if not isinstance(config.get("auths"), dict):
        raise SourceError(f'{where}: its {SECRET_KEY} is none: {{"auths": {{HOST: …}}}}')
    hosts = hosts_of(config)
    if not (login_for(config, settings.host) if settings.host else hosts):
        raise SourceError(
            f"{where}: its {SECRET_KEY} has no login for {settings.host or 'any host'}, only for: "
            f"{', '.join(hosts) or 'none'}; nothing is delivered"
        )
    return str(encoded)


# --- The Secret


def put_secret(api: Api, settings: Settings, credential: str, place: Place) -> None:
    """Create the Secret, or change it in place.

    Raises:
        Refused: one of that name is not ours; an Event tells the people of the namespace.
    """
    if settings.is_source(place.namespace):
        return

    def put(secret: Json | None) -> str:
        if secret is None:
            create_secret(api, settings, place.namespace, credential)
            return "created"
        if not owns(secret, settings):
            raise Refused(foreign(secret, settings))
        if is_current(secret, credential):
            return ""
        metadata = {"resourceVersion": secret["metadata"]["resourceVersion"], "labels": LABELS}
        api.patch(path, {"metadata": metadata, "data": {SECRET_KEY: credential}})
        return "updated"

    path = secret_path(place.namespace, settings.secret_name)
    try:
        done = again_on_conflict(api, path, place.secret, put)
    except Refused as refusal:
        tell_namespace(api, settings, place.namespace, str(refusal))
        raise
    if done:
        place.done.append(f"Secret {settings.secret_name} {done}")


def copy_secret(api: Api, settings: Settings, target: Settings, place: Place) -> None:
    """Make the Secret that `target` names out of the one that `settings` names."""
    if place.secret is None or not owns(place.secret, settings):
        return
    try:
        create_secret(api, target, place.namespace, (place.secret.get("data") or {}).get(SECRET_KEY, ""))
    except ApiError as error:
        if error.status != 409:  # one that is there: whose it is, delivery will see
            raise
    place.done.append(f"Secret {target.secret_name} created")


def delete_secret(api: Api, settings: Settings, place: Place) -> None:
    """Delete the Secret if it is ours."""

    def delete(secret: Json | None) -> bool:
        if secret is None or not owns(secret, settings):
            return False
        try:
            api.delete(path, secret)
        except ApiError as error:
            if error.status != 404:
                raise
        return True

    path = secret_path(place.namespace, settings.secret_name)
    if not settings.is_source(place.namespace) and again_on_conflict(api, path, place.secret, delete):
        place.done.append(f"Secret {settings.secret_name} deleted")


def create_secret(api: Api, settings: Settings, namespace: str, credential: str) -> None:
    """Create the Secret; ApiError with status 409 where one of that name is."""
    metadata = {"name": settings.secret_name, "labels": LABELS, "annotations": {OWNER: settings.release}}
    secret = {"metadata": metadata, "type": SECRET_TYPE, "data": {SECRET_KEY: credential}}
    api.create(secret_path(namespace), secret)


def is_current(secret: Json, credential: str) -> bool:
    """Whether our Secret is as it should be."""
    labels = secret["metadata"].get("labels") or {}
    return (secret.get("data") or {}).get(SECRET_KEY) == credential and labels.items() >= LABELS.items()


def owns(secret: Json, settings: Settings) -> bool:
    """Whether a Secret was made by this release."""
    owner = (secret["metadata"].get("annotations") or {}).get(OWNER)
    return owner == settings.release and secret.get("type") == SECRET_TYPE


def foreign(secret: Json, settings: Settings) -> str:
    """Why a Secret of our name is left alone."""
    owner = (secret["metadata"].get("annotations") or {}).get(OWNER)
    whose = f"belongs to release {owner}" if owner else "was not made by privreg"
    return f"Secret {settings.secret_name} {whose}; it is left alone, and so are the ServiceAccounts beside it"


def secret_path(namespace: str, name: str = "") -> str:
    """The API path of a Secret, or of all in the namespace."""
    return f"/api/v1/namespaces/{namespace}/secrets" + (f"/{name}" if name else "")


# --- The references in ServiceAccounts


def change_accounts(api: Api, place: Place, patch_for: Callable[[Json], Json | None]) -> None:
    """Write to each ServiceAccount that needs something the patch that `patch_for` makes for it."""

    def change(account: Json | None) -> bool:
        patch = None if account is None else patch_for(account)
        if patch is None:
            return False
        try:
            api.patch(path, patch)
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    for name, seen in place.accounts.items():
        path = f"/api/v1/namespaces/{place.namespace}/serviceaccounts/{name}"
        if again_on_conflict(api, path, seen, change):
            place.done.append(f"ServiceAccount {name} changed")


def with_reference(account: Json, settings: Settings) -> Json | None:
    """The patch that adds our entry to a ServiceAccount, or None where the entry is there."""
    references = account.get("imagePullSecrets") or []
    if any(entry.get("name") == settings.secret_name for entry in references):
        return None
    record = recorded(account) | {settings.secret_name: settings.release}
    return guarded_patch(account, [*references, {"name": settings.secret_name}], record)


def without_reference(account: Json, settings: Settings) -> Json | None:
    """The patch that removes our entry from a ServiceAccount, or None where none is recorded as ours."""
    record = recorded(account)
    if record.pop(settings.secret_name, None) != settings.release:
        return None
    references = account.get("imagePullSecrets") or []
    kept = [entry for entry in references if entry.get("name") != settings.secret_name]
    return guarded_patch(account, kept, record)


def with_renamed_reference(account: Json, settings: Settings, name: str) -> Json | None:
    """The patch that gives our entry another name, in its place, or None where none is recorded as ours."""
    record = recorded(account)
    if record.pop(settings.secret_name, None) != settings.release:
        return None
    references = account.get("imagePullSecrets") or []
    if any(entry.get("name") == name for entry in references):  # somebody put it there by hand
        return without_reference(account, settings)
    renamed = [{"name": name} if entry.get("name") == settings.secret_name else entry for entry in references]
    return guarded_patch(account, renamed, record | {name: settings.release})


def recorded(account: Json) -> dict[str, str]:
    """The entries that releases of this chart added: {Secret's name: release}; whoever may write there wrote it."""
    annotations = account["metadata"].get("annotations") or {}
    record = parse_object(annotations.get(RECORD, ""))
    return {name: release for name, release in record.items() if isinstance(release, str)}


def guarded_patch(account: Json, references: list[Json], record: dict[str, str]) -> Json:
    """A patch that the API server refuses with 409 once the ServiceAccount is another than was read."""
    annotation = json.dumps(record, sort_keys=True) if record else None
    return {
        "metadata": {
            "resourceVersion": account["metadata"]["resourceVersion"],
            "annotations": {RECORD: annotation},
        },
        "imagePullSecrets": references,
    }


# --- The people of the namespace


def tell_namespace(api: Api, settings: Settings, namespace: str, message: str) -> None:
    """Write an Event about the Secret that stands in the way; it is there once, for as long as Events are kept.

    It is a courtesy: what keeps it from being written keeps nothing else.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {
        "metadata": {
            "name": f"{settings.secret_name}.refused-{settings.release.replace('/', '.')}",
            "annotations": {OWNER: settings.release},
        },
        "involvedObject": {
            "apiVersion": "v1", "kind": "Secret", "namespace": namespace, "name": settings.secret_name,
        },
        "type": "Warning",
        "reason": "PullSecretRefused",
        "message": f"{message}. To have it delivered by release {settings.release}, delete or rename it.",
        "source": {"component": "privreg"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }  # fmt: skip
    with suppress(ApiError):  # told already (409), or not let in by a policy
        api.create(f"/api/v1/namespaces/{namespace}/events", event)
