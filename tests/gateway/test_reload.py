"""Changes while requests are under way, and changes that are no good."""

import contextlib
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.gateway.client import request_line
from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.oci import digest, finish_upload, push_blob, start_upload
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, EVERYBODY, PULL, PUSH, TEAM_PUSH, User

MEGABYTE = 1_000_000


def without(*absent: User, more: str = "") -> dict[str, str]:
    """The htpasswd Secret of everybody but some."""
    return {"htpasswd": "".join(f"{user.htpasswd}\n" for user in EVERYBODY if user not in absent) + more}


def reload_and_wait(site: Site, number: int = 0) -> None:
    """Change the users' file, not the users, and wait until the old process has handed over."""
    process = site.admin("show info")
    site.auth.write(without(more=f"# change {number}\n"))
    wait_for(lambda: _pid(site.admin("show info")) != _pid(process), "a new process")


def test_no_request_fails_while_the_gateway_reloads_under_load(make_site: MakeSite) -> None:
    site = make_site()
    done, statuses = threading.Event(), Counter[object]()
    lock = threading.Lock()

    def ask(user: User, keeping: bool) -> None:
        with site.client.keep() as kept:
            while not done.is_set():
                status: object
                try:
                    client = kept if keeping else site.client
                    status = client.request("GET", "/v2/", user).status
                except OSError as failed:
                    status = repr(failed)
                with lock:
                    statuses[status] += 1

    def push() -> None:
        number = 0
        while not done.is_set():
            number += 1
            push_blob(site.client, "base/busy", f"blob {number}".encode(), TEAM_PUSH)

    with ThreadPoolExecutor(5) as pool:
        asking = [pool.submit(ask, user, keeping) for user in (PULL, ADMIN) for keeping in (True, False)]
        pushing = pool.submit(push)
        try:
            for number in range(3):
                reload_and_wait(site, number)
        finally:
            done.set()
        for each in (*asking, pushing):
            each.result()
    assert set(statuses) == {200}
    assert statuses[200] > 100


def test_an_upload_and_a_download_under_way_end_well_across_reloads(make_site: MakeSite) -> None:
    site = make_site()
    content = os.urandom(8 * MEGABYTE)
    location = start_upload(site.client, "base/slow", TEAM_PUSH)
    stored = push_blob(site.client, "base/slow", content)
    reloaded = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield content[: 4 * MEGABYTE]
        assert reloaded.wait(30)
        yield content[4 * MEGABYTE :]

    with _slow_download(site, "base/slow", stored, TEAM_PUSH) as download, ThreadPoolExecutor(1) as pool:
        upload = pool.submit(site.client.request, "PATCH", location, TEAM_PUSH, slowly())
        try:
            time.sleep(0.1)
            for number in range(2):
                reload_and_wait(site, number)
        finally:
            reloaded.set()
        answer = upload.result()
        body = b"".join(iter(lambda: download.recv(MEGABYTE), b"")).partition(b"\r\n\r\n")[2]
    assert answer.status == 202
    assert finish_upload(site.client, answer.headers["Location"], digest(content), user=TEAM_PUSH) == 201
    assert hashlib.sha256(body).digest() == hashlib.sha256(content).digest()


def test_a_removed_user_cannot_go_on_with_connections_from_before(make_site: MakeSite) -> None:
    """An old process lives for as long as its last request: it must not answer new ones by the old rules."""
    site = make_site()
    stored = push_blob(site.client, "any/app", os.urandom(20 * MEGABYTE))
    location = start_upload(site.client, "any/app")
    head = request_line(location, PUSH, "PATCH", "Content-Length: 10").replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", site.addresses.clients)) as upload:
        upload.sendall(head + b"12345")
        wait_for(lambda: site.table("verified") == 2, "the upload's verification")
        with _slow_download(site, "any/app", stored, PUSH, keep=True) as download:
            site.auth.write(without(PUSH))
            wait_for(lambda: site.request("GET", "/v2/", PUSH).status == 401, "the removal")
            time.sleep(0.5)
            download.sendall(request_line("/v2/", PUSH) + request_line("/v2/any/app/tags/list", PUSH))
            came = b"".join(iter(lambda: download.recv(MEGABYTE), b""))
    assert re.findall(rb"HTTP/1\.1 (\d+) ", came[-1000:]) == []


BAD: dict[str, Callable[[Site], None]] = {
    "a bad htpasswd file": lambda site: site.auth.write(without(PULL, more="somebody:in-plain-text\n")),
    "a bad HAProxy configuration": lambda site: site.config.write(
        site.config.files | {"haproxy.cfg": site.config.files["haproxy.cfg"] + "\nbackend x\n    no such directive\n"}
    ),
    "a list that is missing": lambda site: site.config.write(
        {name: text for name, text in site.config.files.items() if name != "roles.map"}
    ),
    "an htpasswd file that is missing": lambda site: site.auth.write({}),
}


def test_what_is_no_good_is_refused_and_said_and_the_old_stays_until_it_is_mended(make_site: MakeSite) -> None:
    site = make_site()
    good_auth, good_config = site.auth.files, site.config.files
    assert _configuration(site) == ("current", "UP")
    for name, bad in BAD.items():
        since = site.gateway_log.mark()
        bad(site)
        said = site.gateway_log.wait_until_said(since, "the changed configuration is REFUSED, the old one stays: ")
        assert "in-plain-text" not in said
        wait_for(lambda: _configuration(site) == ("refused", "MAINT"), f"{name}: a header and a metric that say so")
        for user in EVERYBODY:
            assert site.request("GET", "/v2/", user).status == 200, name
        assert site.request("POST", "/v2/any/app/blobs/uploads/", PULL).status == 403, name
        since = site.gateway_log.mark()
        site.auth.write(good_auth)
        site.config.write(good_config)
        site.wait_until_changed(since)
        wait_for(lambda: _configuration(site) == ("current", "UP"), f"{name}: the good configuration")


