"""A small client of the OCI distribution API, on the standard library.

It speaks TLS only, checks the certificate, never follows a redirect with a credential, and uploads
blobs whole. Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from privreg_values.errors import RegistryError

TIMEOUT = 15.0  # seconds, for each operation on the network
MAX_BODY = 16 * 1024 * 1024  # bytes; nothing that is fetched here is larger
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Site:
    """Where a registry is.

    Args:
        host: The name that its certificate is for.
        address: Where to connect to: the host itself, or what stands in for its DNS record.
        port: The TCP port.
        context: What to check the certificate with.
    """

    host: str
    address: str
    port: int
    context: ssl.SSLContext

    def connect(self) -> socket.socket:
        """Open a TCP connection.

        Raises:
            OSError: there is none to be had.
        """
        return socket.create_connection((self.address, self.port), TIMEOUT)

    def handshake(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """Open a TLS connection.

        Args:
            context: Another way to check the certificate.

        Raises:
            OSError: there is none to be had; ssl.SSLError when it is TLS that fails.
        """
        plain = self.connect()
        try:
            return (context or self.context).wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


@dataclass(frozen=True)
class Response:
    """An answer.

    Args:
        status: The HTTP status code.
        headers: The headers; names in lower case.
        body: The body, at most MAX_BODY bytes of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The OCI error code and message, or the status where the body has none; safe to print."""
        try:
            first = json.loads(self.body)["errors"][0]
            text = f"{first['code']}: {first.get('message', '')}".rstrip(": ")
        except (ValueError, LookupError, TypeError):
            text = http.client.responses.get(self.status, "")
        return printable(f"HTTP {self.status} {text}".strip())

    @property
    def code(self) -> str:
        """The OCI error code, such as UNSUPPORTED; empty where the body has none."""
        found = re.match(r"HTTP \d+ ([A-Z_]+):?", self.error)
        return found.group(1) if found else ""


class Unexpected(RegistryError):
    """The registry answers something else than the specification says.

    Args:
        what: What was asked for.
        response: The answer.
    """

    def __init__(self, what: str, response: Response) -> None:
        super().__init__(f"{what}: {response.error}")
        self.response = response


class Client:
    """Requests to one registry.

    Args:
        site: Where it is.
        login: User name and password, or None to come without.
    """

    def __init__(self, site: Site, login: tuple[str, str] | None = None) -> None:
        self._site = site
        self._headers = {"User-Agent": "privreg-values", "Connection": "close"}
        if login:
            token = base64.b64encode(":".join(login).encode("utf-8")).decode("ascii")
            self._headers["Authorization"] = f"Basic {token}"

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
        """Send one request.

        Args:
            method: The HTTP method.
            path: Path and query.
            body: What to send.
            headers: Further headers.

        Raises:
            RegistryError: there is no answer, or none that is HTTP.
        """
        connection = _Connection(self._site)
        try:
            sent = {**self._headers, **(headers or {}), "Content-Length": str(len(body))}
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, fields, answer.read(MAX_BODY))
        except TimeoutError:
            raise RegistryError(f"{method} {path}: no answer within {TIMEOUT:.0f} seconds") from None
        except (OSError, http.client.HTTPException) as error:
            raise RegistryError(f"{method} {path}: {printable(str(error)) or type(error).__name__}") from None
        finally:
            connection.close()

    def ping(self) -> Response:
        """Ask for /v2/, which tells whether one is let in (section "Determining Support")."""
        return self.request("GET", "/v2/")

    def push_blob(self, repository: str, data: bytes) -> None:
        """Upload a blob: POST, then PUT (section "POST then PUT").

        Raises:
            RegistryError: it was refused.
        """
        started = self._expect(202, f"POST /v2/{repository}/blobs/uploads/")
        location = self._own_path(started.headers.get("location", ""))
        separator = "&" if "?" in location else "?"
        path = f"{location}{separator}digest={quote(digest(data))}"
        self._expect(201, f"PUT {path}", data, {"Content-Type": "application/octet-stream"})

    def push_manifest(self, repository: str, tag: str, data: bytes) -> None:
        """Upload a manifest under a tag.

        Raises:
            RegistryError: it was refused.
        """
        self._expect(201, f"PUT /v2/{repository}/manifests/{tag}", data, {"Content-Type": MANIFEST})

    def pull_manifest(self, repository: str, reference: str) -> bytes:
        """Fetch a manifest, and verify it if it is asked for by digest.

        Raises:
            RegistryError: it cannot be fetched, or is another one.
        """
        answer = self._expect(200, f"GET /v2/{repository}/manifests/{reference}", headers={"Accept": MANIFEST})
        return _verified(answer.body, reference)

    def pull_blob(self, repository: str, reference: str) -> bytes:
        """Fetch a blob by its digest and verify it.

        Raises:
            RegistryError: it cannot be fetched, or is another one.
        """
        return _verified(self._expect(200, f"GET /v2/{repository}/blobs/{reference}").body, reference)

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """Delete an image by its digest.

        Returns:
            False where the registry does not allow deletion.

        Raises:
            RegistryError: it was refused for another reason.
        """
        answer = self.request("DELETE", f"/v2/{repository}/manifests/{reference}")
        if answer.status not in (202, 405):
            raise Unexpected(f"DELETE /v2/{repository}/manifests/{reference}", answer)
        return answer.status == 202

    def _expect(
        self, status: int, request: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        method, path = request.split(" ", 1)
        answer = self.request(method, path, body, headers)
        if answer.status != status:
            raise Unexpected(f"{method} {path.partition('?')[0]}", answer)
        return answer

    def _own_path(self, location: str) -> str:
        """Give path and query of an upload's location; a credential goes nowhere else and never in the clear."""
        parts = urlsplit(location)
        if parts.scheme == "http":
            raise RegistryError(
                "the registry sends clients to http:// for uploads",
                "have the proxy before it set X-Forwarded-Proto: https",
            )
        if parts.hostname not in (None, self._site.host):
            raise RegistryError(
                f"the registry sends clients to {printable(parts.netloc)} for uploads",
                "have the proxy pass on the Host header",
            )
        if not parts.path.startswith("/"):
            raise RegistryError(
                "the registry names no location for the upload", "look at what the proxy before it changes"
            )
        return parts.path + (f"?{parts.query}" if parts.query else "")


class _Connection(http.client.HTTPConnection):
    """HTTP over a verified TLS connection to an address that need not be the host's own."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.host, 443, timeout=TIMEOUT)  # the port that makes Host the bare name
        self.default_port = 443
        self._site = site

    def connect(self) -> None:
        """Open the connection."""
        self.sock = self._site.handshake()


def digest(data: bytes) -> str:
    """Give the digest that content is addressed by."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def printable(text: str) -> str:
    """Make text that came from elsewhere safe to show: one line, no control characters, not long."""
    cleaned = "".join(character if character.isprintable() else " " for character in text)
    return cleaned if len(cleaned) <= 200 else cleaned[:197] + "..."


def _verified(data: bytes, reference: str) -> bytes:
    if reference.startswith("sha256:") and digest(data) != reference:
        raise RegistryError(
            f"what came back for {reference} is something else", "look at what the proxy before it changes"
        )
    return data
