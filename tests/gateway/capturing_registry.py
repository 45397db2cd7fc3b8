"""Takes the registry's place, to see what the gateway sends it."""

import contextlib
import http.server
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path


@dataclass
class Captured:
    """What came.

    Attributes:
        requests: the headers of each request.
    """

    requests: list[Message] = field(default_factory=list)


@contextlib.contextmanager
def capturing(path: Path) -> Iterator[Captured]:
    """Answer every request on a Unix socket with 200 and nothing, for as long as the block lasts."""
    captured = Captured()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            captured.requests.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def address_string(self) -> str:
            return "gateway"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    path.unlink(missing_ok=True)
    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield captured
        finally:
            server.shutdown()
            thread.join()
