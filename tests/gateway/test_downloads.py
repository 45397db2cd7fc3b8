"""So many blobs are sent at the same time and no more, because the registry holds memory for each."""

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.gateway.client import Client
from tests.gateway.conftest import MakeSite
from tests.gateway.oci import MANIFEST, push_blob, push_image
from tests.gateway.users import ADMIN, PULL

MEGABYTE = 1024 * 1024
MORE_THAN_BUFFERS_TAKE = 32 * MEGABYTE
LIMIT = 2


def test_many_downloads_at_once_all_succeed_and_no_more_than_the_limit_run(make_site: MakeSite) -> None:
    site = make_site({"gateway": {"maxDownloads": 2 * LIMIT}})
    content = os.urandom(4 * MEGABYTE)
    blob = push_blob(site.client, "any/popular", content)
    with ThreadPoolExecutor(20) as pool:
        downloads = [pool.submit(site.request, "GET", f"/v2/any/popular/blobs/{blob}", PULL) for _ in range(40)]
    assert all(each.result().status == 200 for each in downloads)
    assert all(each.result().body == content for each in downloads)
    assert site.count("registry", "downloads", "smax") == LIMIT
    assert site.count("registry", "downloads", "stot") == len(downloads)


def test_what_is_not_a_download_does_not_wait_for_those_that_are(make_site: MakeSite) -> None:
    site = make_site({"gateway": {"maxDownloads": 2 * LIMIT}})
    path = f"/v2/any/large/blobs/{push_blob(site.client, 'any/large', os.urandom(MORE_THAN_BUFFERS_TAKE))}"
    with ThreadPoolExecutor() as pool:
        with contextlib.ExitStack() as stack:
            for _ in range(LIMIT):
                stack.enter_context(unread(site.client, path))
            waiting = pool.submit(site.request, "GET", path, PULL)
            image = push_image(site.client, "any/other")
            assert site.request("HEAD", f"/v2/any/other/blobs/{image.layer}", PULL).status == 200
            manifest = f"/v2/any/other/manifests/{image.digest}"
            assert site.request("GET", manifest, PULL, headers={"Accept": MANIFEST}).status == 200
            assert not waiting.done()
        assert len(waiting.result().body) == MORE_THAN_BUFFERS_TAKE


@contextlib.contextmanager
def unread(client: Client, path: str) -> Iterator[None]:
    """A download that has begun, and whose client takes no more of it."""
    connection = client.connect()
    connection.request("GET", path, headers={"Authorization": PULL.authorization})
    assert connection.getresponse().status == 200
    try:
        yield
    finally:
        connection.close()


def test_slow_readers_of_one_user_leave_places_for_others_and_small_answers_for_all(make_site: MakeSite) -> None:
    """Case 11: more slow readers than there are places; the configuration of an image is 1 kB."""
    site = make_site({"gateway": {"maxDownloads": 2 * LIMIT}})
    path = f"/v2/any/large/blobs/{push_blob(site.client, 'any/large', os.urandom(MORE_THAN_BUFFERS_TAKE))}"
    config = f"/v2/any/large/blobs/{push_blob(site.client, 'any/large', os.urandom(1000))}"
    with ThreadPoolExecutor() as pool, contextlib.ExitStack() as stack:
        for _ in range(LIMIT):
            stack.enter_context(unread(site.client, path))
        waiting = [pool.submit(site.request, "GET", path, PULL) for _ in range(5)]
        assert len(site.request("GET", config, PULL).body) == 1000
        assert len(site.request("GET", path, ADMIN).body) == MORE_THAN_BUFFERS_TAKE
        assert not any(each.done() for each in waiting)
        stack.close()
        assert {len(each.result().body) for each in waiting} == {MORE_THAN_BUFFERS_TAKE}
