"""The link between the machine and the node: one veth pair, no route beyond it, no firewall rule."""

import ipaddress
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import ClusterError
from .layout import Layout

SUBNETS = range(88)


@contextmanager
def claimed_subnet() -> Iterator[int]:
    """The first N in whose 10.88.N.0/24 the machine knows no address or route, and which nobody else claims.

    A claim is an abstract Unix socket: like routes it belongs to the network namespace, and it ends with its
    process. Claimed first and looked up then, a network that another cluster has just connected is seen.

    Raises:
        ClusterError: all are taken.
    """
    for number in SUBNETS:
        wanted = ipaddress.ip_network(f"10.88.{number}.0/24")
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0privreg-subnet-{number}")
            except OSError:  # it is claimed
                continue
            if not any(wanted.overlaps(network) for network in _networks()):
                yield number
                return
    raise ClusterError("every network from 10.88.0.0/24 on is in use on this machine; free one and try again")


def connect(layout: Layout, pid: int) -> None:
    """Make the link: our end here, the node's end, eth0, in the network namespace of process `pid`.

    Raises:
        subprocess.CalledProcessError: the kernel refuses.
    """
    _ip("link", "add", layout.link, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    _ip("address", "add", f"{layout.host_ip}/24", "dev", layout.link)
    _ip("link", "set", layout.link, "up")


def _networks() -> list[ipaddress.IPv4Network]:
    routes = json.loads(_ip("-4", "-json", "route", "show", "table", "all"))
    destinations = [route["dst"] for route in routes if route["dst"] != "default"]
    return [ipaddress.IPv4Network(destination, strict=False) for destination in destinations]


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
