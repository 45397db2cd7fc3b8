"""The gateway's memory, with a thousand users and many open connections."""

import contextlib
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path

from bench.errors import BenchError
from bench.image import Image
from bench.measure import Row, settle
from bench.site import GATEWAY, Site

CONNECTIONS = 500
GOAL = 64.0
DOWNLOADS = 25  # gateway.maxDownloads: so many are answered, and the others wait


def run(site: Site, image: Image) -> list[Row]:
    """MiB of all processes of HAProxy: with idle connections, and with downloads and those that wait for one."""
    downloading = f"{DOWNLOADS} downloads and {CONNECTIONS - DOWNLOADS} waiting"
    rows = []
    for state, path in ((f"{CONNECTIONS} idle connections", "/v2/"), (downloading, image.layer)):
        site.reload()
        with _connections(path):
            size = sum(_proportional_size(process) for process in site.haproxy())
            behind = _proportional_size(site.registry.pid)
        rows.append(_row(f"memory, 1,000 users, {state}", size, GOAL))
    # For whoever sets limits: distribution takes 4 MiB for each blob that it sends.
    return [*rows, _row(f"memory of the registry behind it, {downloading}", behind)]


def _row(what: str, size: float, goal: float | None = None) -> Row:
    return Row(what, "MiB", size, size, at_most=goal, samples={"values": [size]})


@contextlib.contextmanager
def _connections(path: str) -> Iterator[None]:
    """Connections of a verified user that have asked for `path`, and read the beginning of the answer at most.

    Raises:
        BenchError: nobody got an answer, or somebody got another one than expected.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: registry.privreg.test\r\nAuthorization: {GATEWAY.authorization}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(_connection()) for _ in range(CONNECTIONS)]
        for connection in connections:
            connection.sendall(request.encode())
        select.select(connections, [], [], 30)
        settle()
        answered, _, _ = select.select(connections, [], [], 0)
        answers = {connection.recv(13) for connection in answered}
        if answers != {b"HTTP/1.1 200 "}:
            raise BenchError(f"{GATEWAY.name}: {len(answered)} answers: {answers}")
        yield


def _connection() -> socket.socket:
    """A connection whose client takes in little."""
    connection = socket.create_connection(("127.0.0.1", GATEWAY.port), timeout=30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return connection


def _proportional_size(process: int) -> float:
    """MiB in memory, shared pages counted in part (proc(5), smaps_rollup, Pss)."""
    found = re.search(r"^Pss: +([0-9]+) kB$", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) / 1024
