"""The program that polls, measured where ours was and has gone."""

import base64
import threading
import time
from dataclasses import dataclass

from bench.delivery import newcomers
from bench.delivery.poll import Poller
from bench.delivery.site import Site

SECRET = "polled-pull"  # noqa: S105 - a name
IDLE = 90.0  # seconds
NEWCOMERS = 7
ROUND = 14.0  # seconds that one takes when there is nothing to write, and the pause after it


@dataclass(frozen=True)
class Polled:
    """What was measured.

    Attributes:
        seconds: of the first round, which serves everything.
        requests: in that round.
        per_minute: requests a minute when nothing changes.
        newcomers: seconds until each new namespace was served.
    """

    seconds: float
    requests: int
    per_minute: float
    newcomers: list[float]


def measure(site: Site) -> Polled:
    """Serve the thousand namespaces by polling."""
    credential = base64.b64encode(b'{"auths": {}}').decode()
    with site.connect("poller") as api:
        poller = Poller(api, SECRET, credential, lambda name: name.startswith("bench-"))
        before, started = site.requests_of("poller"), time.monotonic()
        poller.round()
        seconds, requests = time.monotonic() - started, site.requests_of("poller") - before
        stop = threading.Event()
        thread = threading.Thread(target=poller.run, args=[stop])
        thread.start()
        try:
            per_minute = site.requests_a_minute("poller", IDLE)
            served = newcomers.serve(site, SECRET, NEWCOMERS, within=ROUND)
        finally:
            stop.set()
            thread.join()
    return Polled(seconds, requests, per_minute, served)
