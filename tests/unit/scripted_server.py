"""An HTTP server on loopback that gives answers from a list, for what a real one does only when it is ill."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.cluster import pki


@dataclass(frozen=True)
class Scripted:
    """One answer; a status of 0 hangs up instead."""

    status: int
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class ScriptedServer:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        requests: those received so far.
        left: the answers to come; the last one is repeated.
    """

    port: int
    requests: list[Request]
    left: list[Scripted]


@contextmanager
def serving(*answers: Scripted, certificates: Path | None = None) -> Iterator[ScriptedServer]:
    """Serve `answers` one after the other; over TLS with server.crt of `certificates`, made if it is not there."""
    left, requests = list(answers), list[Request]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            requests.append(Request(self.command, self.path, dict(self.headers)))
            answer = left.pop(0) if len(left) > 1 else left[0]
            if not answer.status:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body.encode())))
            self.end_headers()
            self.wfile.write(answer.body.encode())

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificates:
        if not (certificates / "server.crt").exists():
            pki.Authority.create(certificates).issue("server", "server", sans=("127.0.0.1", "registry.example.com"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield ScriptedServer(server.server_address[1], requests, left)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
