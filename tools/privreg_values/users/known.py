"""What the files of `gen` say about a registry: its host, its users, their passwords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from privreg_values.errors import FileError, UsageError
from privreg_values.files import is_there
from privreg_values.values import yaml_reader
from privreg_values.values.nodes import plain
from privreg_values.values.values_file import read_text

VALUES = "values.yaml"
CREDENTIALS = "credentials.yaml"


@dataclass(frozen=True)
class Known:
    """What the files say.

    Args:
        host: The registry's name; empty when no file names it.
        passwords: Passwords by user, in the file's order.
        credentials: The file that they are from.
        credentials_host: The registry that they are for.
    """

    host: str
    passwords: dict[str, str]
    credentials: str
    credentials_host: str

    def allow(self, host: str) -> None:
        """See that the passwords are for a host.

        Raises:
            UsageError: they are for another one, and must not be sent there.
        """
        if self.credentials_host and self.credentials_host != host:
            raise UsageError(
                f"{self.credentials} is for {self.credentials_host}; its passwords are not sent to {host}",
                "give the right --credentials file, or --password-stdin",
            )


def read_known(values: str | None, credentials: str | None) -> Known:
    """Read the files.

    Args:
        values: The values file; None for values.yaml, where there is one.
        credentials: The credentials file; None for credentials.yaml, where there is one.

    Raises:
        FileError: one that is named cannot be read.
    """
    settings = _read(values, VALUES)
    secrets = _read(credentials, CREDENTIALS)
    name = credentials or CREDENTIALS
    passwords = secrets.get("users") or {}
    if not (isinstance(passwords, dict) and all(isinstance(it, str) for it in passwords.values())):
        raise FileError(f"{name}: users: expected passwords by user name, each in quotes", "correct it")
    secret_host = str(secrets.get("host") or "")
    return Known(str(settings.get("host") or "") or secret_host, passwords, name, secret_host)


def _read(name: str | None, default: str) -> dict[str, Any]:
    if name is None:
        if not is_there(default):
            return {}
        name = default
    values: dict[str, Any] = plain(yaml_reader.parse(read_text(name), name).root)
    return values
