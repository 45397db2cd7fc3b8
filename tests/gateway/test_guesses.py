"""Who guesses passwords waits; who is logged in does not notice."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway.client import Client, exchange
from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, PULL, PUSH, SLOW, basic

LIMIT = 3
STRICT = {"failedLoginsPerMinute": LIMIT, "verificationsPerSecond": 1000}


def guess(client: Client, number: int, forwarded: str = "") -> int:
    """The status of a wrong guess; those of different numbers differ."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return client.request("GET", "/v2/", basic("admin", f"guess {number}"), headers=headers).status


def test_an_address_that_keeps_failing_must_wait(make_site: MakeSite) -> None:
    site = make_site({"gateway": STRICT})
    assert [guess(site.client, number) for number in range(LIMIT + 2)] == [401] * LIMIT + [429] * 2
    compared = site.count("verify", "FRONTEND", "stot")
    answer = site.request("GET", "/v2/", ADMIN)
    assert (answer.status, answer.code) == (429, "TOOMANYREQUESTS")
    assert int(answer.headers["Retry-After"]) == 60
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert site.count("verify", "FRONTEND", "stot") == compared == LIMIT


def test_who_is_logged_in_is_not_locked_out_by_the_guesses_of_others_at_the_same_address(make_site: MakeSite) -> None:
    site = make_site({"gateway": {**STRICT, "cacheSeconds": 1}})
    assert site.request("GET", "/v2/", PULL).status == 200
    assert [guess(site.client, number) for number in range(LIMIT + 1)][-1] == 429
    assert site.request("GET", "/v2/", PULL).status == 200
    wait_for(lambda: site.table("verified") == 0, "an empty table")
    assert guess(site.client, 0) == 429
    assert site.request("GET", "/v2/", PULL).status == 200
    assert site.request("GET", "/v2/", ADMIN).status == 429


def test_other_addresses_do_not_notice(make_site: MakeSite) -> None:
    site = make_site({"gateway": STRICT})
    elsewhere = Client(site.addresses.clients, source="127.0.0.2")
    assert [guess(elsewhere, number) for number in range(LIMIT + 1)][-1] == 429
    assert site.request("GET", "/v2/", ADMIN).status == 200


def test_requests_without_a_credential_are_no_guesses(make_site: MakeSite) -> None:
    site = make_site({"gateway": STRICT})
    assert {site.request("GET", "/v2/").status for _ in range(3 * LIMIT)} == {401}
    assert site.table("failures") == 0
    assert site.request("GET", "/v2/", ADMIN).status == 200


def test_forwarded_addresses_of_strangers_are_not_believed(make_site: MakeSite) -> None:
    site = make_site({"gateway": {**STRICT, "trustedProxies": ["127.0.0.9", "10.0.0.0/8"]}})
    assert [guess(site.client, number, f"10.0.0.{number}") for number in range(LIMIT + 1)] == [401] * LIMIT + [429]
    assert [entry["source"] for entry in site.gateway_log.requests(status=401)] == ["127.0.0.1"] * LIMIT


def test_behind_a_trusted_proxy_the_address_that_it_tells_counts(make_site: MakeSite) -> None:
    site = make_site({"gateway": {**STRICT, "trustedProxies": ["127.0.0.1"]}})
    assert [guess(site.client, number, "10.0.0.1") for number in range(LIMIT + 1)] == [401] * LIMIT + [429]
    assert site.request("GET", "/v2/", ADMIN, headers={"X-Forwarded-For": "10.0.0.2"}).status == 200
    assert {entry["source"] for entry in site.gateway_log.requests(status=401)} == {"10.0.0.1"}


@pytest.mark.parametrize("forged", ["10.0.0.{}, 192.0.2.7", "10.0.0.{},unknown, 192.0.2.7", "999.1.{}.1, 192.0.2.7"])
def test_what_the_client_itself_says_before_a_trusted_proxy_does_not_count(make_site: MakeSite, forged: str) -> None:
    site = make_site({"gateway": {**STRICT, "trustedProxies": ["127.0.0.0/8"]}})
    tried = [guess(site.client, number, forged.format(number)) for number in range(LIMIT + 1)]
    assert tried == [401] * LIMIT + [429]
    assert {entry["source"] for entry in site.gateway_log.requests(status=401)} == {"192.0.2.7"}


def test_a_forwarded_address_that_is_none_leaves_the_proxys(make_site: MakeSite) -> None:
    site = make_site({"gateway": {**STRICT, "trustedProxies": ["127.0.0.1"]}})
    odd = ["unknown", "_hidden", '"[2001:db8::1]"', "", "1.2.3.4.5"]
    assert [guess(site.client, number, each) for number, each in enumerate(odd)][:LIMIT] == [401] * LIMIT
    assert {entry["source"] for entry in site.gateway_log.requests(status=401)} == {"127.0.0.1"}


def test_the_addresses_of_one_ipv6_network_are_one_guesser(make_site: MakeSite) -> None:
    site = make_site({"gateway": {**STRICT, "trustedProxies": ["127.0.0.1"]}})
    tried = [guess(site.client, number, f"2001:db8:0:1::{number:x}") for number in range(LIMIT + 1)]
    assert tried == [401] * LIMIT + [429]
    assert guess(site.client, 0, "2001:db8:0:2::1") == 401


def test_many_guesses_at_once_of_one_address_do_not_outrun_the_limit(make_site: MakeSite) -> None:
    site = make_site({"gateway": STRICT})
    connections = [site.client.connect() for _ in range(40)]
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
    site = make_site({"gateway": {"trustedProxies": ["127.0.0.1"], "verificationsPerSecond": rate}})
    assert site.request("GET", "/v2/", PULL).status == 200
    before = _median_latency(site)
    end = time.monotonic() + seconds

    def guess_on(address: int) -> list[int]:
        statuses = []
        while time.monotonic() < end:
            statuses.append(guess(site.client, len(statuses), f"192.0.2.{address}"))
        return statuses

    with ThreadPoolExecutor(addresses) as pool:
        tried = list(pool.map(guess_on, range(addresses)))
        statuses = [status for each in tried for status in each]
    compared = statuses.count(401)
    assert set(statuses) <= {401, 429, 503}
    assert rate <= compared <= addresses + rate * (seconds + 2)
    assert len(statuses) > 3 * compared
    with ThreadPoolExecutor(1) as pool:
        end = time.monotonic() + 1
        guessing = pool.submit(guess_on, 1)
        during = _median_latency(site)
        guessing.result()
    assert during < 20 * before + 0.02
    assert site.request("GET", "/v2/", PUSH, headers={"X-Forwarded-For": "192.0.2.200"}).status == 200


def test_a_guesser_does_not_keep_those_who_are_logged_in_waiting(make_site: MakeSite) -> None:
    """One comparison of cost 12 takes a quarter of a second; it must not stand in the way of others."""
    site = make_site({"gateway": {"failedLoginsPerMinute": 1000, "verificationsPerSecond": 1000}})
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


def _median_latency(site: Site, count: int = 100) -> float:
    connection = site.client.connect()
    seconds = []
    for _ in range(count):
        before = time.perf_counter()
        assert exchange(connection, "GET", "/v2/", PULL).status == 200
        seconds.append(time.perf_counter() - before)
    connection.close()
    return statistics.median(seconds)
