"""The login file of docker, which a Secret of type kubernetes.io/dockerconfigjson holds."""

from __future__ import annotations

import base64
import fnmatch
import json
from dataclasses import dataclass
from typing import Any

SECRET_TYPE = "kubernetes.io/dockerconfigjson"  # noqa: S105 - the name of a type
SECRET_KEY = ".dockerconfigjson"  # noqa: S105 - the name of a key


@dataclass(frozen=True)
class Credential:
    """Who logs in, and with what.

    Args:
        user: The user's name.
        password: The password.
    """

    user: str
    password: str


def make(host: str, credential: Credential) -> str:
    """Give a configuration with one login, byte for byte as the chart renders it.

    The chart's helper is privreg.pullSecrets.dockerConfig; its toJson is Go's encoding/json, which sorts the
    keys and escapes what HTML could misread.
    """
    login = {
        "auth": base64.b64encode(f"{credential.user}:{credential.password}".encode()).decode("ascii"),
        "password": credential.password,
        "username": credential.user,
    }
    text = json.dumps({"auths": {host: login}}, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def logins(text: str) -> dict[str, Credential]:
    """Give the logins of a configuration by host, as they are written; entries that name nobody are left out.

    Raises:
        ValueError: it is something else; the message says what.
    """
    try:
        auths = json.loads(text)["auths"]
        return {str(host): _credential(entry) for host, entry in auths.items() if entry}
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError):
        raise ValueError('it is not {"auths": {HOST: {"auth": …}}}') from None


def host_of(written: str) -> str:
    """Give the host of an entry as it is written: the kubelet leaves out a scheme and a path."""
    return written.removeprefix("https://").removeprefix("http://").partition("/")[0]


def login_for(host: str, found: dict[str, Credential]) -> Credential | None:
    """Give the login that the kubelet takes for a host, or None.

    It knows * within one part of a name.
    Source: https://kubernetes.io/docs/concepts/containers/images/#config-json
    """
    for written, credential in found.items():
        pattern = host_of(written)
        if pattern.count(".") == host.count(".") and all(
            fnmatch.fnmatchcase(part, glob) for part, glob in zip(host.split("."), pattern.split("."), strict=True)
        ):
            return credential
    return None


def _credential(entry: dict[str, Any]) -> Credential:
    """Read one entry; auth, where it is there, wins over the separate fields, as it does for the kubelet."""
    if entry.get("auth"):
        user, _, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        return Credential(user, password)
    return Credential(str(entry["username"]), str(entry["password"]))
