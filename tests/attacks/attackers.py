"""Attackers, each a process of its own: python -m tests.attacks.attackers NAME PORT SECONDS."""

import contextlib
import resource
import selectors
import socket
import sys
import time
from collections.abc import Callable, Iterator

from tests.attacks.sockets import connect, new_address
from tests.attacks.test_floods import FLOODS, PREFACE, SETTINGS
from tests.gateway.client import request_line
from tests.gateway.users import PULL, basic

PAUSE = 0.005  # seconds between two steps, so that the attack does not only compete for the processor
LARGE = "/v2/any/large/blobs/"
GET = request_line("/v2/").replace(b"Connection: close\r\n", b"")

Step = Callable[[int, int], None]


def hold(count: int, sent: Callable[[int], bytes], receive: int = 0) -> Callable[[int, float], None]:
    """An attack that holds so many connections, each with some bytes sent, and opens anew what was closed."""

    def attack(port: int, end: float) -> None:
        held: list[socket.socket] = []
        source = new_address()
        for number in _steps(end):
            if number % 100 == 0:
                source = new_address()
            if len(held) >= count:
                held.pop(0).close()
            with contextlib.suppress(OSError):
                connection = connect(port, source, receive, timeout=1)
                held.append(connection)
                connection.setblocking(False)
                connection.send(sent(number))

    return attack


def ask(request: Callable[[int], bytes], sources: int = 1) -> Callable[[int, float], None]:
    """An attack that sends one request after the other, each on a connection of its own, with 20 under way."""

    def attack(port: int, end: float) -> None:
        addresses = [new_address() for _ in range(sources)]
        selector = selectors.DefaultSelector()
        for number in _steps(end):
            with contextlib.suppress(OSError):
                connection = connect(port, addresses[number % sources], timeout=1)
                connection.setblocking(False)
                connection.send(request(number))
                selector.register(connection, selectors.EVENT_READ)
            while len(selector.get_map()) > 20 and time.monotonic() < end:
                for key, _ in selector.select(0.1):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]

    return attack


def flood(number: int) -> bytes:
    """One of the floods of HTTP/2, in turn."""
    return PREFACE + SETTINGS + list(FLOODS.values())[number % len(FLOODS)]


def guess(number: int) -> bytes:
    """A login with a password that was never tried."""
    return request_line("/v2/", basic("ci", f"guess {number}"))


def forwarded_guess(number: int) -> bytes:
    """The same through a proxy, each from another address."""
    forwarded = f"X-Forwarded-For: 10.{number // 62500 % 250}.{number // 250 % 250}.{number % 250}"
    return request_line("/v2/", basic("ci", f"guess {number}"), "GET", forwarded)


def body(number: int) -> bytes:
    """An upload's beginning, with a wrong password."""
    path = f"/v2/any/app/blobs/uploads/{number}"
    return request_line(path, basic("ci", f"wrong {number}"), "PATCH", "Content-Length: 1000000") + bytes(100_000)


ATTACKS: dict[str, Callable[[int, float], None]] = {
    "idle connections": hold(2100, lambda _: GET),
    "unfinished headers": hold(900, lambda _: GET[:-2] + b"X: " + b"x" * 12_000),
    "answers that are not read": hold(900, lambda _: GET * 60, receive=2048),
    "bodies without a credential": hold(300, body),
    "HTTP/2 floods": hold(200, flood),
    "guesses from one address": ask(guess),
    "guesses from 200 addresses": ask(guess, sources=200),
    "guesses through a proxy": ask(forwarded_guess),
    "an old password, again and again": ask(lambda _: request_line("/v2/", basic("cluster", "the old password"))),
    "spellings of one password": ask(lambda it: request_line("/v2/", basic(PULL.name, f"{PULL.secret}\0{it}"))),
    "bad requests": ask(lambda _: b"GET /v2/\x00 HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n"),
}


def _steps(end: float) -> Iterator[int]:
    number = 0
    while time.monotonic() < end:
        yield number
        number += 1
        time.sleep(PAUSE)


def main(name: str, port: str, seconds: str) -> None:
    """Attack for some seconds."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ATTACKS[name](int(port), time.monotonic() + float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
