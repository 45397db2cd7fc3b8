"""Requests to the gateway: ordinary ones, and bytes as they are."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from tests.gateway.users import User

TIMEOUT = 20.0
Body = bytes | Iterable[bytes] | None


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
        headers: their names in any case.
        body: all of it.
    """

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the OCI error; empty where the body is none."""
        try:
            code: str = self.json["errors"][0]["code"]
        except (ValueError, KeyError, TypeError, IndexError):
            return ""
        return code


@dataclass(frozen=True)
class Client:
    """Talks to one port on loopback.

    Attributes:
        port: of the other side.
        source: the address to come from.
    """

    port: int
    source: str = "127.0.0.1"

    def connect(self) -> http.client.HTTPConnection:
        """A connection, for what `request` and `keep` do not do."""
        host = "::1" if ":" in self.source else "127.0.0.1"
        return http.client.HTTPConnection(host, self.port, timeout=TIMEOUT, source_address=(self.source, 0))

    def request(
        self,
        method: str,
        path: str,
        user: User | str | None = None,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; `user` may be an Authorization header."""
        with self.keep() as connection:
            return connection.request(method, path, user, body, headers)

    @contextlib.contextmanager
    def keep(self) -> Iterator["Kept"]:
        """A connection that is kept for as long as the other side does, for several requests."""
        connection = self.connect()
        try:
            yield Kept(connection)
        finally:
            connection.close()

    def raw(self, sent: bytes, silence: float = TIMEOUT, *, half_close: bool = True) -> bytes:
        """Send bytes, end the sending side, and return all that came back.

        Args:
            sent: all the client says.
            silence: seconds after which nothing more is expected.
            half_close: end the sending side; HAProxy may then leave out answers to requests that follow the first.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=silence) as connection:
            came = b""
            try:
                connection.sendall(sent)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(65536):
                    came += part
            except OSError:  # it did not want to hear more
                pass
            return came

    def raw_status(self, sent: bytes) -> int:
        """The status of the first answer to bytes; 0 when the connection was just closed."""
        came = self.raw(sent)
        return int(came.split(None, 2)[1]) if came else 0


@dataclass
class Kept:
    """Sends again what a kept connection could not take because it was just being closed (RFC 9110, 9.2.2).

    Attributes:
        connection: the one that is kept.
        requests: how many were answered on it.
    """

    connection: http.client.HTTPConnection
    requests: int = 0

    def request(
        self,
        method: str,
        path: str,
        user: User | str | None = None,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; see `Client.request`."""
        sent = dict(headers or {})
        if user is not None:
            sent["Authorization"] = user.authorization if isinstance(user, User) else user
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except ConnectionError:
            self.connection.close()
            if not self.requests:
                raise
            self.requests = 0
            return self.request(method, path, user, body, headers)
        self.requests = 0 if answer.headers.get("Connection") == "close" else self.requests + 1
        return answer


def request_line(target: str, user: User | str | None = None, method: str = "GET", *headers: str) -> bytes:
    """The bytes of a request that asks for the connection's end; nothing is checked or changed."""
    lines = [f"{method} {target} HTTP/1.1", "Host: registry.example.com", "Connection: close", *headers]
    if user is not None:
        lines.append(f"Authorization: {user.authorization if isinstance(user, User) else user}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
