"""One big blob, over loopback and over a link of 1 Gbit/s."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.image import push_blob
from bench.link import Link
from bench.load import Curl
from bench.measure import Row, compare, interleave
from bench.site import DIRECT, GATEWAY, Door

MEBIBYTE = 1 << 20
SIZE = 300 * MEBIBYTE
REPOSITORY = "big/blob"


@dataclass(frozen=True)
class Way:
    """How the client reaches the registry.

    Attributes:
        name: what the report calls it.
        curl: the client there.
        rounds: how many measurements.
        goal: the least ratio to the registry alone.
    """

    name: str
    curl: Curl
    rounds: int
    goal: float


def run(folder: Path, link: Link) -> list[Row]:
    """MiB a second, against the registry alone."""
    file = folder / "blob"
    file.write_bytes(os.urandom(SIZE))
    digest = push_blob(DIRECT, REPOSITORY, file.read_bytes())
    ways = (
        Way("loopback", Curl(), 7, 0.65),
        Way("1 Gbit/s", Curl(link.enter, link.address), 3, 0.95),
    )
    return [row for way in ways for row in _rows(way, file, digest)]


def _rows(way: Way, file: Path, digest: str) -> list[Row]:
    rows = []
    transfers: dict[str, Callable[[Door], float]] = {
        "push": lambda door: way.curl.push(door, REPOSITORY, file, digest),
        "pull": lambda door: way.curl.pull(door, REPOSITORY, digest),
    }
    for name, transfer in transfers.items():
        speeds = interleave(way.rounds, {door: partial(_speed, transfer, door) for door in (DIRECT, GATEWAY)})
        what = f"{name} of 300 MiB, {way.name}"
        rows.append(compare(what, "MiB/s", speeds[GATEWAY], DIRECT.name, speeds[DIRECT], at_least=way.goal))
    return rows


def _speed(transfer: Callable[[Door], float], door: Door) -> float:
    """In MiB a second."""
    return SIZE / MEBIBYTE / transfer(door)
