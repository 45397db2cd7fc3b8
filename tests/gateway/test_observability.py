"""What operators see: metrics, health and logs, and what must never be in them."""

import base64
import hashlib
import re
import stat

import pytest

from tests.chart import rendering
from tests.gateway.client import request_line
from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.mounts import VALUES, registry_config
from tests.gateway.oci import push_blob
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, EVERYBODY, PULL, PUSH, TEAM_PULL, User, basic


def test_the_metrics_of_the_gateway_and_of_the_registry_are_on_a_port_of_their_own(site: Site) -> None:
    gateway, registry = (site.metrics.request("GET", path) for path in ("/metrics", "/registry/metrics"))
    assert gateway.status == registry.status == 200
    assert re.search(rb'^haproxy_frontend_http_requests_total\{proxy="clients"\} \d+$', gateway.body, re.MULTILINE)
    assert re.search(rb"^registry_storage_cache_requests_total \d+$", registry.body, re.MULTILINE)


def test_the_gateway_and_the_registry_are_well_each_at_its_path(make_site: MakeSite) -> None:
    site = make_site()
    for path in ("/healthz/gateway", "/healthz/registry"):
        assert site.metrics.request("GET", path).status == 200
        assert site.metrics.request("HEAD", path).status == 200
    site.end_registry()
    assert site.metrics.request("GET", "/healthz/gateway").status == 200
    assert site.metrics.request("GET", "/healthz/registry").status == 503
    down = site.request("GET", "/v2/", PULL)
    assert (down.status, down.code) == (503, "UNAVAILABLE")


@pytest.mark.parametrize(
    "path",
    [
        "/", "/v2/", "/v2/_catalog", "/v2/any/app/manifests/latest", "/debug/pprof/", "/debug/vars", "/debug/health",
        "/registry/debug/pprof/", "/registry/metrics/", "/registry/metrics/../debug/pprof/", "/registry", "//metrics",
        "/healthz/registry/v2/_catalog", "/healthz/registry/../../v2/_catalog", "/healthz", "/stats", "/haproxy?stats",
        "/metrics/x", "/%6detrics", "http://registry.example.com/v2/_catalog", "/registry/metrics%2f..%2fdebug",
    ],
)  # fmt: skip
def test_there_is_nothing_else_on_the_metrics_port(site: Site, path: str) -> None:
    with site.reached() as reached:
        for user in (None, ADMIN):
            assert site.metrics.raw_status(request_line(path, user)) == 404
    assert not reached


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"])
def test_nothing_can_be_changed_on_the_metrics_port(site: Site, method: str) -> None:
    for path in ("/metrics", "/registry/metrics", "/healthz/registry", "/v2/any/app/blobs/uploads/"):
        assert site.metrics.raw_status(request_line(path, ADMIN, method)) == 405


def test_the_registry_listens_for_its_pod_alone_and_serves_images_by_the_socket_only(site: Site) -> None:
    http = registry_config(rendering.render(values=VALUES))["http"]
    assert (http["net"], http["addr"]) == ("unix", "/run/privreg/registry.sock")
    assert http["debug"]["addr"].startswith("127.0.0.1:")
    for path in ("/v2/", "/v2/_catalog"):
        assert site.registry.request("GET", path, ADMIN).status == 404


def test_only_the_gateways_user_can_use_its_sockets(site: Site) -> None:
    sockets = {path.name: stat.S_IMODE(path.stat().st_mode) for path in site.addresses.run.glob("*.sock")}
    assert sockets.keys() == {"admin.sock", "passwords.sock", "peers.sock", "registry.sock", "verifier.sock"}
    assert {mode for name, mode in sockets.items() if name not in ("registry.sock", "verifier.sock")} == {0o600}


def test_the_metrics_and_health_paths_are_not_on_the_clients_port(site: Site) -> None:
    for path in ("/metrics", "/registry/metrics", "/healthz/gateway", "/healthz/registry"):
        assert site.request("GET", path).status == 401
        assert site.request("GET", path, ADMIN).status == 404


def test_a_request_is_logged_with_who_what_and_how_it_went(site: Site) -> None:
    blob = push_blob(site.client, "team-a/logged", b"x" * 5000)
    since = site.gateway_log.mark()
    assert site.request("GET", f"/v2/team-a/logged/blobs/{blob}", TEAM_PULL).status == 200
    entry = site.gateway_log.wait_for_request(since, user=TEAM_PULL.name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.pop("time"))
    assert 5000 < entry.pop("bytes_out") < 6000
    assert 0 < entry.pop("bytes_in") < 1000
    assert 0 <= entry.pop("duration_ms") < 10_000
    assert entry == {
        "source": "127.0.0.1", "method": "GET", "path": f"/v2/team-a/logged/blobs/{blob}", "user": TEAM_PULL.name,
        "role": "pull", "repository": "team-a/logged", "status": 200, "end": "--",
    }  # fmt: skip


