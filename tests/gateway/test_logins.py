"""Who comes in: challenges, passwords, what is remembered and for how long."""

import hashlib
import time

import pytest

from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.oci import digest
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, EVERYBODY, PULL, SLOW, SLOW_ONCE, SLOW_TOGETHER, TEAM_PUSH, User, basic

UNKNOWN = {"no credential": None, "wrong password": basic("admin", "wrong"), "unknown user": basic("nobody", "x")}


@pytest.mark.parametrize("credential", UNKNOWN.values(), ids=UNKNOWN.keys())
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/"), ("HEAD", "/v2/"), ("POST", "/"), ("GET", "/v2/_catalog"), ("DELETE", "/v2/a/manifests/latest"),
        ("HEAD", "/v2/a/manifests/latest"), ("POST", "/v2/a/blobs/uploads/"), ("PUT", "/v2/a/blobs/uploads/x"),
    ],
)  # fmt: skip
def test_who_is_not_known_is_asked_to_log_in(site: Site, method: str, path: str, credential: str | None) -> None:
    with site.reached() as reached:
        answer = site.request(method, path, credential, b"a body" if method in ("POST", "PUT") else None)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="privreg"'
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert answer.headers["Content-Type"] == "application/json"
    if method == "HEAD":
        assert answer.body == b""
    else:
        assert list(answer.json["errors"][0]) == ["code", "message"]
        assert answer.code == "UNAUTHORIZED"
    assert not reached


@pytest.mark.parametrize("user", (*EVERYBODY, SLOW), ids=lambda user: f"{user.name}-{user.kind}-{user.cost}")
def test_a_right_password_lets_in_whatever_the_kind_and_cost_of_its_hash(slow_site: Site, user: User) -> None:
    assert slow_site.request("GET", "/v2/", user).status == 200


def test_an_answer_of_the_gateway_leaves_the_connection_usable(site: Site) -> None:
    with site.client.keep() as kept:
        answers = [kept.request("GET", "/v2/", user).status for user in (None, PULL)]
        answers += [kept.request("HEAD", "/v2/app/manifests/x", user).status for user in (None, PULL)]
        answers += [kept.request("DELETE", "/v2/app/manifests/x", user).status for user in (PULL, ADMIN)]
    assert answers == [401, 200, 401, 404, 403, 404]
    assert kept.requests == len(answers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_answers_the_health_checks_of_load_balancers_without_a_login(site: Site, method: str) -> None:
    answer = site.request(method, "/")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "spelling",
    ["basic {}", "BASIC {}", "Basic {}"],
)
def test_one_credential_is_compared_once_however_it_is_spelled(site: Site, spelling: str) -> None:
    assert site.request("GET", "/v2/", PULL).status == 200
    compared = site.count("passwords", "FRONTEND", "stot")
    assert site.request("GET", "/v2/", spelling.format(PULL.authorization.split()[1])).status == 200
    assert site.count("passwords", "FRONTEND", "stot") == compared


@pytest.mark.parametrize(
    "password",
    [f"{PULL.secret}\0", f"{PULL.secret}\0more", f"{PULL.secret}\n", "x" * 73, "\x7f"],
    ids=["NUL", "text after NUL", "a line feed", "over 72 bytes", "DEL"],
)
def test_a_password_that_bcrypt_would_cut_is_wrong_without_a_comparison(site: Site, password: str) -> None:
    """G8 and G9: bcrypt ends at NUL in C and at 72 bytes everywhere."""
    compared = site.count("passwords", "FRONTEND", "stot")
    assert site.request("GET", "/v2/", basic(PULL.name, password)).status == 401
    assert site.count("passwords", "FRONTEND", "stot") == compared


@pytest.mark.parametrize("credential", ["Basic Og==", "Basic OnB3"], ids=["nothing", "a password without a user"])
def test_an_empty_login_is_no_failed_login(site: Site, credential: str) -> None:
    """Case 42: clients probe with it."""
    answer = site.request("GET", "/v2/", credential)
    assert (answer.status, answer.json["errors"][0]["message"]) == (401, "authentication required")


