"""The way to a registry, step by step: from its name to the question who is there."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from privreg_values.errors import RegistryError
from privreg_values.registry.certificates import explain, lifetime
from privreg_values.registry.client import Client, Response, Site, printable

LOGS = "see the registry's log: kubectl logs -n NAMESPACE -l app.kubernetes.io/component=registry"

Plan = Iterator[tuple[str, Callable[[], str]]]


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


def walk(plan: Iterable[tuple[str, Callable[[], str]]]) -> Iterator[Step]:
    """Do one step after the other; the first that fails is the last."""
    for name, step in plan:
        try:
            yield Step(name, True, step())
        except RegistryError as error:
            yield Step(name, False, error.message, error.remedy or LOGS)
            return


@dataclass(frozen=True)
class Reach:
    """The way to one registry; each step gives what was seen, and raises RegistryError when it fails.

    Args:
        site: Where it is.
        resolve: Look the host up first; off where an address was given instead.
    """

    site: Site
    resolve: bool = True

    def plan(self) -> Plan:
        """Give the steps by name, in order."""
        if self.resolve:
            yield "dns", self.dns
        yield "tcp", self.tcp
        yield "tls", self.tls
        yield "challenge", self.challenge

    def dns(self) -> str:
        """Look the host up."""
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

    def tcp(self) -> str:
        """Connect."""
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

    def tls(self) -> str:
        """Verify the certificate."""
        try:
            with self.site.handshake() as connection:
                return lifetime(connection.getpeercert() or {}, time.time())
        except OSError as error:
            raise explain(error, self.site) from None

    def challenge(self) -> str:
        """See that it asks for a login."""
        answer = Client(self.site).ping()
        offered = answer.headers.get("www-authenticate", "")
        if answer.status == 200:
            raise RegistryError(
                "lets everybody in, without a login", "see that this is privreg's registry and its auth is on"
            )
        if answer.status != 401:
            raise RegistryError(f"/v2/ is not a registry's: {answer.error}", way_in(answer))
        if offered.lower().startswith("bearer"):
            raise RegistryError("sends clients to a token server (auth.mode token)", "log in with a client of your own")
        if not offered.lower().startswith("basic"):
            scheme = printable(offered.partition(" ")[0]) or "nothing"
            raise RegistryError(f"asks for {scheme} instead of a Basic login", "see that this is privreg's registry")
        realm = re.search(r'realm="([^"]*)"', offered)
        return "asks for a login" + (f" ({printable(realm.group(1))})" if realm else "")


def way_in(answer: Response) -> str:
    """Say what to do about an answer that is not a registry's."""
    if answer.status in (502, 503, 504):
        return "see that the registry's Pod is ready: kubectl get pods -A -l app.kubernetes.io/component=registry"
    if answer.status in (301, 302, 307, 308):
        return f"something before the registry redirects to {printable(answer.headers.get('location', 'nowhere'))}"
    return "see that the Ingress has this host and your controller's class: kubectl get ingress -A"
