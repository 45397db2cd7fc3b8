"""Cross-repository mounts: a limited user gains nothing by them."""

from urllib.parse import quote

import pytest

from tests.gateway.oci import Image, push_image
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, PUSH, TEAM_ADMIN, TEAM_PULL, TEAM_PUSH, User

UPLOADS = "/v2/team-a/app/blobs/uploads/"
FORM = "application/x-www-form-urlencoded"

# {layer} is a blob in secret/app and in no other repository.
QUERIES = [
    "mount={layer}&from=secret/app",
    "from=secret/app&mount={layer}",
    "mount={quoted}&from=secret%2fapp",
    "mount={quoted}&from=secret%2Fapp",
    "%6dount={layer}&%66rom=secret/app",
    "mount={layer}&from=base/alpine&from=secret/app",
    "mount={layer}&from=secret/app&from=base/alpine",
    "mount={layer}&mount={layer}&from=base/alpine&%66rom=secret/app",
    "mount={layer}&from=base/alpine%26from=secret/app",
    "mount={layer}%26from=secret/app&from=base/alpine",
    "mount={layer}&from=base/alpine;from=secret/app",
    "mount={layer};from=secret/app",
    "mount={layer}&from=base/../secret/app",
    "mount={layer}&from=team-a/../secret/app",
    "mount={layer}&from=base%2f..%2fsecret%2fapp",
    "mount={layer}&from=/secret/app",
    "mount={layer}&from=secret//app",
    "mount={layer}&from=./secret/app",
    "mount={layer}&from=base/alpine%00secret/app",
    "mount={layer}&from=secret/app%00base/alpine",
    "mount={layer}&from=secret/app%0a",
    "mount={layer}%0a&from=secret/app",
    "mount={layer}&from=base/alpine%0d%0aX-Header:%20x",
    "mount={layer}&from=base/alpine%20HTTP/1.1%0d%0a%0d%0aGET%20/v2/_catalog",
    "mount={layer}&from=base/alpine%23&from=secret/app",
    "mount={layer}&from=+secret/app",
    "mount={layer}&from=%73ecret/app",
    "mount={layer}&from=%2573ecret/app",
    "mount={layer}&FROM=secret/app",
    "mount={layer}&from[]=secret/app",
    "mount={upper}&from=secret/app",
    "mount={layer}&from=",
    "mount={layer}",
    "mount=&from=secret/app",
    "?mount={layer}&from=secret/app",
    "&&mount={layer}&&from=secret/app&&",
    "digest={layer}&mount={layer}&from=secret/app",
    "digest={layer}%26mount={layer}%26from=secret/app",
    "mount={layer}&from=secret/app&digest={layer}",
    "x=%&mount={layer}&from=secret/app",
    "x=%zz&mount={layer}&from=secret/app",
]


@pytest.fixture(scope="module")
def secret(site: Site) -> Image:
    push_image(site.client, "base/alpine")
    return push_image(site.client, "secret/app")


@pytest.mark.parametrize("query", QUERIES)
def test_a_limited_user_cannot_mount_what_it_may_not_pull(site: Site, secret: Image, query: str) -> None:
    layer = secret.layer
    query = query.format(layer=layer, quoted=quote(layer, safe=""), upper=layer.upper())
    with site.reached() as reached:
        for user in (TEAM_PUSH, TEAM_ADMIN):
            assert site.request("POST", f"{UPLOADS}?{query}", user).status == 202
    assert [each.method for each in reached] == ["POST", "POST"]
    assert not any("secret" in each.target or "%" in each.target for each in reached)
    assert site.request("HEAD", f"/v2/team-a/app/blobs/{layer}", TEAM_PUSH).status == 404


