"""Attacks by headers: what is no plain credential is none, and nothing else says who one is."""

import base64
import string

import pytest

from tests.gateway.capturing_registry import capturing
from tests.gateway.client import request_line
from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, PULL, PUSH, TEAM_PULL, TEAM_PUSH, User, basic

TOKEN = ADMIN.authorization.removeprefix("Basic ")
REPOSITORY = "/v2/never/pushed/tags/list"


def encoded(text: bytes) -> str:
    """Any bytes as a Basic credential."""
    return f"Basic {base64.b64encode(text).decode()}"


NO_CREDENTIALS = {
    "Bearer with a token": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "Bearer with a password": f"Bearer {TOKEN}",
    "Digest": f'Digest username="{ADMIN.name}", realm="privreg"',
    "a scheme alone": "Basic",
    "an empty credential": "Basic ",
    "no scheme": TOKEN,
    "a scheme that begins alike": f"BasicX {TOKEN}",
    "no space": f"Basic{TOKEN}",
    "two spaces": f"Basic  {TOKEN}",
    "a tab": f"Basic\t{TOKEN}",
    "two credentials in one header": f"{PULL.authorization}, {ADMIN.authorization}",
    "a credential and a scheme in one header": f"{ADMIN.authorization}, Bearer x",
    "text after the credential": f"{ADMIN.authorization} x",
    "parameters": f'{ADMIN.authorization}, charset="UTF-8"',
    "quotes": f'Basic "{TOKEN}"',
    "base64 without its padding": encoded(b"admin:admin-PASSWORDx").rstrip("=") + "A",
    "too much padding": f"{ADMIN.authorization}====",
    "padding in the middle": f"Basic {TOKEN[:8]}=={TOKEN[8:]}",
    "a space in base64": f"Basic {TOKEN[:8]} {TOKEN[8:]}",
    "base64 for URLs": f"Basic {base64.urlsafe_b64encode(b'admin:???>>>').decode()}",
    "a percent sign in base64": f"Basic {TOKEN[:-2]}%3d",
    "a character outside of base64": f"Basic {TOKEN[:8]}*{TOKEN[9:]}",
    "an empty user": basic("", ADMIN.secret),
    "an empty password": basic(ADMIN.name, ""),
    "neither": basic("", ""),
    "no colon": encoded(ADMIN.name.encode()),
    "two colons before the password": encoded(f"{ADMIN.name}::{ADMIN.secret}".encode()),
    "a user in other letters": basic("ADMIN", ADMIN.secret),
    "a space before the user": basic(" admin", ADMIN.secret),
    "a space after the user": basic("admin ", ADMIN.secret),
    "a line feed after the user": basic("admin\n", ADMIN.secret),
    "a zero byte after the user": encoded(b"admin\0:" + ADMIN.secret.encode()),
    "a zero byte and no colon before it": encoded(b"admin\0" + ADMIN.secret.encode()),
    "the hash for a password": basic(ADMIN.name, ADMIN.hash),
    "a password that is longer": basic(ADMIN.name, ADMIN.secret + "x"),
    "a password that is shorter": basic(ADMIN.name, ADMIN.secret[:-1]),
    "the password of somebody else": basic(ADMIN.name, PULL.secret),
    "a user who is not there": basic("root", ADMIN.secret),
    "a credential that is very long": encoded(ADMIN.name.encode() + b":" + b"x" * 10_000),
}


@pytest.mark.parametrize("credential", NO_CREDENTIALS.values(), ids=NO_CREDENTIALS.keys())
def test_what_is_no_credential_lets_nobody_in(site: Site, credential: str) -> None:
    with site.reached() as reached:
        for _ in range(2):  # nor the second time, from what is remembered
            came = site.client.raw(request_line("/v2/_catalog", credential))
            assert came.startswith(b"HTTP/1.1 401 ")
            assert b'\r\nwww-authenticate: Basic realm="privreg"\r\n' in came
    assert not reached


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "bAsIc"])
def test_the_scheme_may_be_in_any_letters(site: Site, scheme: str) -> None:
    assert site.request("GET", "/v2/", f"{scheme} {TOKEN}").status == 200


