"""G1-G6: connections and bodies of people without a login neither fill the memory nor close the gateway."""

import contextlib
import json
import os
import ssl
import time
from pathlib import Path

import pytest

from tests.attacks.confined import ConfinedSite
from tests.attacks.conftest import MakeConfined
from tests.attacks.sockets import answer, connect, held, new_address, status
from tests.cluster.pki import Authority
from tests.gateway.client import request_line
from tests.gateway.logs import wait_for
from tests.gateway.oci import push_blob
from tests.gateway.users import ADMIN, PULL, PUSH, basic

MEGABYTE = 1 << 20
FEW = {"gateway": {"maxConnections": 60}}
TLS = {"gateway": {"tls": {"secretName": "registry-tls"}}, "ingress": {"enabled": False}}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GET = request_line("/v2/").replace(b"Connection: close\r\n", b"")


def test_g1_readers_that_never_read_stay_within_the_memory_limit(confined: ConfinedSite) -> None:
    """The answers of many pipelined requests on as many connections as there may be."""
    worker, before = confined.worker(), confined.groups["gateway"].resident
    with held(confined.addresses.clients, 900, GET * 60, receive=2048):
        time.sleep(0.5)
        assert confined.memory_after(before) < 100 * MEGABYTE
        assert confined.metrics.request("GET", "/healthz/gateway").status == 200
    confined.assert_unharmed(worker)


