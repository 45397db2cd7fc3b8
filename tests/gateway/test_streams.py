"""Bodies of any size go through as they are, at once, and in little memory."""

import hashlib
import itertools
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.client import TIMEOUT, request_line
from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.oci import digest, finish_upload, push_blob, start_upload
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, PULL, PUSH, User, basic

MEGABYTE = 1024 * 1024
SIZE = 300  # megabytes


def megabytes(count: int) -> Iterator[bytes]:
    """Content in which no two parts are the same."""
    block = os.urandom(MEGABYTE - 8)
    return (number.to_bytes(8, "big") + block for number in range(count))


@pytest.mark.parametrize("user", [PUSH, ADMIN], ids=["by a user not yet known", "by a known user"])
def test_a_large_upload_and_download_are_unchanged_and_need_little_memory(make_site: MakeSite, user: User) -> None:
    site = make_site()
    location = start_upload(site.client, "any/large", ADMIN)
    content = hashlib.sha256()

    def parts() -> Iterator[bytes]:
        for part in megabytes(SIZE):
            content.update(part)
            yield part

    headers = {"Content-Length": str(SIZE * MEGABYTE)}
    answer = site.request("PATCH", location, user, parts(), headers)
    assert answer.status == 202
    blob = f"sha256:{content.hexdigest()}"
    assert finish_upload(site.client, answer.headers["Location"], blob) == 201

    connection = site.client.connect()
    connection.request("GET", f"/v2/any/large/blobs/{blob}", headers={"Authorization": user.authorization})
    response, received = connection.getresponse(), hashlib.sha256()
    while part := response.read(MEGABYTE):
        received.update(part)
    connection.close()
    assert received.digest() == content.digest()
    assert _most_memory(site) < 64 * MEGABYTE


def test_the_first_bytes_of_an_upload_reach_the_registry_before_the_last_are_sent(site: Site) -> None:
    location = start_upload(site.client, "any/slow")
    head = request_line(location, PUSH, "PATCH", f"Content-Length: {8 * MEGABYTE}")
    with socket.create_connection(("127.0.0.1", site.addresses.clients), timeout=TIMEOUT) as connection:
        connection.sendall(head)
        for part in itertools.islice(megabytes(8), 7):
            connection.sendall(part)
        wait_for(lambda: site.uploaded("any/slow") >= 5 * MEGABYTE, "most of it in the registry")


def test_an_upload_in_chunks_of_unknown_total_length_is_stored(site: Site) -> None:
    content = [f"chunk {number} ".encode() * 1000 for number in range(100)]
    answer = site.request("PATCH", start_upload(site.client, "any/chunked"), PUSH, iter(content))
    assert answer.status == 202
    assert answer.headers["Range"] == f"0-{len(b''.join(content)) - 1}"
    assert finish_upload(site.client, answer.headers["Location"], digest(b"".join(content))) == 201


@pytest.mark.parametrize(
    ("authorization", "first", "last"),
    [
        (PUSH.authorization, b"HTTP/1.1 100 ", b"HTTP/1.1 202 "),
        (PULL.authorization, b"HTTP/1.1 403 ", None),
        (basic("ci", "wrong"), b"HTTP/1.1 401 ", None),
    ],
    ids=["lets in who may", "refuses who may not", "refuses who is not known"],
)
def test_who_asks_before_sending_is_answered_at_once(
    site: Site, authorization: str, first: bytes, last: bytes | None
) -> None:
    location = start_upload(site.client, "any/expected")
    head = request_line(location, authorization, "PATCH", "Content-Length: 4", "Expect: 100-continue")
    with socket.create_connection(("127.0.0.1", site.addresses.clients), timeout=TIMEOUT) as connection:
        connection.sendall(head)
        assert connection.recv(4096).startswith(first)
        if last:
            connection.sendall(b"body")
            assert connection.recv(4096).startswith(last)


def test_who_sends_a_large_body_without_a_credential_is_told_so_and_not_waited_for(site: Site) -> None:
    head = request_line("/v2/any/app/blobs/uploads/x", None, "PATCH", f"Content-Length: {SIZE * MEGABYTE}")
    with socket.create_connection(("127.0.0.1", site.addresses.clients), timeout=TIMEOUT) as connection:
        connection.sendall(head + b"the first bytes")
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")
        assert connection.recv(4096) == b""


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [("bytes=0-9", 206, 0, 10), ("bytes=500-", 206, 500, 1000), ("bytes=-10", 206, 990, 1000), ("", 200, 0, 1000)],
)
def test_a_part_of_a_blob_can_be_asked_for(site: Site, asked: str, status: int, start: int, end: int) -> None:
    content = os.urandom(1000)
    blob = push_blob(site.client, "any/ranges", content)
    answer = site.request("GET", f"/v2/any/ranges/blobs/{blob}", PULL, headers={"Range": asked} if asked else {})
    assert (answer.status, answer.body) == (status, content[start:end])
    assert answer.headers["Accept-Ranges"] == "bytes"
    if asked:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/1000"


def test_connections_are_kept_on_both_sides(make_site: MakeSite) -> None:
    site = make_site()
    assert site.request("GET", "/v2/", PULL).status == 200
    opened = site.count("clients", "FRONTEND", "conn_tot"), site.count("registry", "registry", "connect")
    with site.client.keep() as kept:
        for _ in range(50):
            assert kept.request("GET", "/v2/", PULL).status == 200
    now = site.count("clients", "FRONTEND", "conn_tot"), site.count("registry", "registry", "connect")
    assert now[0] - opened[0] == 1
    assert now[1] - opened[1] <= 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "registry.example.com"},
        {"Host": "registry.example.com:8443", "X-Forwarded-Proto": "https"},
        {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "elsewhere.example.com", "X-Forwarded-Port": "1"},
        {"Forwarded": "for=1.2.3.4;host=elsewhere.example.com;proto=http"},
    ],
    ids=str,
)
def test_locations_are_right_behind_whatever_proxies_there_are(site: Site, headers: dict[str, str]) -> None:
    """They hold no scheme, host and port: the client goes on where it is."""
    started = site.request("POST", "/v2/any/app/blobs/uploads/", PUSH, headers=headers)
    location = started.headers["Location"]
    assert re.fullmatch(r"/v2/any/app/blobs/uploads/[0-9a-f-]+\?_state=[\w%=-]+", location)
    finished = site.request("PUT", f"{location}&digest={digest(b'')}", PUSH, headers=headers)
    assert (finished.status, finished.headers["Location"]) == (201, f"/v2/any/app/blobs/{digest(b'')}")
    page = site.request("GET", "/v2/_catalog?n=1", ADMIN, headers=headers).headers.get("Link", "</v2/_catalog>")
    assert page.startswith("</v2/_catalog")


def test_an_answer_without_a_body_has_none(site: Site) -> None:
    blob = push_blob(site.client, "any/head", b"some content")
    with site.client.keep() as kept:
        for _ in range(3):
            answer = kept.request("HEAD", f"/v2/any/head/blobs/{blob}", PULL)
            assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "12", b"")
        assert kept.requests == 3


def _most_memory(site: Site) -> int:
    """The most that HAProxy's worker has needed, in bytes."""
    pid = site.admin("show info").split("\nPid: ")[1].split("\n")[0]
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(kilobytes) * 1024
