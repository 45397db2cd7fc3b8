"""Finds the credential to pull with, in the files of `gen`."""

from __future__ import annotations

from typing import Any

from privreg_values.errors import UsageError
from privreg_values.pull_secret.docker_config import Credential
from privreg_values.users.known import VALUES, read_known
from privreg_values.values import hosts, yaml_reader
from privreg_values.values.nodes import plain
from privreg_values.values.values_file import read_text


def find(values: str | None, credentials: str | None, user: str | None, host: str | None) -> tuple[str, Credential]:
    """Give the registry's host and the credential to pull with.

    Args:
        values: The values file; None for values.yaml.
        credentials: The file with the passwords; None for credentials.yaml, where there is one.
        user: A user of that file; None for the values' pullSecrets.credential.
        host: The registry's name; None for that of the files.

    Raises:
        FileError: a file cannot be read.
        UsageError: the files do not say it.
    """
    if user is None:
        settings = _read(values or VALUES)
        credential = _of_values(settings, values or VALUES)
        name = host or str(settings.get("host") or "")
    else:
        known = read_known(values, credentials)
        name = host or known.host
        if user not in known.passwords:
            raise UsageError(
                f"{known.credentials} has no password of {user}", "name one of its users, or another --credentials file"
            )
        known.allow(name)
        credential = Credential(user, known.passwords[user])
    if not name:
        raise UsageError("no host is known", "give --host, or the values file that names it")
    hosts.check(name)
    return name, credential


def _of_values(settings: dict[str, Any], file: str) -> Credential:
    section = settings.get("pullSecrets") or {}
    if existing := section.get("existingSecret"):
        raise UsageError(
            f"{file}: the credential is not in this file but in the Secret {existing} (pullSecrets.existingSecret)",
            f"copy that Secret: kubectl get secret {existing} --output yaml; or name a user of credentials.yaml "
            "with --user",
        )
    found = section.get("credential") or {}
    if not (found.get("username") and found.get("password")):
        raise UsageError(f"{file}: names no pullSecrets.credential", "name a user of credentials.yaml with --user")
    return Credential(str(found["username"]), str(found["password"]))


def _read(name: str) -> dict[str, Any]:
    settings: dict[str, Any] = plain(yaml_reader.parse(read_text(name), name).root)
    return settings
