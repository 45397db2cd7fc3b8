"""Attacks by the request's target: what is not plain is refused, and nothing leaves a user's repositories."""

import random
import re
from urllib.parse import unquote

import pytest

from tests.gateway.client import request_line
from tests.gateway.oci import push_image
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, TEAM_ADMIN, TEAM_PULL, TEAM_PUSH, User

OURS = "registry.example.com"
TARGETS = [
    "/v2/team-a/../secret/app/tags/list",
    "/v2/team-a/app/../../secret/app/tags/list",
    "/v2/team-a/app/manifests/../../../secret/app/manifests/latest",
    "/../v2/secret/app/tags/list",
    "/v2/./secret/app/tags/list",
    "/v2/secret/./app/tags/list",
    "/v2/.secret/app/tags/list",
    "/v2/team-a/%2e%2e/secret/app/tags/list",
    "/v2/team-a/.%2e/secret/app/tags/list",
    "/v2/team-a/%252e%252e/secret/app/tags/list",
    "/v2/team-a%2f..%2fsecret/app/tags/list",
    "/v2/team-a/app/manifests/..%2f..%2f..%2fsecret%2fapp%2fmanifests%2flatest",
    "/v2/team-a/%c0%ae%c0%ae/secret/app/tags/list",
    "/v2/secret%2fapp/tags/list",
    "/v2/%73ecret/app/tags/list",
    "/%762/secret/app/tags/list",
    "/v2/secret/app%2ftags/list",
    "/v2/secret/app/tags%2flist",
    "/v2/secret/app/tags/list%00",
    "/v2/team-a/app%00/../../secret/app/tags/list",
    "/v2//secret/app/tags/list",
    "//v2/secret/app/tags/list",
    "/v2/secret//app/tags/list",
    "/v2/secret/app/tags//list",
    f"//{OURS}/v2/secret/app/tags/list",
    "/v2/team-a\\..\\secret/app/tags/list",
    "/v2\\secret\\app\\tags\\list",
    "/v2/team-a/%5c..%5csecret/app/tags/list",
    "/v2/secret/app/tags/list;team-a/app",
    "/v2/team-a;/../secret/app/tags/list",
    "/v2/secret/app/tags/list,team-a/app",
    "/v2/secret/app/tags/list#/v2/team-a/app/tags/list",
    "/v2/team-a/app/tags/list#/../../../../secret/app/tags/list",
    "/v2/secret\tapp/tags/list",
    "/v2/~secret/app/tags/list",
    "/v2/secr\xe9t/app/tags/list",
    "/v2/\xef\xbd\x93ecret/app/tags/list",
    "/v2/secret/app/tags/list HTTP/1.1\t",
    f"http://{OURS}/v2/secret/app/tags/list",
    f"HTTP://{OURS}/v2/secret/app/tags/list",
    f"https://{OURS}/v2/secret/app/tags/list",
    f"ftp://{OURS}/v2/secret/app/tags/list",
    f"registry://{OURS}/v2/secret/app/tags/list",
    f"http://admin:admin-PASSWORD@{OURS}/v2/secret/app/tags/list",
    "http://v2/team-a/app/tags/list/../../../../v2/secret/app/tags/list",
    "http:/v2/secret/app/tags/list",
    "v2/secret/app/tags/list",
    "?/v2/secret/app/tags/list",
    "*",
    "",
]
VERSIONS = [
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    "HTTP/3.0",
    "HTTP/1.9",
    "HTTP/0.9",
    "http/1.1",
    "HTTP/1.1.1",
    "ICAP/1.0",
    "",
]


@pytest.mark.parametrize("target", TARGETS, ids=ascii)
def test_a_target_that_is_not_plain_is_refused_whoever_asks(site: Site, target: str) -> None:
    with site.reached() as reached:
        for user in (None, TEAM_PULL, TEAM_ADMIN, ADMIN):
            for method in ("GET", "DELETE"):
                assert site.client.raw_status(request_line(target, user, method)) in (400, 403, 404)
    assert not reached