def test_a_change_comes_into_force_also_while_haproxy_still_obeys_an_earlier_one(make_site: MakeSite) -> None:
    """HAProxy computes each hash while it reads its configuration, and loses signals in that time."""
    site = make_site()
    dear = "".join(f"dear{number}:$2y$12${'C' * 53}\n" for number in range(4))
    since = site.gateway_log.mark()
    site.auth.write(without(PUSH, more=dear))
    site.wait_until_changed(since)
    assert site.request("GET", "/v2/", PUSH).status == 401
    (haproxy,) = Path(f"/proc/{site.gateway.pid}/task/{site.gateway.pid}/children").read_text().split()[:1]
    os.kill(int(haproxy), signal.SIGUSR2)
    site.auth.write(without())
    wait_for(lambda: site.request("GET", "/v2/", PUSH).status == 200, "the new user", patience=60)


def test_a_file_without_users_lets_nobody_in(make_site: MakeSite) -> None:
    site = make_site()
    site.auth.write({"htpasswd": ""})
    wait_for(lambda: site.request("GET", "/v2/", ADMIN).status == 401, "the removal")
    assert {site.request("GET", "/v2/", user).status for user in EVERYBODY} == {401}


def test_nothing_is_done_while_nothing_changes(make_site: MakeSite) -> None:
    site = make_site()
    process = _pid(site.admin("show info"))
    site.auth.write(site.auth.files)  # as the kubelet does when only the Secret's labels changed
    time.sleep(1)
    assert _pid(site.admin("show info")) == process
    assert site.gateway_log.said() == []


def test_a_gateway_that_is_told_to_end_lets_requests_end_first(make_site: MakeSite) -> None:
    site = make_site()
    stored = push_blob(site.client, "any/app", os.urandom(8 * MEGABYTE))
    with _slow_download(site, "any/app", stored, PULL) as download:
        os.kill(site.gateway.pid, signal.SIGTERM)
        time.sleep(0.5)
        assert site.gateway.poll() is None
        body = b"".join(iter(lambda: download.recv(MEGABYTE), b"")).partition(b"\r\n\r\n")[2]
    assert digest(body) == stored
    assert site.gateway.wait(5) == 0  # G16: no idle connection of its own keeps it


def test_old_processes_that_still_send_a_download_are_bounded(make_site: MakeSite) -> None:
    """G15: each of them holds memory; `mworker-max-reloads` ends the oldest."""
    site = make_site()
    stored = push_blob(site.client, "any/app", os.urandom(20 * MEGABYTE))
    (master,) = Path(f"/proc/{site.gateway.pid}/task/{site.gateway.pid}/children").read_text().split()[:1]
    workers = Path(f"/proc/{master}/task/{master}/children")
    with contextlib.ExitStack() as stack:
        for number in range(7):
            stack.enter_context(_slow_download(site, "any/app", stored, PULL))
            reload_and_wait(site, number)
        wait_for(lambda: len(workers.read_text().split()) <= 5, "the end of the oldest processes")
        assert site.request("GET", "/v2/", PULL).status == 200


def test_when_it_is_told_to_end_a_further_request_on_a_kept_connection_is_left_to_be_sent_again(
    make_site: MakeSite,
) -> None:
    """RFC 9112, section 9.3.1: a client may repeat what was not answered on a connection that was closed."""
    site = make_site()
    stored = push_blob(site.client, "any/app", os.urandom(8 * MEGABYTE))
    with _slow_download(site, "any/app", stored, PULL, keep=True) as download:
        os.kill(site.gateway.pid, signal.SIGTERM)
        time.sleep(0.5)
        response = http.client.HTTPResponse(download)
        response.begin()
        assert digest(response.read()) == stored
        download.sendall(request_line("/v2/", PULL))
        assert download.recv(1000) == b""


def test_a_gateway_that_is_told_to_end_while_it_starts_does_so(make_site: MakeSite, tmp_path: Path) -> None:
    """It is the first process of its container, to which a signal means nothing that it does not expect."""
    site = make_site()
    site.stop()
    arguments = [site.config.folder / "gateway.sh", site.config.folder, site.auth.folder, "", tmp_path]
    command = ["unshare", "--pid", "--fork", "--kill-child", "sh", *map(str, arguments)]
    with subprocess.Popen(command) as unshare:
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        (first,) = wait_for(lambda: children.read_text().split(), "the first process")
        wait_for((tmp_path / "next").exists, "the check")
        os.kill(int(first), signal.SIGTERM)
        try:
            assert unshare.wait(10) == 128 + signal.SIGTERM
        finally:
            unshare.kill()


@contextlib.contextmanager
def _slow_download(site: Site, repository: str, blob: str, user: User, keep: bool = False) -> Iterator[socket.socket]:
    """A download that has begun and waits for its reader, larger than all buffers on the way."""
    request = request_line(f"/v2/{repository}/blobs/{blob}", user)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", site.addresses.clients))
        connection.sendall(request.replace(b"Connection: close\r\n", b"") if keep else request)
        assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
        yield connection


def _configuration(site: Site) -> tuple[str, str]:
    """What the header of /v2/ and the metric say of the configuration."""
    header = site.request("GET", "/v2/", ADMIN).headers["Privreg-Configuration"]
    metric = r'^haproxy_server_status\{proxy="configuration",server="current",state="(\w+)"\} 1$'
    (state,) = re.findall(metric, site.metrics.request("GET", "/metrics").body.decode(), re.MULTILINE)
    return header, state


def _pid(info: str) -> str:
    return info.partition("\nPid: ")[2].partition("\n")[0]
