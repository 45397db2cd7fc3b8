"""The switch for maintenance: reads go on, changes are told to come back later."""

import re
from collections.abc import Iterator

from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.oci import MANIFEST, Image, push_blob, push_image, start_upload
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, PULL, PUSH, TEAM_PUSH


def test_the_value_makes_it_read_only_and_writable_again(make_site: MakeSite) -> None:
    site = make_site()
    image, upload = push_image(site.client, "base/app"), start_upload(site.client, "base/app")
    since = site.gateway_log.mark()
    site.change({"gateway": {"readOnly": True}})
    site.wait_until_changed(since)
    wait_for_writes(site, "off")
    assert_read_only(site, image, upload)
    site.change({})
    wait_for_writes(site, "on")
    push_blob(site.client, "base/app", b"after the maintenance", TEAM_PUSH)


def test_the_admin_socket_makes_it_read_only_and_writable_again(make_site: MakeSite) -> None:
    site = make_site()
    image, upload = push_image(site.client, "base/app"), start_upload(site.client, "base/app")
    assert re.search(r"^\d+ \(switches\.map\) ", site.admin("show map"), re.MULTILINE)
    site.admin("set map switches.map writes off")
    assert_read_only(site, image, upload)
    site.admin("set map switches.map writes on")
    push_blob(site.client, "base/app", b"after the maintenance", TEAM_PUSH)


def test_an_upload_that_began_before_the_switch_may_end(make_site: MakeSite) -> None:
    """Who switches waits for those: the switch is looked at when a request begins."""
    site = make_site()

    def parts() -> Iterator[bytes]:
        yield b"half" * 100_000
        wait_for(lambda: site.uploaded("base/app") > 100_000, "the first half in the registry")
        site.admin("set map switches.map writes off")
        yield b"half" * 100_000

    answer = site.request("PATCH", start_upload(site.client, "base/app"), PUSH, parts())
    assert answer.status == 202
    assert site.request("PUT", answer.headers["Location"], PUSH).status == 503


def wait_for_writes(site: Site, state: str) -> None:
    """Wait until the process that answers has this switch."""
    wait_for(lambda: f" writes {state}\n" in site.admin("show map switches.map"), f"writes {state}")


def assert_read_only(site: Site, image: Image, upload: str) -> None:
    """Reads are answered as ever; changes are not, whoever asks."""
    manifest, blob = f"/v2/base/app/manifests/{image.digest}", f"/v2/base/app/blobs/{image.layer}"
    with site.reached() as reached:
        for user, method, path in (
            (PUSH, "POST", "/v2/base/app/blobs/uploads/"),
            (PUSH, "POST", f"/v2/base/app/blobs/uploads/?mount={image.layer}&from=base/app"),
            (PUSH, "PATCH", upload),
            (PUSH, "PUT", upload),
            (PUSH, "DELETE", upload),
            (TEAM_PUSH, "PUT", "/v2/base/app/manifests/new"),
            (ADMIN, "DELETE", manifest),
            (ADMIN, "DELETE", blob),
        ):
            answer = site.request(method, path, user, headers={"Content-Type": MANIFEST})
            assert (answer.status, answer.code) == (503, "UNAVAILABLE"), (method, path)
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert not reached
    for path in ("/v2/", manifest, blob, "/v2/base/app/tags/list"):
        for method in ("GET", "HEAD"):
            assert site.request(method, path, PULL, headers={"Accept": MANIFEST}).status in (200, 405)
    assert site.request("GET", "/v2/_catalog", ADMIN).status == 200
    assert site.request("GET", upload, PUSH).status == 204
    assert site.request("POST", "/v2/base/app/blobs/uploads/", PULL).status == 403
    assert site.request("POST", "/v2/base/app/blobs/uploads/").status == 401