@pytest.mark.parametrize("query", ["", "?", "?mount={layer}&from=base/alpine", "?digest={layer}"])
@pytest.mark.parametrize("form", ["urlencoded", "URLENCODED; charset=utf-8", "multipart"])
def test_nor_by_a_form_in_the_body(site: Site, secret: Image, query: str, form: str) -> None:
    """distribution reads the parameters with Go's FormValue: a form in the body wins over the query."""
    if form == "multipart":
        kind = "multipart/form-data; boundary=B"
        parts = {"mount": secret.layer, "from": "secret/app"}.items()
        body = (
            "".join(f'--B\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts) + "--B--\r\n"
        )
    else:
        kind, body = f"application/x-www-form-{form}", f"mount={secret.layer}&from=secret/app"
    for user in (TEAM_PUSH, TEAM_ADMIN):
        path = UPLOADS + query.format(layer=secret.layer)
        assert site.request("POST", path, user, body.encode(), {"Content-Type": kind}).status == 202
    assert site.request("HEAD", f"/v2/team-a/app/blobs/{secret.layer}", TEAM_PUSH).status == 404


def test_nor_by_the_path_without_its_last_slash(site: Site, secret: Image) -> None:
    query = f"mount={secret.layer}&from=secret/app"
    answer = site.request(
        "POST", f"/v2/team-a/app/blobs/uploads?{query}", TEAM_PUSH, query.encode(), {"Content-Type": FORM}
    )
    assert answer.status in (301, 307, 308, 404, 405)
    assert site.request("HEAD", f"/v2/team-a/app/blobs/{secret.layer}", TEAM_PUSH).status == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT", "POST"])
@pytest.mark.parametrize("kind", [FORM, "application/octet-stream"])
def test_nor_by_the_later_requests_of_an_upload(site: Site, secret: Image, method: str, kind: str) -> None:
    """distribution starts an upload, with a mount or without, by a POST to an upload that is there, too."""
    location = site.request("POST", UPLOADS, TEAM_PUSH).headers["Location"]
    query = f"mount={secret.layer}&from=secret/app"
    for path in (location, location.partition("?")[0]):
        separator = "&" if "?" in path else "?"
        answer = site.request(method, f"{path}{separator}{query}", TEAM_PUSH, query.encode(), {"Content-Type": kind})
        assert answer.status == 405 if method == "POST" else answer.status != 201
    assert site.request("HEAD", f"/v2/team-a/app/blobs/{secret.layer}", TEAM_PUSH).status == 404


@pytest.mark.parametrize(
    ("user", "source", "target"),
    [
        (TEAM_PUSH, "base/alpine", "team-a/new"), (TEAM_PUSH, "team-a/old/app", "base/new"),
        (TEAM_ADMIN, "base/alpine", "team-a/new"), (PUSH, "secret/app", "any/new"), (ADMIN, "secret/app", "any/new"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoded", [False, True])
def test_who_may_pull_the_source_can_mount_it(site: Site, user: User, source: str, target: str, encoded: bool) -> None:
    layer = push_image(site.client, source).layer
    query = (
        f"mount={quote(layer, safe='')}&from={quote(source, safe='')}" if encoded else f"mount={layer}&from={source}"
    )
    answer = site.request("POST", f"/v2/{target}/blobs/uploads/?{query}", user)
    assert answer.status == 201
    assert site.request("HEAD", f"/v2/{target}/blobs/{layer}", user).status == 200


def test_who_may_not_push_cannot_mount(site: Site, secret: Image) -> None:
    for source in ("base/alpine", "secret/app"):
        with site.reached() as reached:
            assert site.request("POST", f"{UPLOADS}?mount={secret.layer}&from={source}", TEAM_PULL).status == 403
            target = f"/v2/secret/app/blobs/uploads/?mount={secret.layer}&from={source}"
            assert site.request("POST", target, TEAM_PUSH).status == 403
        assert not reached


def test_the_digest_of_an_upload_in_one_request_is_kept(site: Site, secret: Image) -> None:
    for query in (f"digest={secret.layer}", f"x=1&digest={quote(secret.layer, safe='')}&y=2"):
        with site.reached() as reached:
            site.request("POST", f"{UPLOADS}?{query}", TEAM_PUSH, b"content")
        assert [each.target for each in reached] == [f"{UPLOADS}?digest={secret.layer}"]
