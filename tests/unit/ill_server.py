"""An HTTPS server on loopback that answers what a test says: what a real registry does only when something is wrong."""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from privreg_values.registry.client import Site

CHALLENGE = {"WWW-Authenticate": 'Basic realm="r"'}


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes out; a status of 0 hangs up instead."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Request], Answer]


@dataclass
class IllServer:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        requests: what came in so far.
    """

    port: int
    requests: list[Request]

    def site(self, context: ssl.SSLContext, host: str = "registry.example.com") -> Site:
        """Where it is."""
        return Site(host, "127.0.0.1", self.port, context)


@contextlib.contextmanager
def serving(script: Script, certificate: Path | None, key: Path | None) -> Iterator[IllServer]:
    """Answer by the script until the block ends; without a certificate, over plain HTTP."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, dict(self.headers), body)
            requests.append(request)
            answer = script(request)
            if not answer.status:
                return
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield IllServer(server.server_address[1], requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
