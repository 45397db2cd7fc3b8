"""A fuzzer of requests: what reaches the registry is allowed, and the log names it as the registry read it."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attacks.confined import ConfinedSite
from tests.gateway.client import request_line
from tests.gateway.logs import Reached
from tests.gateway.users import EVERYBODY, User, basic

# distribution's reference package: what its router takes as a name of a repository, and the routes themselves.
NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
ROUTE = re.compile(rf"/v2/({NAME})/(?:manifests/[^/]+|blobs/[^/]+|blobs/uploads/[^/]*|tags/list|referrers/[^/]+)/?")
READS = ("GET", "HEAD")
EXAMPLES = 150

names = st.sampled_from(
    ["team-a/app", "team-a/x/y", "base/os", "base/os/deep", "secret/app", "any", "team-ab/app", "Team-a/app",
     "team-a", "base", "v2", "manifests/tags", "team-a/blobs/uploads", "secret/manifests/team-a/app"]
)  # fmt: skip
ends = st.sampled_from(
    ["manifests/latest", "manifests/sha256:" + "a" * 64, "blobs/sha256:" + "b" * 64, "blobs/uploads/",
     "blobs/uploads/0b4f9d3e-7b1f-4ff4-8e2b-6a1b0f4a2c11", "tags/list", "referrers/sha256:" + "a" * 64, "_catalog", ""]
)  # fmt: skip
noise = st.sampled_from(
    ["", "", "", "", "/", "//", "/.", "/..", "/../secret/app/tags/list", "%2f", "%2e%2e/", ";x", "?", "?n=1", "#", "\\",
     "/%00", "?from=secret/app&mount=sha256:" + "c" * 64, "?_state=x", "?digest=sha256:" + "d" * 64, "\t", "%0d%0a"]
)  # fmt: skip
targets = st.one_of(
    st.builds(lambda name, end, one, two: f"/v2/{name}{one}/{end}{two}", names, ends, noise, noise),
    st.sampled_from(["/v2/", "/v2", "/v2/_catalog", "/v2/_catalog?n=1", "/v2//", "//v2/", "*", "/metrics", "/debug/"]),
    st.builds(lambda text: f"/v2/{text}", st.text("abz019._-/%:?=&+ ~", max_size=40)),
)
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "TRACE", "BREW"])
extra = st.lists(
    st.sampled_from(
        ["Content-Length: 0", "Content-Length: 5", "Transfer-Encoding: chunked", "X-Forwarded-For: 10.0.0.1",
         "X-HTTP-Method-Override: DELETE", "X-Original-URL: /v2/secret/app/tags/list", "Host: elsewhere.example.com",
         "X-Forwarded-User: admin", "Connection: Authorization", "Expect: 100-continue", "Upgrade: h2c",
         "Content-Type: application/x-www-form-urlencoded", "Proxy-Authorization: " + basic("admin", "admin-PASSWORD"),
         "Privreg-Priority: 1", "Range: bytes=0-1,2-3", "Trailer: Authorization"]
    ),
    max_size=3,
    unique=True,
)  # fmt: skip
bodies = st.sampled_from([b"", b"hello", b"0\r\n\r\n", b"GET /v2/secret/app/tags/list HTTP/1.1\r\nHost: x\r\n\r\n"])
users = st.sampled_from([*EVERYBODY, None])


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[ConfinedSite]:
    with tempfile.TemporaryDirectory() as folder:
        it = ConfinedSite(Path(folder), {})
        yield it
        it.stop()


def matches(pattern: str, repository: str) -> bool:
    """Whether a pattern of auth.access has the repository: * is one component, ** any number."""
    parts = [".*" if part == "**" else re.escape(part).replace(r"\*", "[^/]*") for part in pattern.split("/")]
    return re.fullmatch("/".join(parts), repository) is not None


def is_allowed(user: User | None, reached: Reached) -> bool:
    """The role map, written anew."""
    path = reached.target.partition("?")[0]
    reads = reached.method in READS
    if user is None:
        return False
    if path in ("/v2/", "/v2"):
        return reads
    if path == "/v2/_catalog":
        return reads and user.role == "admin" and not user.repositories
    if route := ROUTE.fullmatch(path):
        limited = user.repositories and not any(matches(pattern, route[1]) for pattern in user.repositories)
        return not limited and user.role in roles(reached.method, path)
    # No route of the registry: it must not have acted.
    return reached.status in (400, 404, 405)


def roles(method: str, path: str) -> tuple[str, ...]:
    """Who may do this in a repository."""
    upload = "/blobs/uploads/" in path
    if method in READS and not upload:
        return ("pull", "push", "admin")
    if method == "DELETE" and not upload:
        return ("admin",)
    return ("push", "admin")


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(user=users, asked=st.tuples(methods, targets, extra, bodies))
def test_the_registry_sees_only_what_the_role_map_allows_and_the_log_names_it_alike(
    fuzzed: ConfinedSite, user: User | None, asked: tuple[str, str, list[str], bytes]
) -> None:
    method, target, headers, body = asked
    mark = fuzzed.gateway_log.mark()
    with fuzzed.reached() as reached:
        fuzzed.client.raw(request_line(target, user, method, *headers) + body, silence=1)
    for each in reached:
        assert is_allowed(user, each), (user, each)
        assert "secret/app" not in each.target or not (user and user.repositories), each
    for each in reached:
        path = each.target.partition("?")[0]
        assert user is not None
        entry = fuzzed.gateway_log.wait_for_request(mark, method=each.method, path=path)
        assert (entry["user"], entry["role"]) == (user.name, user.role)
        route = ROUTE.fullmatch(path)
        if route and not path.endswith("/tags/list/"):
            assert entry["repository"] == route[1]
