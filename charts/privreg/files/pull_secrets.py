"""Deliver the registry's pull Secret to namespaces, and take it back.

    pull_secrets.py deliver --settings FILE --credential FILE
    pull_secrets.py withdraw --settings FILE

The one program of this chart with rights in the cluster; standard library only. The rights that it needs:

    in each namespace: get, patch and delete the Secret of the given name; create Secrets;
                       get and patch the ServiceAccounts of the given names

What it promises:

- A Secret is ours when its annotation privreg.io/release names this release. Any other Secret of that
  name is left alone, and so are the ServiceAccounts beside it.
- imagePullSecrets is an atomic list: it is read, our entry is added or removed, and the write carries
  the resourceVersion that was read, so that nothing written in between is lost; on a conflict it starts
  over. Others' entries are never dropped, reordered or repeated; nothing is written that is so already.
- Which entry is ours is recorded on the ServiceAccount, in the same write. An entry of that name that
  somebody put there by hand is not recorded, and stays.
- Each step may be interrupted and run again: delivery makes the Secret first, withdrawal removes it last.

One line per namespace goes to stdout, never the credential. Exit codes: 0 done; 1 something failed or, with
"strict", was refused; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kubernetes_api import Api, ApiError, Json, again_on_conflict, parse_object

OWNER = "privreg.io/release"  # on a Secret: the release that it belongs to, as NAMESPACE/NAME
RECORD = "privreg.io/pull-secrets"  # on a ServiceAccount: {Secret's name: release} of the entries added here
SECRET_TYPE = "kubernetes.io/dockerconfigjson"  # noqa: S105 - the name of a type
SECRET_KEY = ".dockerconfigjson"  # noqa: S105 - the name of a key
LABELS = {"app.kubernetes.io/managed-by": "privreg", "app.kubernetes.io/part-of": "privreg"}
ACCOUNT_WAIT = 30.0  # seconds; a new namespace gets its ServiceAccount `default` a moment later


class SettingsError(Exception):
    """A file given on the command line cannot be used."""


class Refused(Exception):
    """Not done, because it would touch what is not ours."""


@dataclass(frozen=True)
class Settings:
    """What the chart wants.

    Attributes:
        release: NAMESPACE/NAME of the Helm release, the mark of what is ours.
        secret_name: the pull Secret's name in every namespace.
        source_secret: the Secret in the release's namespace that the credential comes from.
        release_namespace: that namespace.
        namespaces: where to deliver.
        service_accounts: those that get the reference, in each namespace.
        strict: whether something refused or missing fails the run.
    """

    release: str
    secret_name: str
    source_secret: str
    release_namespace: str
    namespaces: tuple[str, ...]
    service_accounts: tuple[str, ...]
    strict: bool

    @classmethod
    def read(cls, path: Path) -> Settings:
        """The settings in a JSON file.

        Raises:
            SettingsError: the file cannot be read, or a setting is missing.
        """
        try:
            raw = json.loads(path.read_bytes())
            return cls(
                release=raw["release"],
                secret_name=raw["secretName"],
                source_secret=raw["sourceSecret"],
                release_namespace=raw["releaseNamespace"],
                namespaces=tuple(dict.fromkeys(raw["namespaces"])),
                service_accounts=tuple(dict.fromkeys(raw["serviceAccounts"])),
                strict=raw["strict"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"{path}: not this program's settings: {error!r}") from None

    def is_source(self, namespace: str) -> bool:
        """Whether the Secret of that name is the source itself there: Helm's or the user's, never ours."""
        return namespace == self.release_namespace and self.secret_name == self.source_secret


def read_credential(path: Path) -> str:
    """The content of a .dockerconfigjson file, in base64 as a Secret holds it.

    Raises:
        SettingsError: the file cannot be read or is something else.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; the Secret must have the key {SECRET_KEY}") from None
    if not isinstance(parse_object(text).get("auths"), dict):
        raise SettingsError(f'{path}: not a {SECRET_KEY}: {{"auths": {{HOST: …}}}}')
    return base64.b64encode(text).decode()


# --- The Secret in one namespace


def put_secret(api: Api, settings: Settings, namespace: str, credential: str) -> str:
    """Create the Secret, or change it in place; returns what was done."""
    data = {SECRET_KEY: credential}
    secret = api.get(secret_path(namespace, settings.secret_name))
    if secret is None:
        metadata = {
            "name": settings.secret_name,
            "labels": LABELS,
            "annotations": {OWNER: settings.release},
        }
        api.create(secret_path(namespace), {"metadata": metadata, "type": SECRET_TYPE, "data": data})
        return "created"
    check_ownership(secret, settings)
    labels = secret["metadata"].get("labels") or {}
    if (secret.get("data") or {}).get(SECRET_KEY) == credential and labels.items() >= LABELS.items():
        return "unchanged"
    metadata = {"resourceVersion": secret["metadata"]["resourceVersion"], "labels": LABELS}
    api.patch(secret_path(namespace, settings.secret_name), {"metadata": metadata, "data": data})
    return "updated"


def delete_secret(api: Api, settings: Settings, namespace: str) -> str:
    """Delete our Secret; returns what was done."""
    path = secret_path(namespace, settings.secret_name)
    secret = api.get(path)
    if secret is None:
        return "not there"
    check_ownership(secret, settings)
    try:
        api.delete(path, secret)
    except ApiError as error:
        if error.status != 404:
            raise
    return "deleted"