@pytest.mark.parametrize("version", VERSIONS)
def test_no_version_of_http_is_a_way_around(site: Site, version: str) -> None:
    targets = (
        "/v2/secret/app/tags/list", "/v2/team-a/../secret/app/tags/list", f"http://{OURS}/v2/_catalog",
        f"http://{OURS}/v2/team-a/app/tags/list",
    )  # fmt: skip
    with site.reached() as reached:
        for target in targets:
            for headers in (f"Host: {OURS}\r\n", ""):
                line = f"GET {target} {version}".rstrip()
                sent = f"{line}\r\n{headers}Authorization: {TEAM_PULL.authorization}\r\nConnection: close\r\n\r\n"
                came = site.client.raw(sent.encode())
                assert not came or re.match(rb"HTTP/1\.[01] (400|403|404|505) ", came), came
    assert not reached


@pytest.mark.parametrize(
    ("repository", "allowed"),
    [
        ("team-a/app", True), ("team-a/x/y/z", True), ("base/none", True), ("team-a", False), ("team-ab/app", False),
        ("team-a-b/app", False), ("team-a.b/app", False), ("team/a/app", False), ("my/team-a/app", False),
        ("base", False), ("base/a/b", False), ("basement/a", False), ("xbase/a", False), ("teamxa/app", False),
        ("team-a_/app", False), ("Team-A/app", False), ("TEAM-A/app", False),
    ],
)  # fmt: skip
def test_a_pattern_is_for_whole_components(site: Site, repository: str, allowed: bool) -> None:
    for user in (TEAM_PULL, TEAM_PUSH, TEAM_ADMIN):
        with site.reached() as reached:
            answer = site.request("GET", f"/v2/{repository}/tags/list", user)
        assert (answer.status, bool(reached)) == ((404, True) if allowed else (403, False))


def test_a_query_does_not_choose_the_repository(site: Site) -> None:
    push_image(site.client, "secret/app")
    for query in ("name=secret/app", "/v2/secret/app/tags/list", "repository=secret%2fapp&vars.name=secret/app"):
        with site.reached() as reached:
            assert site.request("GET", f"/v2/team-a/none/tags/list?{query}", TEAM_PULL).status == 404
        assert [each.target for each in reached] == [f"/v2/team-a/none/tags/list?{query}"]


PLAIN = [
    "v2", "team-a", "team-ab", "base", "secret", "app", "manifests", "blobs", "uploads", "tags", "list", "referrers",
    "latest", "_catalog", "sha256:" + "0" * 64,
]  # fmt: skip
ODD = [
    ".", "..", "%2e%2e", "%2f", "%5c", "", "\\", ";", "?", "&", "#", ":",
    "=", "+", "@", "~", "A", "x" * 300, "%00", "%", "*", "\xa0",
]  # fmt: skip
METHODS = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ENDS = ["/manifests/latest", "/tags/list", "/blobs/uploads/", "/blobs/uploads/x", "/blobs/sha256:" + "0" * 64, ""]


@pytest.mark.parametrize("user", [TEAM_PULL, TEAM_ADMIN], ids=lambda user: user.role)
def test_no_odd_path_of_a_limited_user_reaches_another_repository(site: Site, user: User) -> None:
    """Both sides' own reading of the path count: the target in the access log, and the name in the registry's."""
    chance = random.Random(20)
    since = site.registry_log.mark()
    with site.reached() as reached:
        for _ in range(600):
            pieces = chance.choices(PLAIN * 5 + ODD, k=chance.randrange(1, 6))
            start = chance.choice(["/v2/team-a/", "/v2/base/", "/v2/", "/"])
            between = chance.choice(["/"] * 9 + [""])
            target = start + between.join(pieces) + chance.choice(ENDS)
            site.client.raw(request_line(target, user, chance.choice(METHODS)))
    assert len(reached) > 20, "hardly a path was plain: nothing was tested"
    for each in reached:
        path = unquote(each.target.partition("?")[0])
        assert re.match(r"/v2/$|/v2/(team-a/.+|base/[^/]+)/(manifests|blobs|tags|referrers)/", path), each
    names = site.registry_log.repositories(since) - {"sentinel"}
    outside = {name for name in names if not re.fullmatch(r"team-a/.+|base/[^/]+|sentinel-\d+", name)}
    assert names
    assert not outside
