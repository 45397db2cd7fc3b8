"""G18, G20, case 44: every answer of the gateway itself is JSON with a reason."""

import contextlib
import json
import re

import pytest

from tests.attacks.confined import ConfinedSite
from tests.attacks.sockets import connect
from tests.gateway.client import request_line
from tests.gateway.oci import push_image
from tests.gateway.users import ADMIN, PULL, PUSH, TEAM_PULL, User, basic

BAD = {
    "a path of 4 kB": (request_line(f"/v2/{'x' * 4_000}", PULL), (414,)),
    "an unknown method": (request_line("/v2/", PULL, "BREW"), (405,)),
    "a path with a space in it": (request_line("/v2/%20", PULL), (400,)),
    "two credentials": (request_line("/v2/", PULL, "GET", f"Authorization: {PULL.authorization}"), (400,)),
    "no credential": (request_line("/v2/"), (401,)),
    "a wrong one": (request_line("/v2/", basic("ci", "wrong")), (401,)),
    "no role": (request_line("/v2/_catalog", PULL), (403,)),
    "no such path": (request_line("/v2/any", PULL), (404,)),
    "an expectation": (request_line("/v2/", None, "PUT", "Expect: 100-continue", "Content-Length: 5"), (401,)),
}

# HAProxy's parser refuses these before any rule is read, in HTML of its own, which no directive changes (h1_send_error
# in its mux_h1.c).
UNPARSED = {
    "gzip and chunks": (request_line("/v2/", PULL, "POST", "Transfer-Encoding: gzip, chunked"), (400, 422)),
    "a path of 40 kB": (request_line(f"/v2/{'x' * 40_000}", PULL), (400, 414, 431)),
    "headers of 40 kB": (request_line("/v2/", PULL, "GET", f"X: {'x' * 40_000}"), (400, 431)),
    "a header without a colon": (request_line("/v2/", PULL, "GET", "X"), (400,)),
    "no version": (b"GET /v2/\r\n\r\n", (400,)),
    "CONNECT": (request_line("example.com:80", PULL, "CONNECT"), (400, 405)),
    "an absolute URL": (request_line("http://example.com/v2/", PULL), (400,)),
    "no number as a length": (request_line("/v2/", PULL, "POST", "Content-Length: x"), (400,)),
}


@pytest.mark.parametrize(("sent", "statuses"), BAD.values(), ids=BAD.keys())
def test_g18_a_refusal_is_json_with_a_reason(confined: ConfinedSite, sent: bytes, statuses: tuple[int, ...]) -> None:
    head, _, body = _answer(confined, sent).partition(b"\r\n\r\n")
    assert int(head.split(None, 2)[1]) in statuses
    assert re.search(rb"(?i)\r\ncontent-type: application/json", head)
    (error,) = json.loads(body)["errors"]
    assert re.fullmatch("[A-Z_]+", error["code"])
    assert error["message"]


@pytest.mark.parametrize(("sent", "statuses"), UNPARSED.values(), ids=UNPARSED.keys())
def test_g18_what_is_no_request_is_refused_and_reaches_nobody(
    confined: ConfinedSite, sent: bytes, statuses: tuple[int, ...]
) -> None:
    with confined.reached() as reached:
        assert int(_answer(confined, sent).split(None, 2)[1]) in statuses
    assert not reached


def _answer(site: ConfinedSite, sent: bytes) -> bytes:
    with contextlib.closing(connect(site.addresses.clients)) as connection:
        connection.sendall(sent)
        came = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                came += part
    return came


@pytest.mark.parametrize(
    "path",
    [
        f"/v2/any/words/manifests/sha256:{'a' * 63}", "/v2/any/words/manifests/md5:d41d8cd98f00b204e9800998ecf8427e",
        "/v2/any/words/manifests/sha256:", f"/v2/any/words/blobs/sha256:{'a' * 63}",
        "/v2/any/words/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", "/v2/any/words/tags/list?last=%00",
        "/v2/any/words/tags/list?n=-1", "/v2/any/words/tags/list?n=x", "/v2/any/words/referrers/sha256:a",
        "/v2/_catalog?last=%00", "/v2/any/words/blobs/uploads/x", "/v2/any/words/manifests/a:b",
    ],
)  # fmt: skip
def test_g20_what_is_malformed_is_the_clients_error(confined: ConfinedSite, path: str) -> None:
    push_image(confined.client, "any/words")
    assert 200 <= confined.request("GET", path, ADMIN).status < 500


def test_g20_a_slash_is_answered_with_nothing_to_anybody(confined: ConfinedSite) -> None:
    answer = confined.request("GET", "/")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    ("user", "method", "path", "words"),
    [
        (PULL, "DELETE", "/v2/any/words/manifests/latest", "may not delete"),
        (PUSH, "DELETE", "/v2/any/words/manifests/latest", "may not delete"),
        (PULL, "PUT", "/v2/any/words/manifests/latest", "may not push"),
        (PULL, "POST", "/v2/any/words/blobs/uploads/", "may not push"),
        (TEAM_PULL, "GET", "/v2/any/words/tags/list", "may not use this repository"),
        (PUSH, "GET", "/v2/_catalog", "the catalog is for admins"),
    ],
)
def test_case_44_a_denial_names_what_is_denied(
    confined: ConfinedSite, user: User, method: str, path: str, words: str
) -> None:
    answer = confined.request(method, path, user)
    assert (answer.status, answer.code) == (403, "DENIED")
    assert words in answer.json["errors"][0]["message"]
