"""What each role may do at each path of the OCI distribution API."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.gateway.client import request_line
from tests.gateway.logs import Reached
from tests.gateway.oci import MANIFEST, digest, manifest_of, push_image, start_upload
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, EVERYBODY, PULL, PUSH, TEAM_ADMIN, TEAM_PULL, TEAM_PUSH, User

ROLES = {"pull": 1, "push": 2, "admin": 3}
MINE, OTHERS = ("team-a/app", "team-a/deep/er/app", "base/alpine"), ("secret/app", "team-ab/app", "team-a", "base/a/b")


@dataclass(frozen=True)
class Operation:
    """One of the API's operations.

    Attributes:
        name: what the test calls it.
        role: the least that may do it.
        method: of HTTP.
        target: makes its path, which may need something in the repository.
        status: the registry's answer.
        body: what is sent.
        content_type: of the body.
    """

    name: str
    role: str
    method: str
    target: Callable[[Site, str], str]
    status: int
    body: bytes | None = None
    content_type: str = "application/octet-stream"

    def by(self, site: Site, user: User, repository: str) -> tuple[int, str, list[Reached]]:
        """Do it: status, error code, and what reached the registry."""
        target = self.target(site, repository)
        headers = {"Content-Type": self.content_type, "Accept": MANIFEST}
        with site.reached() as reached:
            answer = site.request(self.method, target, user, self.body, headers)
        return answer.status, answer.code, [each for each in reached if each.method == self.method]


def _manifest(site: Site, repository: str) -> str:
    return f"/v2/{repository}/manifests/{push_image(site.client, repository).digest}"


def _blob(site: Site, repository: str) -> str:
    return f"/v2/{repository}/blobs/{push_image(site.client, repository).layer}"


def _tag(_: Site, repository: str) -> str:
    return f"/v2/{repository}/manifests/new"


def _tags(site: Site, repository: str) -> str:
    push_image(site.client, repository)
    return f"/v2/{repository}/tags/list"


def _referrers(_: Site, repository: str) -> str:
    return f"/v2/{repository}/referrers/{digest(b'')}"


def _uploads(_: Site, repository: str) -> str:
    return f"/v2/{repository}/blobs/uploads/"


def _upload(site: Site, repository: str) -> str:
    return start_upload(site.client, repository)


def _whole_upload(site: Site, repository: str) -> str:
    return f"{_upload(site, repository)}&digest={digest(b'')}"


OPERATIONS = (
    Operation("read a manifest", "pull", "GET", _manifest, 200),
    Operation("ask for a manifest", "pull", "HEAD", _manifest, 200),
    Operation("read a blob", "pull", "GET", _blob, 200),
    Operation("ask for a blob", "pull", "HEAD", _blob, 200),
    Operation("list tags", "pull", "GET", _tags, 200),
    Operation("list referrers", "pull", "GET", _referrers, 404),  # distribution 3.1 has none
    Operation("write a manifest", "push", "PUT", _tag, 400, manifest_of(b"{}", b"missing"), MANIFEST),
    Operation("start an upload", "push", "POST", _uploads, 202),
    Operation("send a part of an upload", "push", "PATCH", _upload, 202, b"a part"),
    Operation("end an upload", "push", "PUT", _whole_upload, 201),
    Operation("ask for an upload", "push", "GET", _upload, 204),
    Operation("cancel an upload", "push", "DELETE", _upload, 204),
    Operation("delete a manifest", "admin", "DELETE", _manifest, 202),
    Operation("delete a blob", "admin", "DELETE", _blob, 202),
)
ONE_OF_EACH_PATH = [next(each for each in OPERATIONS if each.target == path) for path in (
    _manifest, _blob, _tags, _referrers, _uploads, _upload
)]  # fmt: skip
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


@each_operation
@pytest.mark.parametrize("user", [PULL, PUSH, ADMIN], ids=lambda user: user.role)
def test_a_role_may_do_what_it_includes_and_nothing_more(site: Site, user: User, operation: Operation) -> None:
    status, code, reached = operation.by(site, user, "any/where")
    if ROLES[user.role] >= ROLES[operation.role]:
        assert status == operation.status
        assert len(reached) == 1
    else:
        assert (status, code if operation.method != "HEAD" else "DENIED") == (403, "DENIED")
        assert not reached


@each_operation
@pytest.mark.parametrize("user", [TEAM_PULL, TEAM_PUSH, TEAM_ADMIN], ids=lambda user: user.role)
def test_a_limited_user_has_its_role_in_its_repositories_and_none_elsewhere(
    site: Site, user: User, operation: Operation
) -> None:
    for repository in MINE if ROLES[user.role] >= ROLES[operation.role] else ():
        status, _, reached = operation.by(site, user, repository)
        assert (status, len(reached)) == (operation.status, 1), repository
    for repository in OTHERS:
        status, code, reached = operation.by(site, user, repository)
        assert (status, code if operation.method != "HEAD" else "DENIED") == (403, "DENIED"), repository
        assert not reached


def test_the_catalog_is_for_admins_of_all_repositories(site: Site) -> None:
    allowed = {user.name for user in EVERYBODY if site.request("GET", "/v2/_catalog?n=5", user).status == 200}
    assert allowed == {ADMIN.name}
    assert site.request("GET", "/v2/_catalog", TEAM_ADMIN).code == "DENIED"


def test_every_user_may_ping(site: Site) -> None:
    for user in EVERYBODY:
        answer = site.request("GET", "/v2/", user)
        assert (answer.status, answer.json) == (200, {})
        assert site.request("HEAD", "/v2/", user).status == 200


@pytest.mark.parametrize("path", ["/v2/", "/v2/_catalog"])
def test_nothing_can_be_changed_where_there_is_no_repository(site: Site, path: str) -> None:
    with site.reached() as reached:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert site.request(method, path, ADMIN).status == 405
            assert site.request(method, path, PULL).status == 403
    assert not reached


@pytest.mark.parametrize(
    "path",
    [
        "/v1/", "/v2/app", "/v2/app/", "/v2/app/manifests", "/v2/app/manifests/", "/v2/app/blobs/",
        "/v2/app/tags", "/v2/app/tags/list/", "/v2/app/referrers/", "/v2/_catalog/", "/v2/app/blobs/uploads/a/b",
        "/v2/manifests/latest", "/v2/app/unknown/x", "/v3/app/manifests/latest", "/V2/app/manifests/latest",
        "/metrics", "/registry/metrics", "/debug/pprof/", "/debug/vars", "/healthz/registry",
    ],
)  # fmt: skip
def test_there_is_nothing_at_other_paths(site: Site, path: str) -> None:
    with site.reached() as reached:
        answer = site.request("GET", path, ADMIN)
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")
    assert not reached


@pytest.mark.parametrize(
    "method", ["OPTIONS", "TRACE", "CONNECT", "PROPFIND", "LINK", "QUERY", "get", "Put", "GETX", "XDELETE", "PURGE"]
)
def test_other_methods_are_refused(site: Site, method: str) -> None:
    target = "registry.example.com:443" if method == "CONNECT" else "/v2/app/manifests/latest"
    with site.reached() as reached:
        came = site.client.raw(request_line(target, ADMIN, method))
    assert came.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n" in came.replace(b"Allow", b"allow")
    assert not reached


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_does_not_change_the_method(site: Site, header: str) -> None:
    image = push_image(site.client, "override/app")
    path = f"/v2/override/app/manifests/{image.digest}"
    for user, method, status in ((PULL, "GET", 200), (PUSH, "POST", 405)):
        for query in ("", "?_method=DELETE"):
            answer = site.request(method, path + query, user, headers={header: "DELETE", "Accept": MANIFEST})
            assert answer.status == status
    assert site.request("GET", path, PULL, headers={"Accept": MANIFEST}).status == 200


@pytest.mark.parametrize("word", ["blobs", "manifests", "uploads", "tags", "referrers", "blobs/uploads", "tags/list"])
def test_a_repository_named_like_a_part_of_the_api_is_still_a_repository(site: Site, word: str) -> None:
    for repository in (f"team-a/{word}", f"team-a/{word}/app"):
        for operation in ONE_OF_EACH_PATH:
            assert operation.by(site, TEAM_PUSH, repository)[0] == operation.status, (repository, operation.name)
    for repository in (f"secret/{word}", f"{word}/team-a/app", f"secret/{word}/team-a/app"):
        for operation in ONE_OF_EACH_PATH:
            status, _, reached = operation.by(site, TEAM_ADMIN, repository)
            assert (status, reached) == (403, []), (repository, operation.name)