def test_g1_http_2_without_tls_is_not_spoken(confined: ConfinedSite) -> None:
    """A stream costs memory and a connection has many; nobody needs them on the plain port."""
    with contextlib.closing(connect(confined.addresses.clients)) as connection:
        connection.sendall(PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        came = answer(connection)
    assert came.startswith(b"HTTP/1.1 4")
    assert b"\x00\x00\x00\x04\x01" not in came


def test_g2_bodies_with_a_wrong_password_are_not_kept_while_it_is_compared(confined: ConfinedSite) -> None:
    worker, before = confined.worker(), confined.groups["gateway"].resident
    with contextlib.ExitStack() as stack:
        connections = []
        for number in range(150):
            connection = stack.enter_context(contextlib.closing(connect(confined.addresses.clients, new_address())))
            head = request_line(
                "/v2/any/app/blobs/uploads/x", basic("ci", f"wrong {number}"), "PATCH", f"Content-Length: {MEGABYTE}"
            )
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.send(head + bytes(MEGABYTE))
            connections.append(connection)
        time.sleep(0.5)
        assert confined.memory_after(before) < 30 * MEGABYTE
    confined.assert_unharmed(worker)


def test_g3_health_and_metrics_answer_while_all_connections_are_held(make_confined: MakeConfined) -> None:
    site = make_confined()
    worker = site.worker()
    with held(site.addresses.clients, 2100, GET):
        for path in ("/healthz/gateway", "/healthz/registry", "/healthz/verifier", "/metrics"):
            before = time.monotonic()
            assert site.metrics.request("GET", path).status == 200
            assert time.monotonic() - before < 2, path
    site.assert_unharmed(worker)
    wait_for(lambda: site.request("GET", "/v2/", PULL).status == 200, "a login after the attack")


def test_g3_one_source_does_not_take_all_connections(make_confined: MakeConfined) -> None:
    site = make_confined(FEW)
    with held(site.addresses.clients, 58, GET, per_source=1000):
        for user in (PULL, PUSH):
            assert site.at(new_address()).request("GET", "/v2/", user).status == 200


def test_g4_a_newcomer_at_a_gateway_full_of_idle_connections_gets_in(make_confined: MakeConfined) -> None:
    site = make_confined(FEW)
    with held(site.addresses.clients, 58, GET, per_source=10):
        before = time.monotonic()
        assert site.at(new_address()).request("GET", "/v2/", PULL).status == 200
        assert time.monotonic() - before < 3


def test_g4_a_newcomer_at_a_gateway_full_of_silent_connections_is_told_so(make_confined: MakeConfined) -> None:
    site = make_confined(FEW)
    with held(site.addresses.clients, 62, b"", per_source=10):
        before = time.monotonic()
        refused = site.at(new_address()).request("GET", "/v2/", PUSH)
        assert time.monotonic() - before < 3
    assert (refused.status, refused.json["errors"][0]["message"]) == (503, "too many connections")
    assert int(refused.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("authorization", [None, basic("ci", "wrong")], ids=["no credential", "a wrong one"])
def test_g5_who_sends_a_part_of_a_body_and_then_nothing_is_left_within_seconds(
    confined: ConfinedSite, authorization: str | None
) -> None:
    head = request_line("/v2/any/app/blobs/uploads/x", authorization, "PATCH", "Content-Length: 1000")
    head = head.replace(b"Connection: close\r\n", b"")
    with contextlib.closing(connect(confined.addresses.clients, timeout=25)) as connection:
        before = time.monotonic()
        connection.sendall(head + b"x")
        assert answer(connection).startswith(b"HTTP/1.1 401 ")
        assert time.monotonic() - before < 20


def test_g6_unfinished_headers_on_all_connections_stay_within_the_memory_limit(
    make_confined: MakeConfined, tmp_path: Path
) -> None:
    authority = Authority.create(tmp_path / "authority")
    authority.issue("first", "registry.example.com", sans=("registry.example.com",))
    certificate = {f"tls.{end}": (authority.folder / f"first.{end}").read_text() for end in ("crt", "key")}
    site = make_confined(TLS, certificate=certificate)
    worker = site.worker()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    unfinished = request_line("/v2/", None, "GET", *(f"X-{number}: {'x' * 950}" for number in range(15)))[:-4]
    with contextlib.ExitStack() as stack:
        for number in range(1000):
            if number % 100 == 0:
                source = new_address()
            plain = stack.enter_context(contextlib.closing(connect(site.addresses.clients, source)))
            with contextlib.suppress(OSError):
                wrapped = stack.enter_context(context.wrap_socket(plain))
                assert wrapped.selected_alpn_protocol() != "h2"
                wrapped.sendall(unfinished)
        assert site.groups["gateway"].most < site.groups["gateway"].limit
        assert site.groups["gateway"].resident < site.groups["gateway"].limit * 3 // 4
        assert site.metrics.request("GET", "/healthz/gateway").status == 200
    site.assert_unharmed(worker)


def test_g10_one_slow_reader_does_not_stop_the_others(make_confined: MakeConfined) -> None:
    site = make_confined({"gateway": {"maxDownloads": 4}})
    large = push_blob(site.client, "any/large", os.urandom(8 * MEGABYTE))
    small = push_blob(site.client, "any/large", b"a config")
    get = request_line(f"/v2/any/large/blobs/{large}", PULL)
    with held(site.addresses.clients, 25, get, per_source=100, receive=2048):
        time.sleep(0.5)
        before = time.monotonic()
        assert site.request("GET", f"/v2/any/large/blobs/{small}", PULL).body == b"a config"
        assert len(site.request("GET", f"/v2/any/large/blobs/{large}", ADMIN).body) == 8 * MEGABYTE
        assert time.monotonic() - before < 5


def test_g11_manifests_that_are_read_slowly_stay_within_the_registrys_memory_limit(
    make_confined: MakeConfined,
) -> None:
    site = make_confined()
    worker = site.worker()
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2}
    config["digest"] = push_blob(site.client, "any/wide", b"{}")
    manifest = json.dumps(
        {
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
            "layers": [], "annotations": {"padding": "x" * (39 * MEGABYTE // 10)},
        }
    ).encode()  # fmt: skip
    headers = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    assert site.request("PUT", "/v2/any/wide/manifests/big", PUSH, manifest, headers).status == 201
    get = request_line("/v2/any/wide/manifests/big", PULL, "GET", f"Accept: {headers['Content-Type']}")
    with held(site.addresses.clients, 100, get, per_source=10, receive=2048):
        time.sleep(2)
        assert site.request("GET", "/v2/", PULL).status == 200
    site.assert_unharmed(worker)


def test_a_client_that_opens_a_connection_and_says_nothing_leaves_no_line_in_the_log(confined: ConfinedSite) -> None:
    """Case 46."""
    mark = confined.gateway_log.mark()
    with held(confined.addresses.clients, 3):
        time.sleep(0.2)
    with contextlib.closing(connect(confined.addresses.clients, timeout=15)) as silent:
        assert status(silent) in (0, 408)
    assert confined.request("GET", "/v2/", PULL).status == 200
    logged = confined.gateway_log.wait_for_requests(1, mark)
    assert {entry["method"] for entry in logged} == {"GET"}
