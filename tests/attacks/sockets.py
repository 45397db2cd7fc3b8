"""Connections in numbers, from as many addresses as needed."""

import contextlib
import itertools
import socket
from collections.abc import Iterator

_hosts = itertools.count(1)


def new_address() -> str:
    """An address in 127.0.0.0/8 that no test has used yet in this process."""
    number = next(_hosts)
    return f"127.{1 + number // 65000}.{number // 250 % 250}.{1 + number % 250}"


def connect(port: int, source: str = "127.0.0.1", receive: int = 0, timeout: float = 10) -> socket.socket:
    """A connection from `source`; `receive` is the size of its receive buffer in bytes, 0 the kernel's choice."""
    it = socket.socket()
    try:
        it.settimeout(timeout)
        if receive:
            it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        it.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        it.bind((source, 0))
        it.connect(("127.0.0.1", port))
    except OSError:
        it.close()
        raise
    return it


@contextlib.contextmanager
def held(
    port: int, count: int, sent: bytes = b"", per_source: int = 200, receive: int = 0
) -> Iterator[list[socket.socket]]:
    """So many connections, each with some bytes sent, until the block ends."""
    with contextlib.ExitStack() as stack:
        connections = []
        source = new_address()
        for number in range(count):
            if number % per_source == 0:
                source = new_address()
            connection = stack.enter_context(connect(port, source, receive))
            with contextlib.suppress(OSError):
                connection.sendall(sent)
            connections.append(connection)
        yield connections


def answer(connection: socket.socket) -> bytes:
    """All that comes until the other side closes; raises TimeoutError when it does not."""
    came = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            came += part
    return came


def status(connection: socket.socket) -> int:
    """The status of the first answer; 0 when the connection ends without one."""
    with contextlib.suppress(ConnectionError):
        first = connection.recv(65536)
        return int(first.split(None, 2)[1]) if first else 0
    return 0