def test_a_password_is_compared_once_and_remembered(slow_site: Site) -> None:
    credential, seconds = SLOW_ONCE, list[float]()
    compared, remembered = slow_site.count("passwords", "FRONTEND", "stot"), slow_site.table("verified")
    with slow_site.client.keep() as kept:
        for _ in range(20):
            before = time.perf_counter()
            assert kept.request("GET", "/v2/", credential).status == 200
            seconds.append(time.perf_counter() - before)
    assert slow_site.count("passwords", "FRONTEND", "stot") == compared + 1
    assert slow_site.table("verified") == remembered + 1
    assert seconds[0] > 5 * sorted(seconds[1:])[10]  # cost 12 takes a quarter of a second


def test_what_is_remembered_is_neither_the_password_nor_the_header(site: Site) -> None:
    for user in EVERYBODY:
        assert site.request("GET", "/v2/", user).status == 200
    for table in ("verified", "proven"):
        shown = site.admin(f"show table {table}").lower()
        assert site.table(table) >= len(EVERYBODY)
        for user in EVERYBODY:
            assert hashlib.sha256(f"{user.name}:{user.secret}".encode()).hexdigest() in shown
            for text in (user.secret, user.authorization):
                assert text.encode().hex() not in shown


def test_many_parallel_requests_with_a_new_credential_compare_it_once(slow_site: Site) -> None:
    connections = [slow_site.client.connect() for _ in range(40)]
    compared = slow_site.count("passwords", "FRONTEND", "stot")
    for connection in connections:
        connection.request("GET", "/v2/", headers={"Authorization": SLOW_TOGETHER.authorization})
    assert {connection.getresponse().status for connection in connections} == {200}
    for connection in connections:
        connection.close()
    assert slow_site.count("passwords", "FRONTEND", "stot") == compared + 1


def test_a_credential_is_forgotten_after_a_while_and_compared_again(make_site: MakeSite) -> None:
    site = make_site({"gateway": {"cacheSeconds": 1}})
    assert site.request("GET", "/v2/", PULL).status == 200
    end = time.monotonic() + 2
    while time.monotonic() < end:  # being used does not make it stay
        assert site.request("GET", "/v2/", PULL).status == 200
        time.sleep(0.05)
    assert 2 <= site.count("passwords", "FRONTEND", "stot") <= 4
    wait_for(lambda: site.table("verified") == 0, "an empty table")
    assert site.request("GET", "/v2/", PULL).status == 200


def test_a_wrong_password_is_not_remembered_as_right(site: Site) -> None:
    for name, password in ((PULL.name, "wrong"), (ADMIN.name, PULL.secret), (PULL.name, ADMIN.secret)):
        for _ in range(3):
            assert site.request("GET", "/v2/", basic(name, password)).status == 401
        assert (
            hashlib.sha256(f"{name}:{password}".encode()).hexdigest() not in site.admin("show table verified").lower()
        )
    assert site.request("GET", "/v2/", PULL).status == 200


def test_the_realm_may_have_any_text(make_site: MakeSite) -> None:
    realm = "O'Brien's 100% $HOME ${HOME} {registry} #1, %[src]"
    answer = make_site({"auth": {"realm": realm}}).request("GET", "/v2/")
    assert answer.headers["WWW-Authenticate"] == f'Basic realm="{realm}"'


def test_the_first_request_may_be_any(make_site: MakeSite) -> None:
    """Not every client begins with GET /v2/; here each is the first of a gateway that has just read its users."""
    site, body = make_site({"gateway": {"cacheSeconds": 1}}), b"x" * 3_000_000

    def forgotten() -> None:
        wait_for(lambda: site.table("verified") == 0, "an empty table")

    started = site.request("POST", "/v2/team-a/app/blobs/uploads/", TEAM_PUSH)
    assert started.status == 202
    forgotten()
    sent = site.request("PATCH", started.headers["Location"], TEAM_PUSH, body)
    assert sent.headers["Range"] == f"0-{len(body) - 1}"
    forgotten()
    ended = site.request("PUT", f"{sent.headers['Location']}&digest={digest(body)}", TEAM_PUSH)
    assert ended.status == 201
    forgotten()
    read = site.request("GET", f"/v2/team-a/app/blobs/{digest(body)}", TEAM_PUSH)
    assert (read.status, read.body) == (200, body)
