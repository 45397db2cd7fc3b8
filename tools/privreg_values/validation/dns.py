"""Asks DNS for the registry's host."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

from privreg_values.values.nodes import Node, find, locate
from privreg_values.values.validate import Problem

PATIENCE = 5.0  # seconds; a resolver that does not answer can take much longer to say so


def check(values: Node) -> Iterator[Problem]:
    """Warn of a host that this machine cannot resolve.

    Args:
        values: What the user set; Helm accepts it.
    """
    node = find(values, ("host",))
    if node and not _is_known(str(node.value)):
        message = (
            f"{node.value} is not known in DNS here; make a record that leads to your Ingress controller, for clients "
            "and for the nodes"
        )
        yield Problem(locate(values, ("host",)), "host", message, kind="host-unknown")


def _is_known(host: str) -> bool:
    found: list[object] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, 443))
        except OSError:
            return

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return bool(found)
