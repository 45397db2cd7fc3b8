"""Floods of HTTP/2 frames and of table entries: memory grows by a bounded amount, and health is answered."""

import contextlib
import hashlib
import re
import struct
import time

import pytest

from tests.attacks.confined import ConfinedSite
from tests.attacks.sockets import connect, new_address
from tests.gateway.users import ADMIN, PULL

MEGABYTE = 1 << 20
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CONNECTIONS = 50
FRAMES = 2000


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of RFC 9113, 4.1."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


SETTINGS = frame(4, 0, 0)
# :method GET, :scheme http, :path / of the static table; :authority x as a literal.
HEADERS = b"\x82\x86\x84\x41\x01x"
STREAMS = range(1, 2 * FRAMES, 2)
FLOODS = {
    "rapid reset": b"".join(frame(1, 5, it, HEADERS) + frame(3, 0, it, b"\0\0\0\x08") for it in STREAMS),
    "CONTINUATION": frame(1, 1, 1, HEADERS) + b"".join(frame(9, 0, 1, b"\x40\x01x\x01y") for _ in STREAMS),
    "empty CONTINUATION": frame(1, 1, 1, HEADERS) + b"".join(frame(9, 0, 1) for _ in STREAMS),
    "SETTINGS": SETTINGS * FRAMES,
    "PING": frame(6, 0, 0, b"12345678") * FRAMES,
    "priority": b"".join(frame(2, 0, it, b"\0\0\0\0\x10") for it in STREAMS),
    "window": frame(1, 5, 1, HEADERS) + frame(8, 0, 1, b"\0\0\0\x01") * FRAMES,
    "window of nothing": frame(4, 0, 0, b"\0\4\0\0\0\0") + b"".join(frame(1, 5, it, HEADERS) for it in STREAMS),
    "empty DATA": frame(1, 4, 1, HEADERS) + frame(0, 0, 1) * FRAMES,
    "streams that never end": b"".join(frame(1, 4, it, HEADERS) for it in STREAMS),
    "reset of what is not there": b"".join(frame(3, 0, it, b"\0\0\0\x08") for it in STREAMS),
    "unknown frames": frame(0xFE, 0xFF, 1, b"x" * 100) * FRAMES,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_of_http_2_frames_costs_a_bounded_amount_of_memory(confined: ConfinedSite, flood: bytes) -> None:
    """The plain port speaks no HTTP/2: the preface is a bad request, and no frame after it is read as one."""
    worker, before = confined.worker(), confined.groups["gateway"].resident
    with contextlib.ExitStack() as stack:
        source = new_address()
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(contextlib.closing(connect(confined.addresses.clients, source, timeout=1)))
            with contextlib.suppress(OSError):
                connection.sendall(PREFACE + SETTINGS + flood)
        assert confined.memory_after(before) < 10 * MEGABYTE
        assert confined.request("GET", "/v2/", PULL).status == 200
    confined.assert_unharmed(worker)


TABLES = {
    "failed_logins": 20, "verified": 32, "rejected": 32, "proven": 32, "logins": 20, "downloads": 20,
}  # fmt: skip
ENTRIES = 15_000  # in each of seven tables
AT_ONCE = 100  # the admin socket reads a line into one buffer


def test_a_hundred_thousand_entries_in_every_table_are_a_bounded_amount_of_memory(confined: ConfinedSite) -> None:
    worker, before = confined.worker(), confined.groups["gateway"].resident
    for table, length in TABLES.items():
        for start in range(0, ENTRIES, AT_ONCE):
            keys = (hashlib.sha256(f"{table} {start + it}".encode()).hexdigest()[: 2 * length] for it in range(AT_ONCE))
            confined.admin(";".join(f"set table {table} key {key}" for key in keys))
    for start in range(0, ENTRIES, AT_ONCE):
        addresses = (f"2001:db8:{(start + it) >> 8:x}:{(start + it) & 255:x}::1" for it in range(AT_ONCE))
        confined.admin(";".join(f"set table failed_sources key {address}" for address in addresses))
    for table in (*TABLES, "failed_sources"):
        (used,) = re.findall(rf"^# table: {table}, .*used:(\d+)", confined.admin("show table"), re.MULTILINE)
        assert int(used) >= ENTRIES, table
    assert confined.memory_after(before) < 60 * MEGABYTE
    start_of_login = time.monotonic()
    for user in (PULL, ADMIN):
        assert confined.request("GET", "/v2/", user).status == 200
    assert time.monotonic() - start_of_login < 2
    confined.assert_unharmed(worker)