def check_ownership(secret: Json, settings: Settings) -> None:
    """Raise Refused unless `secret` was made by this release."""
    owner = (secret["metadata"].get("annotations") or {}).get(OWNER)
    if owner != settings.release or secret.get("type") != SECRET_TYPE:
        whose = f"belongs to release {owner}" if owner else "was not made by privreg"
        raise Refused(f"Secret {settings.secret_name} {whose}; left alone, and so are the ServiceAccounts")


def secret_path(namespace: str, name: str = "") -> str:
    """The API path of a Secret, or of all in the namespace."""
    return f"/api/v1/namespaces/{namespace}/secrets" + (f"/{name}" if name else "")


# --- The reference in one ServiceAccount


def change_account(api: Api, namespace: str, name: str, patch_for: Callable[[Json], Json | None]) -> str:
    """Read a ServiceAccount and write the patch that `patch_for` makes for it; returns what was done."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}"
    account = api.get(path)
    if account is None:
        return "missing"
    patch = patch_for(account)
    if patch is None:
        return "unchanged"
    api.patch(path, patch)
    return "changed"


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


def recorded(account: Json) -> Json:
    """The entries that releases of this chart added: {Secret's name: release}."""
    annotations = account["metadata"].get("annotations") or {}
    return parse_object(annotations.get(RECORD, "").encode())


def guarded_patch(account: Json, references: list[Json], record: Json) -> Json:
    """A patch that the API server refuses with 409 once the ServiceAccount is another than was read."""
    annotation = json.dumps(record, sort_keys=True) if record else None
    return {
        "metadata": {
            "resourceVersion": account["metadata"]["resourceVersion"],
            "annotations": {RECORD: annotation},
        },
        "imagePullSecrets": references,
    }


# --- One namespace


@dataclass
class Report:
    """What happened in one namespace; its text is the log line."""

    namespace: str
    done: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        refused = [f"REFUSED: {reason}" for reason in self.refused]
        failed = [f"FAILED: {reason}" for reason in self.failed]
        return f"namespace {self.namespace}: " + "; ".join([*self.done, *refused, *failed])


def deliver(api: Api, settings: Settings, credential: str, report: Report) -> None:
    """Put the Secret into the report's namespace, then the reference into its ServiceAccounts."""
    namespace = report.namespace
    if settings.is_source(namespace):
        report.done.append(f"Secret {settings.secret_name} is the source")
    else:
        done = again_on_conflict(lambda: put_secret(api, settings, namespace, credential))
        report.done.append(f"Secret {settings.secret_name} {done}")
    for name in settings.service_accounts:
        done = add_reference(api, settings, namespace, name)
        if done == "missing":
            report.refused.append(f"ServiceAccount {name} does not exist")
        else:
            report.done.append(f"ServiceAccount {name} {done}")


def add_reference(api: Api, settings: Settings, namespace: str, name: str) -> str:
    """Add our entry to a ServiceAccount, waiting for a `default` that is yet to come."""
    deadline = time.monotonic() + ACCOUNT_WAIT
    while True:
        done = again_on_conflict(
            lambda: change_account(api, namespace, name, lambda account: with_reference(account, settings))
        )
        if done != "missing" or name != "default" or time.monotonic() > deadline:
            return done
        time.sleep(0.5)


def withdraw(api: Api, settings: Settings, report: Report) -> None:
    """Take our references out of the namespace's ServiceAccounts, then our Secret out of the namespace."""
    namespace = report.namespace
    if not settings.is_source(namespace):
        secret = api.get(secret_path(namespace, settings.secret_name))
        if secret is not None:
            check_ownership(secret, settings)
    for name in settings.service_accounts:
        report.done.append(f"ServiceAccount {name} {remove_reference(api, settings, namespace, name)}")
    if not settings.is_source(namespace):
        done = again_on_conflict(lambda: delete_secret(api, settings, namespace))
        report.done.append(f"Secret {settings.secret_name} {done}")


def remove_reference(api: Api, settings: Settings, namespace: str, name: str) -> str:
    """Take our entry out of a ServiceAccount."""
    return again_on_conflict(
        lambda: change_account(api, namespace, name, lambda account: without_reference(account, settings))
    )


# --- The program


def in_each_namespace(settings: Settings, step: Callable[[Report], None]) -> int:
    """Run `step` in every namespace, whatever happens in the others; returns the exit code."""
    code = 0
    for namespace in settings.namespaces:
        report = Report(namespace)
        try:
            step(report)
        except Refused as error:
            report.refused.append(str(error))
        except ApiError as error:
            report.failed.append(str(error))
        print(report, flush=True)
        if report.failed or (settings.strict and report.refused):
            code = 1
    return code


def main(arguments: list[str] | None = None, connect: Callable[[], Api] = Api.in_cluster) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Deliver the registry's pull Secret, and take it back.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("deliver", "withdraw"):
        command = commands.add_parser(name)
        command.add_argument("--settings", type=Path, required=True, metavar="FILE")
        if name == "deliver":
            command.add_argument("--credential", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.read(options.settings)
        with connect() as api:
            if options.command == "withdraw":
                return in_each_namespace(settings, lambda report: withdraw(api, settings, report))
            credential = read_credential(options.credential)
            return in_each_namespace(settings, lambda report: deliver(api, settings, credential, report))
    except (SettingsError, ApiError) as error:
        print(f"pull_secrets.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    # As the first process of a container it would ignore SIGTERM without a handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
