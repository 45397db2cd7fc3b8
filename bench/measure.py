"""Measurements taken in turns, and the rows of results that are made of them."""

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """One line of the results.

    Attributes:
        what: what is measured.
        unit: of `value` and `peer_value`.
        value: the gateway's median.
        peer: what it is compared with; empty: nothing.
        peer_value: the peer's median.
        ratio: of the medians; without a peer the value itself.
        spread: the smallest and the largest ratio of one round.
        at_least: the goal, where the ratio should be large.
        at_most: the goal, where the ratio should be small.
        samples: every measurement, in the order of the rounds.
    """

    what: str
    unit: str
    value: float
    ratio: float
    peer: str = ""
    peer_value: float | None = None
    spread: tuple[float, float] | None = None
    at_least: float | None = None
    at_most: float | None = None
    samples: dict[str, list[float]] = field(default_factory=dict)

    @property
    def missed(self) -> bool:
        """Whether there is a goal, and the ratio did not reach it."""
        too_small = self.at_least is not None and self.ratio < self.at_least
        return too_small or (self.at_most is not None and self.ratio > self.at_most)


def interleave(rounds: int, measurements: Mapping[K, Callable[[], T]]) -> dict[K, list[T]]:
    """Take every measurement once a round, each round beginning with another, on a machine that has come to rest."""
    results: dict[K, list[T]] = {key: [] for key in measurements}
    keys = list(measurements)
    for number in range(rounds):
        first = number % len(keys)
        for key in keys[first:] + keys[:first]:
            settle()
            results[key].append(measurements[key]())
    return results


def compare(
    what: str,
    unit: str,
    values: list[float],
    peer: str,
    peers: list[float],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """The row that compares the gateway's `values` with those of a peer in the same rounds."""
    singles = [value / other for value, other in zip(values, peers, strict=True)]
    value, peer_value = statistics.median(values), statistics.median(peers)
    return Row(
        what=what,
        unit=unit,
        value=value,
        ratio=value / peer_value,
        peer=peer,
        peer_value=peer_value,
        spread=(min(singles), max(singles)),
        at_least=at_least,
        at_most=at_most,
        samples={"values": values, "peers": peers},
    )


def settle(patience: float = 20.0) -> None:
    """Wait until the processes of the bench have nothing to do, such as answers that nobody waits for any more."""
    deadline = time.monotonic() + patience
    before = _processor_time()
    while time.monotonic() < deadline:
        time.sleep(0.3)
        now = _processor_time()
        if now - before <= 0.05:
            return
        before = now


def _processor_time() -> float:
    """Seconds that all processes of this namespace have used."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS
