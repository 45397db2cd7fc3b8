"""Attacks by requests that two readers could take for different ones: none reaches the registry unasked."""

import re

import pytest

from tests.gateway.client import request_line
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, PULL, PUSH, User

TAGS = "/v2/never/pushed/tags/list"
INNER = b"GET /v2/smuggled/app/tags/list HTTP/1.1\r\nHost: registry.example.com\r\nX-Inner: x\r\n\r\n"
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(INNER), INNER)
ALL = str(len(INNER)).encode()

# Headers (each line as it is), and the body that follows.
BODIES: dict[str, tuple[list[bytes], bytes]] = {
    "length and chunks": ([b"Content-Length: 5", b"Transfer-Encoding: chunked"], b"0\r\n\r\n" + INNER),
    "chunks and length": ([b"Transfer-Encoding: chunked", b"Content-Length: 5"], b"0\r\n\r\n" + INNER),
    "a length of nothing and chunks": ([b"Content-Length: 0", b"Transfer-Encoding: chunked"], CHUNK),
    "a length of all and chunks": ([b"Content-Length: " + ALL, b"Transfer-Encoding: chunked"], b"0\r\n\r\n" + INNER),
    "two lengths": ([b"Content-Length: 0", b"Content-Length: " + ALL], INNER),
    "two lengths, the other way": ([b"Content-Length: " + ALL, b"Content-Length: 0"], INNER),
    "two lengths in one header": ([b"Content-Length: 0, " + ALL], INNER),
    "the same length twice, then more": ([b"Content-Length: 1", b"Content-Length: 1"], b"x" + INNER),
    "a length with a sign": ([b"Content-Length: +" + ALL], INNER),
    "a negative length": ([b"Content-Length: -1"], INNER),
    "a hexadecimal length": ([b"Content-Length: 0x10"], INNER),
    "an octal length": ([b"Content-Length: 010"], INNER[:10] + INNER),
    "a length with a space": ([b"Content-Length: 0 " + ALL], INNER),
    "an empty length": ([b"Content-Length:"], INNER),
    "a length beyond all bounds": ([b"Content-Length: 18446744073709551616"], INNER),
    "a length in another name": ([b"Content_Length: " + ALL], INNER),
    "a space before the colon of a length": ([b"Content-Length : " + ALL], INNER),
    "chunks of an unknown kind": ([b"Transfer-Encoding: xchunked"], CHUNK),
    "chunks of two kinds": ([b"Transfer-Encoding: chunked, identity"], CHUNK),
    "chunks of two kinds, the other way": ([b"Transfer-Encoding: identity, chunked"], CHUNK),
    "chunks twice": ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"], CHUNK),
    "chunks and no chunks": ([b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"], CHUNK),
    "chunks in quotes": ([b'Transfer-Encoding: "chunked"'], CHUNK),
    "a space before the colon of chunks": ([b"Transfer-Encoding : chunked"], CHUNK),
    "a tab after the colon of chunks": ([b"Transfer-Encoding:\tchunked", b"Content-Length: 5"], b"0\r\n\r\n" + INNER),
    "a vertical tab after the colon of chunks": ([b"Transfer-Encoding:\x0bchunked", b"Content-Length: 0"], CHUNK),
    "a zero byte in chunks": ([b"Transfer-Encoding: chunked\x00", b"Content-Length: 0"], CHUNK),
    "a folded line": ([b"Transfer-Encoding:", b" chunked", b"Content-Length: 5"], b"0\r\n\r\n" + INNER),
    "a folded line that is a header": ([b"X: x", b" Transfer-Encoding: chunked", b"Content-Length: 0"], CHUNK),
    "a folded line at first": ([b" Content-Length: " + ALL], INNER),
    "a bare carriage return": ([b"X: x\rTransfer-Encoding: chunked", b"Content-Length: 0"], CHUNK),
    "a bare line feed": ([b"X: x\nTransfer-Encoding: chunked", b"Content-Length: 5"], b"0\r\n\r\n" + INNER),
    "an end of headers by line feeds": ([b"Content-Length: 0\n\n" + INNER.rstrip()], b""),
    "a carriage return before the end": ([b"X: x\r", b"Content-Length: 0"], INNER),
    "no length at all": ([], INNER),
    "a chunk size with a sign": ([b"Transfer-Encoding: chunked"], b"+0\r\n\r\n" + INNER),
    "a chunk size in other digits": ([b"Transfer-Encoding: chunked"], b"0x0\r\n\r\n" + INNER),
    "a chunk size beyond all bounds": ([b"Transfer-Encoding: chunked"], b"fffffffffffffffff\r\n" + INNER),
    "a negative chunk size": ([b"Transfer-Encoding: chunked"], b"-1\r\n" + INNER),
    "a chunk extension that hides a line": ([b"Transfer-Encoding: chunked"], b"0;\nxx\r\n\r\n" + INNER),
    "a chunk that ends with a line feed": ([b"Transfer-Encoding: chunked"], b"1\nx\n0\n\n" + INNER),
    "a chunk that is longer than it says": ([b"Transfer-Encoding: chunked"], b"1\r\nxx\r\n0\r\n\r\n" + INNER),
    "a trailer that is a request": ([b"Transfer-Encoding: chunked"], b"0\r\n" + INNER),
    "a switch of protocols": ([b"Upgrade: websocket", b"Connection: Upgrade"], INNER),
    "a switch to HTTP/2": ([b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__", b"Connection: Upgrade"], INNER),
    "a continuation that was not waited for": ([b"Expect: 100-continue", b"Content-Length: 5"], b"12345" + INNER),
}


@pytest.mark.parametrize("user", [None, PULL, PUSH], ids=["unknown", "pull", "push"])
@pytest.mark.parametrize(("headers", "body"), BODIES.values(), ids=BODIES.keys())
def test_no_request_inside_another_reaches_the_registry(
    site: Site, headers: list[bytes], body: bytes, user: User | None
) -> None:
    with site.reached() as reached:
        for method, target in (("GET", TAGS), ("POST", "/v2/any/app/blobs/uploads/"), ("BREW", "/v2/")):
            head = request_line(target, user, method).replace(b"Connection: close\r\n", b"")
            sent = head.removesuffix(b"\r\n") + b"".join(line + b"\r\n" for line in headers) + b"\r\n" + body
            came = site.client.raw(sent)
            assert len(re.findall(rb"HTTP/1\.1 2\d\d ", came)) <= 1
    assert not [each for each in reached if "smuggled" in each.target]
    if user is None:
        assert not reached


def test_each_request_on_a_connection_is_judged_by_its_own_credential(site: Site) -> None:
    *first, last = (
        request_line(target, user, method)
        for method, target, user in (
            ("GET", TAGS, PULL), ("GET", TAGS, None), ("GET", "/v2/_catalog", ADMIN), ("GET", "/v2/_catalog", PULL),
            ("POST", "/v2/any/app/blobs/uploads/", PUSH), ("POST", "/v2/any/app/blobs/uploads/", PULL),
            ("GET", "/v2/", None),
        )
    )  # fmt: skip
    sent = b"".join(each.replace(b"Connection: close\r\n", b"") for each in first) + last
    answered = re.findall(rb"HTTP/1\.1 (\d+) ", site.client.raw(sent, half_close=False))
    assert answered == [b"404", b"401", b"200", b"403", b"202", b"403", b"401"]


def test_a_body_that_is_a_request_is_a_body(site: Site) -> None:
    with site.reached() as reached:
        answer = site.request("PUT", "/v2/any/app/manifests/x", PUSH, INNER, {"Content-Type": "text/plain"})
    assert answer.status == 400
    assert [each.method for each in reached] == ["PUT"]


@pytest.mark.parametrize("header", ["X\0: x", "X Y: x", ": x", "X", "X: \0", "\x80: x", "(X): x", "X\r: x"], ids=ascii)
def test_headers_that_are_none_are_refused(site: Site, header: str) -> None:
    with site.reached() as reached:
        assert site.client.raw_status(request_line("/v2/", None, "GET", header)) in (400, 401)
        assert site.client.raw_status(request_line("/v2/", ADMIN, "GET", header)) == 400
    assert not reached


def test_http_2_is_not_spoken(site: Site) -> None:
    """Its preface is no request of HTTP/1: one connection of HTTP/2 could hold as much memory as a hundred."""
    assert site.client.raw_status(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)) == 400
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAA")
    assert site.client.raw_status(request_line("/v2/", PULL, "GET", *upgrade)) == 200
