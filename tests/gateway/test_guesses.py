"""Who guesses passwords waits; who is logged in does not notice."""

import itertools
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.gateway.client import Client
from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, AND_SLOW, PULL, PUSH, SLOW, TEAM_ADMIN, TEAM_PULL, basic

LIMIT = 3
_guesses = itertools.count()
PROXY = "127.0.0.1"
STRICT = {
    "failedLoginsPerMinute": LIMIT, "failedLoginsPerSecond": 1000, "trustedProxies": [PROXY, "10.0.0.0/8"],
    "cacheSeconds": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with a low limit; each test comes from addresses of its own."""
    it = Site(tmp_path_factory.mktemp("strict"), {"auth": AND_SLOW, "gateway": STRICT})
    yield it
    it.stop()


def client_at(site: Site, address: str) -> Client:
    """Somebody at an address of his own."""
    return Client(site.addresses.clients, source=address)


def guess(client: Client, number: int, forwarded: str = "", path: str = "/v2/") -> int:
    """The status of a wrong guess that nobody has made before."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    wrong = basic("admin", f"guess {number} of {next(_guesses)}")
    return client.request("GET", path, wrong, headers=headers).status


def guess_all(client: Client, *forwarded: str, path: str = "/v2/") -> list[int]:
    """The statuses of one guess more than may be, each with an X-Forwarded-For."""
    return [guess(client, number, forwarded[number % len(forwarded)], path) for number in range(LIMIT + 1)]


def sources(site: Site, path: str) -> set[str]:
    """Where guess_all came from, by the log."""
    log = site.gateway_log
    logged = wait_for(lambda: [log.requests(path=path)] if len(log.requests(path=path)) > LIMIT else [], "the log")
    return {entry["source"] for entry in logged[0]}


LOCKED_OUT = [401] * LIMIT + [429]


def test_an_address_that_keeps_failing_must_wait(strict: Site) -> None:
    client, compared = client_at(strict, "127.0.0.11"), strict.count("passwords", "FRONTEND", "stot")
    assert guess_all(client, "") == LOCKED_OUT
    answer = client.request("GET", "/v2/", ADMIN)
    assert (answer.status, answer.code) == (429, "TOOMANYREQUESTS")
    assert int(answer.headers["Retry-After"]) == 60
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert strict.count("passwords", "FRONTEND", "stot") - compared == LIMIT


def test_who_is_logged_in_is_not_locked_out_by_the_guesses_of_others_at_the_same_address(strict: Site) -> None:
    client = client_at(strict, "127.0.0.12")
    assert client.request("GET", "/v2/", PULL).status == 200
    assert guess_all(client, "") == LOCKED_OUT
    assert client.request("GET", "/v2/", PULL).status == 200
    wait_for(lambda: strict.table("verified") == 0, "an empty table")
    assert guess(client, 0) == 429
    assert client.request("GET", "/v2/", PULL).status == 200
    assert client.request("GET", "/v2/", ADMIN).status == 429
    assert client.request("GET", "/v2/", basic(SLOW.name, SLOW.secret)).status == 200


def test_a_client_that_repeats_an_old_password_is_one_failed_login_and_locks_nobody_out(strict: Site) -> None:
    """Case 41: kubelets with a stale pull Secret, behind one address that is no trusted proxy."""
    client, old = client_at(strict, "127.0.0.31"), basic(PUSH.name, "the password of last year")
    compared = strict.count("passwords", "FRONTEND", "stot")
    statuses = {client.request("GET", "/v2/", old).status for _ in range(10 * LIMIT)}
    assert statuses == {401}
    assert strict.count("passwords", "FRONTEND", "stot") - compared <= LIMIT  # once a second here: cacheSeconds
    assert client.request("GET", "/v2/", PUSH).status == 200


def test_a_lock_of_one_user_leaves_the_others_at_the_same_address_alone(strict: Site) -> None:
    """Case 41."""
    client = client_at(strict, "127.0.0.32")
    assert guess_all(client, "") == LOCKED_OUT
    assert client.request("GET", "/v2/", ADMIN).status == 429
    assert client.request("GET", "/v2/", TEAM_PULL).status == 200


def test_an_address_that_fails_as_many_users_is_locked_as_a_whole(strict: Site) -> None:
    client = client_at(strict, "127.0.0.33")
    tried = [client.request("GET", "/v2/", basic(f"user{number}", "x")).status for number in range(10 * LIMIT + 1)]
    assert tried == [401] * (10 * LIMIT) + [429]
    assert client.request("GET", "/v2/", TEAM_ADMIN).status == 429
    assert client_at(strict, "127.0.0.34").request("GET", "/v2/", TEAM_ADMIN).status == 200


def test_locks_survive_a_reload(make_site: MakeSite) -> None:
    site = make_site({"gateway": {"failedLoginsPerMinute": LIMIT}})
    assert site.request("GET", "/v2/", ADMIN).status == 200
    assert guess_all(site.client, "") == LOCKED_OUT
    since = site.gateway_log.mark()
    site.auth.write({"htpasswd": site.auth.files["htpasswd"] + "# changed\n"})
    site.wait_until_changed(since)
    wait_for(lambda: site.table("failed_logins") == 1 and site.table("proven") == 1, "what the old process knew")
    assert guess(site.client, 0) == 429
    assert site.request("GET", "/v2/", ADMIN).status == 200


def test_other_addresses_do_not_notice(strict: Site) -> None:
    assert guess_all(client_at(strict, "127.0.0.13"), "") == LOCKED_OUT
    assert client_at(strict, "127.0.0.14").request("GET", "/v2/", PUSH).status == 200


def test_requests_without_a_credential_are_no_guesses(strict: Site) -> None:
    client = client_at(strict, "127.0.0.15")
    assert {client.request("GET", "/v2/").status for _ in range(3 * LIMIT)} == {401}
    assert guess_all(client, "") == LOCKED_OUT


def test_forwarded_addresses_of_strangers_are_not_believed(strict: Site) -> None:
    stranger = client_at(strict, "127.0.0.16")
    forged = ("10.0.0.1", "10.0.0.2", "127.0.0.1", "192.0.2.1")
    assert guess_all(stranger, *forged, path="/v2/stranger") == LOCKED_OUT
    assert sources(strict, "/v2/stranger") == {"127.0.0.16"}


def test_behind_a_trusted_proxy_the_address_that_it_tells_counts(strict: Site) -> None:
    assert guess_all(strict.client, "192.0.2.11", path="/v2/trusted") == LOCKED_OUT
    assert strict.request("GET", "/v2/", TEAM_PULL, headers={"X-Forwarded-For": "192.0.2.12"}).status == 200
    assert sources(strict, "/v2/trusted") == {"192.0.2.11"}


@pytest.mark.parametrize(
    ("forged", "true"),
    [("10.0.0.{}, {}", "192.0.2.21"), ("10.0.0.{},unknown, {}", "192.0.2.22"), ("999.1.{}.1,{}", "192.0.2.23")],
)
def test_what_the_client_itself_says_before_a_trusted_proxy_does_not_count(
    strict: Site, forged: str, true: str
) -> None:
    told = (forged.format(number, true) for number in range(9))
    assert guess_all(strict.client, *told, path=f"/v2/{true}") == LOCKED_OUT
    assert sources(strict, f"/v2/{true}") == {true}


def test_a_forwarded_address_that_is_none_leaves_the_proxys(strict: Site) -> None:
    told = ("unknown", "_hidden", '"[2001:db8::1]"', "1.2.3.4.5")
    assert guess_all(strict.client, *told, path="/v2/none") == LOCKED_OUT
    assert sources(strict, "/v2/none") == {PROXY}


def test_the_addresses_of_one_ipv6_network_are_one_guesser(strict: Site) -> None:
    assert guess_all(strict.client, *(f"2001:db8:0:1::{number:x}" for number in range(9))) == LOCKED_OUT
    assert guess(strict.client, 0, "2001:db8:0:2::1") == 401


def test_addresses_of_both_families_are_served_and_are_different_guessers(strict: Site) -> None:
    has_ipv6 = any(line.endswith(" lo") for line in Path("/proc/net/if_inet6").read_text().splitlines())
    ours, *others = ["127.0.0.18", *(["::1"] if has_ipv6 else [])]
    assert guess_all(client_at(strict, ours), "") == LOCKED_OUT
    for other in others:
        assert Client(strict.addresses.metrics, other).request("GET", "/healthz/gateway").status == 200
        assert client_at(strict, other).request("GET", "/v2/", PULL).status == 200
        assert guess_all(client_at(strict, other), "", path="/v2/six") == LOCKED_OUT
        assert sources(strict, "/v2/six") == {other}


def test_many_guesses_at_once_of_one_address_do_not_outrun_the_limit(strict: Site) -> None:
    connections = [client_at(strict, "127.0.0.17").connect() for _ in range(40)]
    for number, connection in enumerate(connections):
        authorization = basic(SLOW.name, f"guess {number}")
        connection.request("GET", "/v2/", headers={"Authorization": authorization})
    statuses = [connection.getresponse().status for connection in connections]
    for connection in connections:
        connection.close()
    assert (statuses.count(401), statuses.count(429)) == (LIMIT, 40 - LIMIT)


def test_how_many_guesses_are_compared_in_a_second_is_bounded_however_many_addresses_there_are(
    make_site: MakeSite,
) -> None:
    rate, addresses, seconds = 5, 8, 3.0
    site = make_site({"gateway": {"trustedProxies": ["127.0.0.1"], "failedLoginsPerSecond": rate}})
    assert site.request("GET", "/v2/", PULL).status == 200
    before = _median_latency(site)
    end = time.monotonic() + seconds

    def guess_on(address: int) -> list[int]:
        statuses: list[int] = []
        while time.monotonic() < end:
            statuses.append(guess(site.client, len(statuses), f"192.0.2.{address}"))
        return statuses

    with ThreadPoolExecutor(addresses) as pool:
        tried = list(pool.map(guess_on, range(addresses)))
        statuses = [status for each in tried for status in each]
    compared = statuses.count(401)
    assert set(statuses) <= {401, 429}
    assert rate <= compared <= addresses + rate * (seconds + 2)
    assert len(statuses) > 3 * compared
    with ThreadPoolExecutor(1) as pool:
        end = time.monotonic() + 1
        guessing = pool.submit(guess_on, 1)
        during = _median_latency(site)
        guessing.result()
    assert during < 20 * before + 0.02
    assert site.request("GET", "/v2/", PUSH, headers={"X-Forwarded-For": "192.0.2.200"}).status == 200


def test_a_guesser_does_not_keep_those_who_are_logged_in_waiting(slow_site: Site) -> None:
    """One comparison of cost 12 takes a quarter of a second; it must not stand in the way of others."""
    site = slow_site
    assert site.request("GET", "/v2/", PULL).status == 200
    connections = [site.client.connect() for _ in range(8)]
    for number, connection in enumerate(connections):
        connection.request("GET", "/v2/", headers={"Authorization": basic(SLOW.name, f"guess {number}")})
    during = _median_latency(site, 50)
    before = time.perf_counter()
    assert {connection.getresponse().status for connection in connections} == {401}
    assert time.perf_counter() - before > during, "the guesses were over before the measurement"
    for connection in connections:
        connection.close()


def test_those_who_wait_for_a_comparison_never_take_all_connections(make_site: MakeSite) -> None:
    """Each from an address that has not failed yet: only a quarter of the connections may wait."""
    site = make_site({"auth": AND_SLOW, "gateway": {"trustedProxies": [PROXY], "maxConnections": 60}})
    assert site.request("GET", "/v2/", PULL).status == 200
    connections = [site.client.connect() for _ in range(25)]
    for number, connection in enumerate(connections):
        headers = {"Authorization": basic(SLOW.name, f"guess {number}"), "X-Forwarded-For": f"192.0.2.{number}"}
        connection.request("GET", "/v2/", headers=headers)
    assert site.request("GET", "/v2/", PULL).status == 200
    answers = [connection.getresponse() for connection in connections]
    for connection in connections:
        connection.close()
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {401, 429}
    assert 10 <= statuses.count(401) <= 20  # a few more, where some were over before the last came
    assert {answer.headers["Retry-After"] for answer in answers if answer.status == 429} == {"1"}


def _median_latency(site: Site, count: int = 100) -> float:
    seconds = []
    with site.client.keep() as kept:
        for _ in range(count):
            before = time.perf_counter()
            assert kept.request("GET", "/v2/", PULL).status == 200
            seconds.append(time.perf_counter() - before)
    return statistics.median(seconds)
