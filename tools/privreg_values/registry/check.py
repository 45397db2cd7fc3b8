"""Checks a live registry step by step, from its name to a pull."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from privreg_values.errors import RegistryError
from privreg_values.registry import image
from privreg_values.registry.client import Client, Response, Site, Unexpected, digest, printable
from privreg_values.registry.reach import LOGS, Plan, Reach, Step, walk, way_in

TAG = "check"


@dataclass(frozen=True)
class Login:
    """Who to log in as.

    Args:
        user: The user's name.
        password: The password.
        source: Where the password is from, for messages.
    """

    user: str
    password: str
    source: str


@dataclass
class Check:
    """A check of one registry.

    Args:
        site: Where it is.
        login: Who to log in as.
        repository: Where to push to.
        resolve: Look the host up first; off where an address was given instead.
    """

    site: Site
    login: Login
    repository: str
    resolve: bool = True

    def steps(self) -> Iterator[Step]:
        """Do one step after the other; the first that fails is the last."""
        self._image = image.make()
        self._configuration = ""  # what the gateway says about its own, once somebody is let in
        self._client = Client(self.site, (self.login.user, self.login.password))
        yield from walk(self._plan())

    def _plan(self) -> Plan:
        yield from Reach(self.site, self.resolve).plan()
        yield "login", self._log_in
        if self._configuration:
            yield "gateway", self._gateway
        yield "push", self._push
        yield "pull", self._pull
        yield "delete", self._delete

    def _log_in(self) -> str:
        answer = self._client.ping()
        if answer.status == 401:
            raise RegistryError(
                f"{self.login.user} is not let in with the password from {self.login.source}",
                "install a new one with `helm upgrade` and wait a minute, or name the right --user and --credentials",
            )
        if answer.status == 429:
            raise RegistryError(
                f"{self.login.user} is not heard: {answer.error}",
                "see who else tries wrong passwords of this user from this address, or wait a minute",
            )
        if answer.status != 200:
            raise RegistryError(f"/v2/ answers {self.login.user} with {answer.error}", way_in(answer))
        self._configuration = printable(answer.headers.get("privreg-configuration", ""))
        return f"{self.login.user} is let in"

    def _gateway(self) -> str:
        if self._configuration != "current":
            raise RegistryError(
                f"a changed configuration was {self._configuration}, the one before is still active",
                "see why: kubectl logs -n NAMESPACE -l app.kubernetes.io/component=registry -c gateway",
            )
        return "its configuration is the current one"

    def _push(self) -> str:
        made = self._image
        try:
            self._client.push_blob(self.repository, made.layer)
            self._client.push_blob(self.repository, made.config)
            self._client.push_manifest(self.repository, TAG, made.manifest)
        except Unexpected as error:
            raise self._refused(error) from None
        size = (len(made.layer) + len(made.config) + len(made.manifest)) / 1e6
        return f"{self.repository}:{TAG}, {size:.1f} MB"

    def _refused(self, error: Unexpected) -> RegistryError:
        """Say why a push was not taken; that a user may not push is no fault of the registry."""
        answer, user = error.response, self.login.user
        if (answer.status, answer.code) == (403, "DENIED"):
            for words, (message, remedy) in _DENIED.items():
                if words in answer.error:
                    return RegistryError(message.format(user=user, repository=self.repository), remedy)
        return RegistryError(error.message, _push_remedy(answer))

    def _pull(self) -> str:
        made = self._image
        self._client.pull_manifest(self.repository, made.digest)
        for blob in (made.config, made.layer):
            self._client.pull_blob(self.repository, digest(blob))
        return f"{made.digest[:19]}, all digests are right"

    def _delete(self) -> str:
        try:
            deleted = self._client.delete_manifest(self.repository, self._image.digest)
        except Unexpected as error:
            if error.response.status != 403:
                raise
            return f"{self.repository}:{TAG} stays, because {self.login.user} may not delete"
        if deleted:
            return f"{self.repository}:{TAG} is gone again"
        return f"{self.repository}:{TAG} stays, because deletion is off (storage.delete.enabled)"


# What the gateway says (templates/gateway/_haproxy.tpl), and what it means for this check.
_DENIED = {
    "may not push": (
        "{user} may only pull, as the gateway should have it; a push cannot be shown with this user",
        "name one with the role push or admin with --user",
    ),
    "may not use this repository": (
        "{user} may not use {repository}",
        "name one of this user's repositories with --repository, or another user with --user",
    ),
    "no role": ("{user} has no role", "give one in auth.access"),
}


def _push_remedy(answer: Response) -> str:
    if answer.status == 413:
        return "the ingress controller limits the size of pushes: set ingress.preset to its kind"
    if answer.status in (408, 504):
        return "the ingress controller gave up before the registry had answered: set ingress.preset to its kind"
    if answer.status in (401, 403):
        return "this user may not push: name another one with --user"
    if answer.status == 405 or (answer.status == 503 and "read-only" in answer.error):
        return "the registry is read-only; push when that is over"
    if answer.status >= 500:
        return f"see that the volume is writable and not full; {LOGS}"
    return "see what the proxy before the registry changes"
