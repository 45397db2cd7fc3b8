"""Ports for servers that a test starts."""

import contextlib
import random
import socket


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, none of them one that the kernel gives to connections."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(15000, 32000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.add(port)
    return list(found)