def test_an_upload_is_logged_with_its_size(site: Site) -> None:
    since = site.gateway_log.mark()
    push_blob(site.client, "any/logged", b"x" * 100_000, PUSH)
    entry = site.gateway_log.wait_for_request(since, user=PUSH.name, method="PUT")
    assert 100_000 < entry["bytes_in"] < 102_000
    assert (entry["status"], entry["repository"]) == (201, "any/logged")


def test_a_refusal_is_logged_once_whatever_the_reason(make_site: MakeSite) -> None:
    site = make_site()
    refused: list[tuple[str, str, User | str | None, int, str]] = [
        ("GET", "/v2/", None, 401, "-"),
        ("GET", "/v2/", basic("admin", "wrong"), 401, "admin"),
        ("GET", "/v2/_catalog", PULL, 403, PULL.name),
        ("PUT", "/v2/any/app/manifests/x", PULL, 403, PULL.name),
        ("GET", "/v2/nothing", PULL, 404, PULL.name),
        ("GET", "/v2/any//app", PULL, 400, "-"),
        ("BREW", "/v2/", PULL, 405, "-"),
        ("GET", f"/v2/{'long' * 300}", PULL, 414, "-"),
    ]
    for method, path, user, status, _ in refused:
        assert site.client.raw_status(request_line(path, user, method)) == status
    logged = site.gateway_log.wait_for_requests(len(refused))
    assert [(entry["method"], entry["status"], entry["user"]) for entry in logged] == [
        (method, status, name) for method, _, _, status, name in refused
    ]


@pytest.mark.parametrize(
    "name",
    ["a" * 700, "a" * 20_000, '"' * 200, "\\", '","user":"admin","x":"', "\x01\x1f\x7f", "ü\udcff", "a\r\nb", "{}"],
    ids=ascii,
)
def test_a_log_line_is_one_line_of_json_whatever_is_sent(site: Site, name: str) -> None:
    since = site.gateway_log.mark()
    encoded = base64.b64encode(name.encode(errors="surrogateescape") + b":x").decode()
    odd, plain = "/v2/" + '"\\{}|^<>`' * 80, "/v2/odd/user/tags/list"
    if len(name) > 16384:  # larger than the buffer: the connection ends, maybe before its answer is read
        assert site.client.raw_status(request_line(odd, f"Basic {encoded}")) in (431, 0)
        return
    assert site.client.raw_status(request_line(odd, f"Basic {encoded}")) == 400
    assert site.request("GET", plain, f"Basic {encoded}").status == 401
    assert site.gateway_log.wait_for_request(since, path=odd)["status"] == 400
    entry = site.gateway_log.wait_for_request(since, path=plain)
    assert entry["status"] == 401
    if name.isprintable():
        assert entry["user"] == (name.partition(":")[0] if len(name) < 768 else "-")


def test_no_credential_is_ever_in_a_log(make_site: MakeSite) -> None:
    site = make_site()
    wrong = "a-WRONG-password"
    for user in EVERYBODY:
        for path in ("/v2/", f"/v2/any/app/manifests/x?token={user.secret}", "/v2/_catalog", "/v2//", "/nowhere"):
            site.request("GET", path, user)
            site.request("PUT", path, user, b"{}")
        site.request("GET", "/v2/", basic(user.name, wrong))
        site.client.raw(request_line("/v2/", user, "GET", f"Authorization: {PULL.authorization}"))
        site.client.raw(request_line("/v2/", user, "BREW"))
        site.client.raw(request_line("/v2/", None, "GET", f"X-Note: {user.authorization}"))
        site.client.raw(request_line("/v2/", f"Bearer {user.authorization}"))
    since = site.gateway_log.mark()
    site.auth.write({"htpasswd": "".join(f"{user.htpasswd}\n" for user in EVERYBODY) + "bad:in-plain-text\n"})
    site.gateway_log.wait_until_said(since, "REFUSED")
    printed = site.printed()
    gateway = site.gateway_log.path.read_text() + site.gateway_log.path.with_suffix(".stderr").read_text()
    assert "in-plain-text" not in gateway
    for user in EVERYBODY:
        header = user.authorization.removeprefix("Basic ")
        forms = [header, user.hash, hashlib.sha256(user.authorization.encode()).hexdigest(), header.rstrip("=")]
        for text in (*forms, base64.b64encode(user.secret.encode()).decode().rstrip("=")):
            assert text not in printed
        assert user.secret not in gateway
    assert wrong not in printed


def test_the_registry_logs_the_clients_address(make_site: MakeSite) -> None:
    site = make_site({"gateway": {"trustedProxies": ["127.0.0.1"]}, "log": {"formatter": "json"}})
    site.request("GET", "/v2/any/app/tags/list", PULL, headers={"X-Forwarded-For": "10.9.9.9, 192.0.2.7"})
    wait_for(lambda: "/v2/any/app/tags/list" in site.registry_log.text(), "the request in the registry's log")
    assert '"http.request.remoteaddr":"192.0.2.7"' in site.registry_log.text()
