"""https at the gateway itself."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.pki import Authority
from tests.gateway.client import request_line
from tests.gateway.logs import wait_for
from tests.gateway.mounts import Files
from tests.gateway.oci import digest
from tests.gateway.site import Site
from tests.gateway.users import ADMIN, PULL, PUSH, TEAM_PULL, User, basic

HOST = "registry.example.com"
TLS = {"gateway": {"tls": {"secretName": "registry-tls"}}, "ingress": {"enabled": False}}


@dataclass(frozen=True)
class Tls:
    """A site that serves https.

    Attributes:
        site: the site.
        authority: who signs its certificates.
    """

    site: Site
    authority: Authority

    def curl(self, *arguments: str, user: User | None = None, path: str = "/v2/") -> subprocess.CompletedProcess[str]:
        """What curl makes of the site; the password is not in its arguments."""
        config = f'user = "{user.name}:{user.secret}"\n' if user else ""
        port = self.site.addresses.clients
        return subprocess.run(
            [
                "curl", "--silent", "--show-error", "--include", "--max-time", "20", "--config", "-", "--path-as-is",
                "--cacert", self.authority.folder / "ca.crt", "--resolve", f"{HOST}:{port}:127.0.0.1",
                *arguments, f"https://{HOST}:{port}{path}",
            ],
            input=config, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def status(self, *arguments: str, user: User | None = None, path: str = "/v2/") -> int:
        """The status that curl gets; it offers HTTP/2 as well."""
        ended = self.curl("--http2", *arguments, user=user, path=path)
        assert ended.stdout.startswith("HTTP/1.1 "), ended.stdout + ended.stderr
        return int(ended.stdout.split()[1])

    def serial(self) -> str:
        """The serial number of the certificate that is served."""
        address = ("127.0.0.1", self.site.addresses.clients)
        certificate = ssl.get_server_certificate(address, ca_certs=str(self.authority.folder / "ca.crt"))
        folder = self.authority.folder / "served.pem"
        folder.write_text(certificate)
        shown = subprocess.run(
            ["openssl", "x509", "-in", folder, "-noout", "-serial"], capture_output=True, text=True, check=True
        )
        return shown.stdout


def issued(authority: Authority, name: str) -> Files:
    """A new certificate as the Secret of cert-manager has it."""
    authority.issue(name, HOST, sans=(HOST, "127.0.0.1"))
    return {f"tls.{end}": (authority.folder / f"{name}.{end}").read_text() for end in ("crt", "key")}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    authority = Authority.create(tmp_path_factory.mktemp("authority"))
    site = Site(tmp_path_factory.mktemp("tls"), TLS, certificate=issued(authority, "first"))
    yield Tls(site, authority)
    site.stop()


def test_http_1_1_is_served_and_older_tls_than_1_2_is_not(tls: Tls) -> None:
    """No HTTP/2: one of its connections may hold as much memory as a hundred streams."""
    assert tls.curl("--http2", user=PULL).stdout.startswith("HTTP/1.1 200 ")
    assert tls.curl("--tlsv1.2", "--tls-max", "1.2", user=PULL).stdout.startswith("HTTP/1.1 200 ")
    assert tls.curl("--tlsv1.3", user=PULL).stdout.startswith("HTTP/1.1 200 ")
    for version in ("1.0", "1.1"):
        refused = tls.curl("--tlsv1.0", "--tls-max", version, "--ciphers", "DEFAULT:@SECLEVEL=0", user=PULL)
        assert (refused.stdout, "alert protocol version" in refused.stderr) == ("", True), refused.stderr


def test_the_same_roles_hold_over_tls(tls: Tls) -> None:
    assert tls.status() == 401
    assert tls.status(user=PULL, path="/v2/_catalog") == 403
    assert tls.status(user=ADMIN, path="/v2/_catalog") == 200
    assert tls.status("-X", "POST", user=PULL, path="/v2/any/app/blobs/uploads/") == 403
    assert tls.status("-X", "POST", user=PUSH, path="/v2/any/app/blobs/uploads/") == 202
    assert tls.status("-X", "PROPFIND", user=ADMIN) == 405
    assert tls.status(user=TEAM_PULL, path="/v2/secret/app/tags/list") == 403
    for path in ("/v2/team-a/../secret/app/tags/list", "/v2//app/tags/list", "/v2/team-a/%2e%2e/app/tags/list"):
        assert tls.status(user=TEAM_PULL, path=path) == 400
        assert "200" not in tls.curl("--request-target", f"https://{HOST}{path}", user=TEAM_PULL).stdout


def test_an_upload_over_tls_arrives_whole(tls: Tls, tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.write_bytes(b"0123456789" * 400_000)
    started = tls.curl("--http2", "-X", "POST", user=PUSH, path="/v2/any/app/blobs/uploads/").stdout
    (location,) = re.findall(r"(?m)^location: (\S+)", started)
    headers = ("-H", "Content-Type: application/octet-stream", "-H", "Expect:")
    path = f"{location}&digest={digest(content.read_bytes())}"
    assert tls.status("-X", "PUT", *headers, "--data-binary", f"@{content}", user=PUSH, path=path) == 201


def test_who_one_is_comes_from_the_one_authorization_header(tls: Tls) -> None:
    """HAProxy knows a header of its own for proxies."""
    forged = f"Proxy-Authorization: {basic(ADMIN.name, 'x')}"
    assert tls.status("-H", forged, user=PULL, path="/v2/_catalog") == 403
    assert tls.status("-H", f"Authorization: {ADMIN.authorization}", user=None, path="/v2/_catalog") == 200
    two = ("-H", f"Authorization: {PULL.authorization}", "-H", f"authorization: {ADMIN.authorization}")
    assert tls.status(*two, path="/v2/_catalog") == 400


def test_a_renewed_certificate_is_served_without_a_restart(tls: Tls) -> None:
    first, gateway = tls.serial(), tls.site.gateway.pid
    assert tls.site.tls
    tls.site.tls.write(issued(tls.authority, "second"))
    wait_for(lambda: tls.serial() != first, "the second certificate")
    assert tls.curl(user=PULL).stdout.startswith("HTTP/1.1 200 ")
    assert (tls.site.gateway.pid, tls.site.gateway.poll()) == (gateway, None)


def test_a_bad_certificate_is_refused_and_the_old_one_is_served(tls: Tls) -> None:
    assert tls.site.tls
    good, serial = tls.site.tls.files, tls.serial()
    for bad in ({"tls.crt": ""}, {"tls.key": issued(tls.authority, "other")["tls.key"]}):
        since = tls.site.gateway_log.mark()
        tls.site.tls.write(good | bad)
        assert "PRIVATE" not in tls.site.gateway_log.wait_until_said(since, "REFUSED")
        assert tls.serial() == serial
    tls.site.tls.write(issued(tls.authority, "third"))
    wait_for(lambda: tls.serial() != serial, "the third certificate")


def test_plain_http_is_not_answered_where_https_is_served(tls: Tls) -> None:
    assert b"200" not in tls.site.client.raw(request_line("/v2/", ADMIN))
