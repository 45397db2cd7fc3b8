"""What the cluster pulls with: pullSecrets.credential, or the docker configuration in a Secret's manifest."""

from __future__ import annotations

import base64
import json
from typing import Any

from privreg_values.errors import FileError
from privreg_values.shapes.manifests import PULL_CREDENTIAL, Entry, Manifests
from privreg_values.shapes.overlay import Values
from privreg_values.values.nodes import Mark, Path, locate

CREDENTIAL: Path = ("pullSecrets", "credential")


class PullCredential:
    """The login, in whichever file it is.

    Args:
        values: The values.
        manifests: The folder with the manifests of Secrets; None without one.

    Raises:
        FileError: the Secret that holds it cannot be understood.
    """

    def __init__(self, values: Values, manifests: Manifests | None) -> None:
        self._values, self._manifests = values, manifests
        settings = self._values.get(("pullSecrets",))
        self.wanted = not (isinstance(settings, dict) and settings.get("enabled") is False)
        secret = str(self._values.get(PULL_CREDENTIAL.path) or "")
        self._entry: Entry | None = None
        if secret and manifests and (secret == PULL_CREDENTIAL.name or manifests.has(secret)):
            self._entry = manifests.entry(PULL_CREDENTIAL, secret)
        elif secret:
            self.wanted = False  # it is in a Secret that these files do not have
        there = self._values.get(CREDENTIAL)
        self.username, self.password = ("", "")
        if self._entry:
            self.username, self.password = _login(self._entry)
        elif isinstance(there, dict):
            self.username, self.password = str(there.get("username") or ""), str(there.get("password") or "")

    @property
    def name(self) -> str:
        """What it is called in a message."""
        return PULL_CREDENTIAL.key if self._entry else ".".join(map(str, (*CREDENTIAL, "username")))

    def mark(self) -> Mark:
        """Where it is."""
        return self._entry.mark if self._entry else locate(self._values.root, (*CREDENTIAL, "username"))

    def begin(self, comment: str) -> None:
        """Put it into a Secret's manifest from now on, where there is a folder for these and none yet."""
        if self._manifests is None or self._entry or self.username or not self.wanted:
            return
        self._values.set(PULL_CREDENTIAL.path, PULL_CREDENTIAL.name, comment)
        self._entry = self._manifests.entry(PULL_CREDENTIAL, PULL_CREDENTIAL.name)
        self.username, self.password = _login(self._entry)

    def set(self, username: str, password: str, comment: str = "") -> bool:
        """Replace what differs; True when something did."""
        if (self.username, self.password) == (username, password):
            return False
        if self._entry:
            self._entry.set(_replaced(self._entry.text, str(self._values.get(("host",))), username, password))
        elif not self._values.get(CREDENTIAL):
            self._values.set(CREDENTIAL, {"username": username, "password": password}, comment)
        else:
            for key, old, new in (("username", self.username, username), ("password", self.password, password)):
                if old != new:
                    self._values.set((*CREDENTIAL, key), new)
        self.username, self.password = username, password
        return True

    def remove(self) -> None:
        """Take it out.

        Raises:
            FileError: it is in a Secret's manifest.
        """
        if self._entry:
            raise FileError(
                f"{self._entry.file}: is what the cluster pulls with",
                "name another user there, or set pullSecrets.enabled to false and delete the file",
            )
        self._values.remove(CREDENTIAL)
        self.username = self.password = ""


def _login(entry: Entry) -> tuple[str, str]:
    """Give the first login of a docker configuration."""
    try:
        logins = json.loads(entry.text or '{"auths": {}}')["auths"]
        login: dict[str, Any] = next(iter(logins.values()), {})
        if "auth" in login and "password" not in login:
            username, _, password = base64.b64decode(login["auth"]).decode().partition(":")
            return username, password
        return str(login.get("username") or ""), str(login.get("password") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FileError(f"{entry.mark}: is no docker configuration", 'write it as {"auths": {"HOST": {...}}}') from None


def _replaced(text: str, host: str, username: str, password: str) -> str:
    """Give a docker configuration with another login; all else in it stays."""
    config: dict[str, Any] = json.loads(text or "{}")
    logins: dict[str, Any] = config.setdefault("auths", {})
    name = host if host in logins else next(iter(logins), host)
    old = logins.get(name, {})
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    logins[name] = {**old, "username": username, "password": password, "auth": auth}
    for key in ("username", "password", "auth"):  # in its own text, where that is enough
        if key in old:
            text = text.replace(json.dumps(old[key]), json.dumps(logins[name][key]))
    try:
        if json.loads(text) == config:
            return text
    except ValueError:
        pass
    return json.dumps(config, indent=2 if "\n" in text.strip() else None) + "\n"
