"""Checks a live registry step by step, from its name to a pull."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from privreg_values.errors import RegistryError
from privreg_values.registry import image
from privreg_values.registry.certificates import explain, lifetime
from privreg_values.registry.client import Client, Response, Site, Unexpected, digest, printable

TAG = "check"
LOGS = "see the registry's log: kubectl logs -l app.kubernetes.io/name=privreg"


@dataclass(frozen=True)
class Step:
    """What came of one step.

    Args:
        name: Its name, in one word.
        ok: It went as it should.
        detail: What was seen, or the reason why it failed.
        remedy: What to do about a failure.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


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
        for name, step in self._plan():
            try:
                yield Step(name, True, step())
            except RegistryError as error:
                yield Step(name, False, error.message, error.remedy or LOGS)
                return

    def _plan(self) -> Iterator[tuple[str, Callable[[], str]]]:
        if self.resolve:
            yield "dns", self._dns
        yield "tcp", self._tcp
        yield "tls", self._tls
        yield "challenge", self._challenge
        yield "login", self._log_in
        if self._configuration:
            yield "gateway", self._gateway
        yield "push", self._push
        yield "pull", self._pull
        yield "delete", self._delete

    def _dns(self) -> str:
        try:
            found = socket.getaddrinfo(self.site.host, self.site.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            reason = error.strerror if isinstance(error, socket.gaierror) else str(error)
            raise RegistryError(
                f"{self.site.host} has no address: {reason}",
                "make a DNS record that points to your ingress controller, or give its address with --connect-to",
            ) from None
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        return f"{self.site.host} is {', '.join(addresses)}"

    def _tcp(self) -> str:
        where = f"{self.site.address} port {self.site.port}"
        try:
            with self.site.connect() as connection:
                return f"connected to {connection.getpeername()[0]} port {self.site.port}"
        except ConnectionRefusedError:
            remedy = "see that the ingress controller runs and has this address"
            raise RegistryError(f"nothing listens at {where}", remedy) from None
        except TimeoutError:
            raise RegistryError(f"{where} does not answer", "see that no firewall is in the way") from None
        except OSError as error:
            reason = printable(error.strerror or str(error))
            raise RegistryError(f"{where} cannot be reached: {reason}", "check the address and the network") from None

    def _tls(self) -> str:
        try:
            with self.site.handshake() as connection:
                return lifetime(connection.getpeercert() or {}, time.time())
        except OSError as error:
            raise explain(error, self.site) from None

    def _challenge(self) -> str:
        answer = Client(self.site).ping()
        offered = answer.headers.get("www-authenticate", "")
        if answer.status == 200:
            raise RegistryError(
                "lets everybody in, without a login", "see that this is privreg's registry and its auth is on"
            )
        if answer.status != 401:
            raise RegistryError(f"/v2/ is not a registry's: {answer.error}", _way_in(answer))
        if offered.lower().startswith("bearer"):
            raise RegistryError("sends clients to a token server (auth.mode token)", "log in with a client of your own")
        if not offered.lower().startswith("basic"):
            scheme = printable(offered.partition(" ")[0]) or "nothing"
            raise RegistryError(f"asks for {scheme} instead of a Basic login", "see that this is privreg's registry")
        realm = re.search(r'realm="([^"]*)"', offered)
        return "asks for a login" + (f" ({printable(realm.group(1))})" if realm else "")

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
                "see who else guesses from this address, or wait a minute",
            )
        if answer.status != 200:
            raise RegistryError(f"/v2/ answers {self.login.user} with {answer.error}", _way_in(answer))
        self._configuration = printable(answer.headers.get("privreg-configuration", ""))
        return f"{self.login.user} is let in"

    def _gateway(self) -> str:
        if self._configuration != "current":
            raise RegistryError(
                f"a changed configuration was {self._configuration}, the one before is still active",
                "see why: kubectl logs -l app.kubernetes.io/name=privreg -c gateway",
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


def _way_in(answer: Response) -> str:
    if answer.status in (502, 503, 504):
        return "see that the registry's Pod is ready: kubectl get pods -l app.kubernetes.io/name=privreg"
    if answer.status in (301, 302, 307, 308):
        return f"something before the registry redirects to {printable(answer.headers.get('location', 'nowhere'))}"
    return "see that the Ingress has this host and your controller's class: kubectl get ingress -A"


def _push_remedy(answer: Response) -> str:
    if answer.status == 413:
        return "the ingress controller limits the size of pushes: set ingress.preset to its kind"
    if answer.status in (401, 403):
        return "this user may not push: name another one with --user"
    if answer.status == 405 or (answer.status == 503 and "read-only" in answer.error):
        return "the registry is read-only; push when that is over"
    if answer.status >= 500:
        return "see that the volume is writable and not full: kubectl logs -l app.kubernetes.io/name=privreg"
    return "see what the proxy before the registry changes"
