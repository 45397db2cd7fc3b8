"""Somebody guesses passwords as fast as the gateway answers: what the others notice of it."""

import http.client
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.errors import BenchError
from bench.load import Answers, Wrk
from bench.measure import Row, compare, interleave
from bench.site import GATEWAY
from bench.users import VERIFIED, VICTIM, User, crowd

ROUNDS = 3
CONNECTIONS = 4  # of the verified user
GUESSERS = 8  # connections that guess
WARM_UP = 0.5  # seconds of guessing before anything is measured
NOBODY, ONE, MANY = "nobody", "one address", "many addresses"
NEWCOMER = "192.0.2.1"


@dataclass(frozen=True)
class Seen:
    """What the others noticed in one round.

    Attributes:
        median: latency of a verified user, in milliseconds.
        p99: the same, which 1 in 100 requests exceeds.
        login: how long somebody new waited, in milliseconds.
        verifications: passwords compared for the guesser, in a second.
    """

    median: float
    p99: float
    login: float
    verifications: float


def run(folder: Path) -> list[Row]:
    """Latencies with a guesser against those without, and how many comparisons were forced."""
    newcomers = iter(crowd())
    addresses = (f"198.51.100.{number}" for number in range(ROUNDS))  # one that has not failed yet, each round

    def look(guesser: AbstractContextManager[Callable[[], Answers]] | None) -> Seen:
        return _look(folder, next(newcomers), guesser)

    guess = partial(Wrk(folder, GUESSERS, 60).guessing, GATEWAY, VICTIM)
    seen = interleave(
        ROUNDS,
        {NOBODY: lambda: look(None), ONE: lambda: look(guess(next(addresses))), MANY: lambda: look(guess(None))},
    )
    alone = seen.pop(NOBODY)
    rows = []
    for name, rounds in seen.items():
        for what, attribute in (
            ("latency of a verified user, median", "median"),
            ("latency of a verified user, 99 %", "p99"),
            ("first login of somebody else", "login"),
        ):
            values, peers = ([getattr(one, attribute) for one in of] for of in (rounds, alone))
            rows.append(compare(f"{what}, guesses from {name}", "ms", values, "nobody guesses", peers))
        forced = [one.verifications for one in rounds]
        value = statistics.median(forced)
        rows.append(Row(f"comparisons forced from {name}", "1/s", value, value, samples={"values": forced}))
    return rows


def _look(folder: Path, newcomer: User, guesser: AbstractContextManager[Callable[[], Answers]] | None) -> Seen:
    _login(VERIFIED)
    with guesser or nullcontext() as stop:
        time.sleep(WARM_UP)
        answers = Wrk(folder, CONNECTIONS, 2).requests(GATEWAY, "/v2/")
        login = _login(newcomer)
        return Seen(answers.median, answers.p99, login, stop().wrong if stop else 0)


def _login(user: User) -> float:
    """Milliseconds that a first request takes, from an address of its own.

    Raises:
        BenchError: the user was not let in.
    """
    connection = http.client.HTTPConnection("127.0.0.1", GATEWAY.port, timeout=60)
    started = time.monotonic()
    try:
        connection.request("GET", "/v2/", headers={"Authorization": user.authorization, "X-Forwarded-For": NEWCOMER})
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != 200:
        raise BenchError(f"{GATEWAY.name}: the login of {user.name} ended with {status}")
    return 1000 * (time.monotonic() - started)
