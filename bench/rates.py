"""Many small requests of one verified user."""

import os
from functools import partial
from pathlib import Path

from bench.image import Image
from bench.load import Wrk
from bench.measure import Row, compare, interleave
from bench.site import DIRECT, GATEWAY, HTPASSWD_5, HTPASSWD_10, Door

ROUNDS = 5
SECONDS = 2
# Enough that all cores are busy: more would only wait in line where each request takes its time.
CORES = os.cpu_count() or 1
CONNECTIONS = {DIRECT: 8 * CORES, GATEWAY: 8 * CORES, HTPASSWD_5: 2 * CORES, HTPASSWD_10: CORES}


def run(folder: Path, image: Image) -> list[Row]:
    """Requests a second, against the registry alone and against its own htpasswd."""
    rows = []
    for what, path in (("GET /v2/", "/v2/"), ("GET of a manifest", image.manifest)):
        rates = interleave(ROUNDS, {door: partial(_rate, folder, door, path) for door in CONNECTIONS})
        for peer, goal in ((DIRECT, 0.6), (HTPASSWD_10, 100.0), (HTPASSWD_5, None)):
            rows.append(compare(what, "requests/s", rates[GATEWAY], peer.name, rates[peer], at_least=goal))
    return rows


def _rate(folder: Path, door: Door, path: str) -> float:
    return Wrk(folder, CONNECTIONS[door], SECONDS).requests(door, path).per_second