def test_a_password_may_have_colons(site: Site) -> None:
    assert ":" in TEAM_PUSH.secret
    assert site.request("GET", "/v2/", TEAM_PUSH).status == 200
    assert site.request("GET", "/v2/", basic(TEAM_PUSH.name, TEAM_PUSH.secret.partition(":")[0])).status == 401


@pytest.mark.parametrize("user", [PUSH, TEAM_PULL], ids=["two bits", "four bits"])
def test_another_spelling_of_the_same_credential_is_the_same_user_or_nobody(site: Site, user: User) -> None:
    """Base64 has bits that mean nothing before its padding: `QQ==` and `QR==` are both `A`."""
    text = user.authorization.rstrip("=")
    padding = user.authorization[len(text) :]
    assert padding
    for last in string.ascii_letters + string.digits + "+/":
        spelled = text[:-1] + last + padding
        for _ in range(2):
            assert site.request("GET", "/v2/", spelled).status in (200, 401)
            assert site.request("GET", "/v2/_catalog", spelled).status in (401, 403)


@pytest.mark.parametrize(
    "more",
    [ADMIN.authorization, PULL.authorization, "", "Bearer x", "Basic x"],
    ids=["admin", "the same", "empty", "Bearer", "broken"],
)
def test_two_authorization_headers_are_refused(site: Site, more: str) -> None:
    assert site.request("GET", "/v2/", ADMIN).status == 200  # both are remembered
    assert site.request("GET", "/v2/", PULL).status == 200
    with site.reached() as reached:
        for name in ("Authorization", "authorization", "AUTHORIZATION"):
            for first, second in ((PULL.authorization, more), (more, PULL.authorization)):
                sent = request_line("/v2/_catalog", None, "GET", f"Authorization: {first}", f"{name}: {second}")
                assert site.client.raw_status(sent) == 400
    assert not reached


@pytest.mark.parametrize(
    "header",
    [
        "X-Registry-User: admin", "X-Forwarded-User: admin", "X-Remote-User: admin", "Remote-User: admin",
        "X-Authenticated-User: admin", "X-Auth-Request-User: admin", "X-Forwarded-Email: admin", "X-User: admin",
        "X-Role: admin", "Docker-User: admin", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1",
        "X-Original-URL: /v2/_catalog", "X-Rewrite-URL: /v2/_catalog", "X-Forwarded-Uri: /v2/_catalog",
        "X-Forwarded-Prefix: /v2/_catalog", "X-Forwarded-Method: DELETE", "X-Original-Method: DELETE",
        f"Proxy-Authorization: {ADMIN.authorization}", f"X-Authorization: {ADMIN.authorization}",
        f"Cookie: Authorization={ADMIN.authorization}", f"Authorization_: {ADMIN.authorization}",
        "Connection: close, Authorization", "Connection: close, Host", "TE: trailers", "Trailer: Authorization",
        "X-Forwarded-Client-Cert: Subject=admin", "Via: 1.1 gateway", "Forwarded: for=127.0.0.1;by=admin",
        "PROXY: TCP4 1.2.3.4 127.0.0.1 1 2", "Privreg-Configuration: refused",
    ],
)  # fmt: skip
def test_no_other_header_says_who_one_is_or_what_one_asks(site: Site, header: str) -> None:
    with site.reached() as reached:
        assert site.client.raw_status(request_line("/v2/_catalog", None, "GET", header)) == 401
        assert site.client.raw_status(request_line("/v2/_catalog", PULL, "GET", header)) == 403
        assert site.client.raw_status(request_line("/v2/secret/app/tags/list", TEAM_PULL, "GET", header)) == 403
    assert not reached
    with site.reached() as reached:
        assert site.client.raw_status(request_line(REPOSITORY, PULL, "GET", header)) == 404
    assert [(each.method, each.target) for each in reached] == [("GET", REPOSITORY)]


