"""A link of 1 Gbit/s to a client in a network namespace of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.namespaces import run

OURS, THEIRS = "10.77.0.1", "10.77.0.2"
# Big packets of virtual interfaces (64 KiB) must fit into the burst, several at once.
SHAPE = ("tbf", "rate", "1gbit", "burst", "256kb", "latency", "20ms")


@dataclass(frozen=True)
class Link:
    """The client's end.

    Attributes:
        enter: the command that runs another one there.
        address: ours, as seen from there.
    """

    enter: tuple[str, ...]
    address: str = OURS


@contextmanager
def shaped_link() -> Iterator[Link]:
    """Make the link; it goes with its namespace.

    Raises:
        BenchError: a step failed.
    """
    client = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo && exec sleep infinity"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert client.stdout
        client.stdout.readline()  # the namespace is there
        enter = ("nsenter", f"--net=/proc/{client.pid}/ns/net")
        run("ip", "link", "add", "server", "type", "veth", "peer", "name", "client", "netns", str(client.pid))
        for prefix, interface, address in (((), "server", OURS), (enter, "client", THEIRS)):
            run(*prefix, "ip", "address", "add", f"{address}/24", "dev", interface)
            run(*prefix, "ip", "link", "set", interface, "up")
            run(*prefix, "tc", "qdisc", "add", "dev", interface, "root", *SHAPE)
        yield Link(enter)
    finally:
        client.kill()
        client.wait()
