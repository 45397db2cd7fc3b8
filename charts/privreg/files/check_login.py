"""See whether a registry asks for a login and lets its users in: the program of `helm test`.

    check_login.py --url URL [--credential FILE] [--challenge SCHEME] [--host NAME] [--certificate FILE]

GET URL/v2/ must be answered by 401 and a challenge of that SCHEME (Basic) without credentials and, given a
.dockerconfigjson FILE, by 200 and {} with the login for HOST in it (OCI distribution spec, "Determining support").
With a certificate, the server must show just that one, for that host. A gateway that has refused a changed
configuration says so in a header, and is a failure.
Standard library only. Prints what it saw, never the password. Exit codes: 0 as it should be; 1 not; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import base64
import json
import ssl
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from docker_config import hosts_of, login_for

REQUEST_TIMEOUT = 10.0  # seconds
CONFIGURATION = "Privreg-Configuration"  # of the gateway: current or refused
STARTING = (502, 503, 504)  # a Service, or a proxy before it, that has no ready Pod yet


class CheckFailed(Exception):
    """What was seen is not what should be; the text says both."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    challenge: str
    body: bytes
    configuration: str = ""

    def __str__(self) -> str:
        challenge = f", WWW-Authenticate: {self.challenge}" if self.challenge else ""
        return f"{self.status}{challenge}, body {self.body[:200]!r}"


def read_login(path: Path, host: str) -> tuple[str, str]:
    """The user name and the Authorization header for a host in a .dockerconfigjson file.

    Raises:
        CheckFailed: there is no such file, or it holds no login for that host; another host's is never sent.
    """
    try:
        config = json.loads(path.read_bytes())
    except OSError as error:
        raise CheckFailed(f"{path}: {error.strerror}; the Secret must have the key .dockerconfigjson") from None
    except ValueError:
        raise CheckFailed(f"{path}: not a .dockerconfigjson") from None
    login = login_for(config, host)
    if login is None:
        others = ", ".join(hosts_of(config)) or "none"
        raise CheckFailed(f"{path}: has no login for {host}; it has those of: {others}")
    user, password = login
    return user, "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True)
class Registry:
    """Where to ask.

    Attributes:
        url: http or https, host and port.
        host: the name in the certificate; empty: the URL's.
        certificate: the one that must be shown; None: any that the system trusts.
    """

    url: SplitResult
    host: str = ""
    certificate: Path | None = None

    def connect(self) -> HTTPConnection:
        """A connection that is not open yet."""
        address = self.url.hostname or ""
        if self.url.scheme != "https":
            return HTTPConnection(address, self.url.port, timeout=REQUEST_TIMEOUT)
        context = ssl.create_default_context(cafile=self.certificate)
        # Python >= 3.13 asks for extensions that many private CAs leave out; what pulls images does not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is the anchor
        return NamedConnection(address, self.url.port, self.host or address, context)


class NamedConnection(HTTPSConnection):
    """HTTPS to a server whose certificate has another name than its address."""

    def __init__(self, address: str, port: int | None, name: str, context: ssl.SSLContext) -> None:
        super().__init__(address, port, timeout=REQUEST_TIMEOUT, context=context)
        self._name = name
        self._tls = context

    def connect(self) -> None:
        """Connect to the address, and expect the name."""
        HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def ask(registry: Registry, headers: dict[str, str], patience: float) -> Answer:
    """GET /v2/, again while the registry comes up; no redirect is followed.

    Args:
        registry: where.
        headers: of the request.
        patience: seconds until it must have answered.

    Raises:
        CheckFailed: there was no answer in that time.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            answer = ask_once(registry, headers)
            trouble = str(answer)
        except (OSError, HTTPException) as error:
            answer = None
            trouble = str(error) or type(error).__name__
        if answer is not None and answer.status not in STARTING:
            return answer
        if time.monotonic() > deadline:
            raise CheckFailed(f"no answer from the registry within {patience:.0f} s; the last try: {trouble}")
        time.sleep(1)


def ask_once(registry: Registry, headers: dict[str, str]) -> Answer:
    """GET /v2/ once."""
    connection = registry.connect()
    try:
        connection.request("GET", registry.url.path.rstrip("/") + "/v2/", headers=headers)
        response = connection.getresponse()
        challenge, configuration = (response.headers.get(name, "") for name in ("WWW-Authenticate", CONFIGURATION))
        return Answer(response.status, challenge, response.read(65536), configuration)
    finally:
        connection.close()


def check_challenge(answer: Answer, scheme: str) -> None:
    """Raise CheckFailed unless the registry asked for a login of that scheme."""
    if answer.status != 401:
        raise CheckFailed(f"without credentials: expected 401, got {answer}")
    if not answer.challenge.lower().startswith(f"{scheme.lower()} "):
        raise CheckFailed(f"without credentials: expected a {scheme} challenge, got {answer}")


def check_welcome(answer: Answer, user: str) -> None:
    """Raise CheckFailed unless the registry let the user in."""
    try:
        welcome = answer.status == 200 and json.loads(answer.body) == {}
    except ValueError:
        welcome = False
    if not welcome:
        raise CheckFailed(f"as {user}: expected 200 and {{}}, got {answer}")
    if answer.configuration == "refused":
        raise CheckFailed("the gateway has refused a changed configuration and keeps the old one; its log says why")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="See whether a registry asks for a login and lets users in.")
    parser.add_argument("--url", type=urlsplit, required=True, help="http://HOST[:PORT] or https://…")
    parser.add_argument("--credential", type=Path, metavar="FILE", help="a .dockerconfigjson file")
    parser.add_argument("--challenge", default="Basic", metavar="SCHEME", help="what is asked for: Basic or Bearer")
    parser.add_argument(
        "--host", default="", metavar="NAME", help="the registry's: in the credential and the certificate"
    )
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="the certificate that it must show")
    parser.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="for the first answer")
    options = parser.parse_args(arguments)
    registry = Registry(options.url, options.host, options.certificate)
    try:
        answer = ask(registry, {}, options.patience)
        check_challenge(answer, options.challenge)
        print(f"without credentials: {answer}", flush=True)
        if options.credential:
            user, authorization = read_login(options.credential, options.host or registry.url.hostname or "")
            answer = ask(registry, {"Authorization": authorization}, options.patience)
            check_welcome(answer, user)
            print(f"as {user}: {answer}", flush=True)
    except CheckFailed as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