def test_credentials_elsewhere_in_the_request_are_none(site: Site) -> None:
    for target in (f"/v2/_catalog?Authorization={TOKEN}", f"/v2/_catalog?user={ADMIN.name}&password={ADMIN.secret}"):
        assert site.client.raw_status(request_line(target)) == 401
    trailer = request_line("/v2/_catalog", None, "PUT", "Transfer-Encoding: chunked", "Trailer: Authorization")
    assert site.client.raw_status(trailer + f"0\r\nAuthorization: {ADMIN.authorization}\r\n\r\n".encode()) == 401


@pytest.mark.parametrize(
    "headers",
    [
        ["X-Large: " + "x" * 65536],
        [f"X-Many-{number}: x" for number in range(2000)],
        ["Authorization: Basic " + "QUFB" * 16384],
        ["X" * 65536 + ": x"],
    ],
    ids=["one of 64 KiB", "two thousand", "a credential of 64 KiB", "a name of 64 KiB"],
)
def test_headers_that_are_too_large_are_refused_and_harm_nobody(site: Site, headers: list[str]) -> None:
    with site.reached() as reached:
        for user in (None, ADMIN):
            given = user if not any(header.startswith("Authorization") for header in headers) else None
            assert site.client.raw_status(request_line("/v2/", given, "GET", *headers)) in (400, 431, 0)
        assert site.request("GET", "/v2/", PULL).status == 200
    assert [each.target for each in reached] == ["/v2/"]


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:80", "127.0.0.1", "[::1]:5000", "a" * 200])
def test_a_host_that_is_not_ours_gets_the_same_answers(site: Site, host: str) -> None:
    """Names are the business of what is in front; nothing in an answer depends on the Host."""

    def answers(name: str) -> list[bytes]:
        requests = (
            request_line("/v2/"), request_line("/v2/_catalog", PULL), request_line(REPOSITORY, PULL),
            request_line("/v2", PULL), request_line("/v2//", PULL), request_line("/v2/", ADMIN),
        )  # fmt: skip
        came = [site.client.raw(sent.replace(b"registry.example.com", name.encode())) for sent in requests]
        return [b"\n".join(line for line in each.split(b"\r\n") if not line.startswith(b"date:")) for each in came]

    assert answers(host) == answers("registry.example.com")
    assert not any(host.encode() in each for each in answers(host))


def test_a_host_that_is_none_is_refused(site: Site) -> None:
    request = request_line("/v2/", ADMIN)
    for host in (b"", b"Host: x/y\r\n", b"Host: a\r\nHost: b\r\n", b"Host: a b\r\n"):
        assert site.client.raw_status(request.replace(b"Host: registry.example.com\r\n", host)) == 400


def test_the_registry_gets_neither_the_credential_nor_a_forged_address(make_site: MakeSite) -> None:
    site = make_site()
    site.end_registry()
    with capturing(site.addresses.run / "registry.sock") as captured:
        for _ in range(2):  # not yet known, and known
            headers = ("X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 10.0.0.2, 10.0.0.3", "Accept: a/b")
            assert site.client.raw_status(request_line(REPOSITORY, ADMIN, "GET", *headers)) == 200
        wait_for(lambda: len(captured.requests) == 2, "two requests")
        assert site.metrics.raw_status(request_line("/healthz/registry", ADMIN)) == 200
    for headers_seen in captured.requests:
        assert "Authorization" not in headers_seen
        assert TOKEN not in str(headers_seen)
    for headers_seen in captured.requests[:2]:
        assert headers_seen.get_all("X-Forwarded-For") == ["127.0.0.1"]
        assert headers_seen["Accept"] == "a/b"
        assert headers_seen["Host"] == "registry.example.com"
