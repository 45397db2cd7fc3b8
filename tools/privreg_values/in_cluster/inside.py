"""What runs in the Pod: the checks, a line of JSON for each step and one for the end.

Standard library only, like all that it imports.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass

from privreg_values.registry.certificates import system_trust
from privreg_values.registry.check import Check, Login
from privreg_values.registry.client import Site

END = "end"  # the last line, without which something was lost


@dataclass(frozen=True)
class Order:
    """What to check.

    Args:
        host: The registry's name.
        address: Where to connect to.
        port: The TCP port.
        resolve: Look the host up first.
        authorities: Certificates to trust besides the system's, in PEM form.
        user: Who to log in as.
        password: The password.
        source: Where it is from, for messages.
        repository: Where to push to.
    """

    host: str
    address: str
    port: int
    resolve: bool
    authorities: str
    user: str
    password: str
    source: str
    repository: str


def run(order: Order) -> None:
    """Print each step when it is done."""
    context = system_trust()
    if order.authorities:
        context.load_verify_locations(cadata=order.authorities)
    site = Site(order.host, order.address, order.port, context)
    login = Login(order.user, order.password, order.source)
    for step in Check(site, login, order.repository, resolve=order.resolve).steps():
        _say(asdict(step))
    _say(END)


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
