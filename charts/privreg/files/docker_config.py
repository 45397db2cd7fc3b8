"""Find the login for a registry in a docker configuration, as the kubelet does.

Source: https://kubernetes.io/docs/concepts/containers/images/#config-json
"""

from __future__ import annotations

import base64
from fnmatch import fnmatchcase


def login_for(config: object, host: str) -> tuple[str, str] | None:
    """Return user name and password for a host; None where there are none, or no logins at all.

    An entry that names nobody, as a credential helper leaves it behind, is none.
    """
    auths = config.get("auths") if isinstance(config, dict) else None
    for written, entry in auths.items() if isinstance(auths, dict) else ():
        if _fits(written, host) and (login := _login(entry)):
            return login
    return None


def hosts_of(config: object) -> list[str]:
    """Return the hosts that a configuration has logins for, as they are written there."""
    auths = config.get("auths") if isinstance(config, dict) else None
    return [written for written, entry in (auths.items() if isinstance(auths, dict) else ()) if _login(entry)]


def _fits(written: str, host: str) -> bool:
    """Whether an entry is for a host; the kubelet leaves out a scheme and a path, and knows * within one part."""
    pattern = written.removeprefix("https://").removeprefix("http://").partition("/")[0]
    parts, globs = host.split("."), pattern.split(".")
    return len(parts) == len(globs) and all(map(fnmatchcase, parts, globs))


def _login(entry: object) -> tuple[str, str] | None:
    if not isinstance(entry, dict):
        return None
    try:
        if entry.get("auth"):
            user, _, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        else:
            user, password = entry["username"], entry["password"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return (user, password) if user and isinstance(user, str) and isinstance(password, str) else None
