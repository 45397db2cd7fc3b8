"""`check` against servers that are no registries, or ill ones: the reason and the remedy of each."""

import datetime
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from privreg_values.errors import RegistryError
from privreg_values.registry import certificates
from privreg_values.registry import client as registry_client
from privreg_values.registry.check import Check, Login
from privreg_values.registry.client import Client, Site
from privreg_values.registry.reach import Step
from tests.cluster import pki
from tests.unit.ill_server import CHALLENGE, Answer, IllServer, Request, Script, serving

HOST = "registry.example.com"
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority and of the registry's certificate."""
    folder = tmp_path_factory.mktemp("pki")
    pki.Authority.create(folder).issue("server", HOST, sans=(HOST,))
    return folder


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "ca.crt"))


@contextmanager
def registry(script: Script, authority: Path) -> Iterator[IllServer]:
    with serving(script, authority / "server.crt", authority / "server.key") as server:
        yield server


def last_step(site: Site) -> Step:
    """The step that failed."""
    *_, last = Check(site, Login("admin", "secret", "the test"), "privreg/check", resolve=False).steps()
    assert not last.ok
    assert last.remedy
    return last


def healthy(request: Request) -> Answer:
    """What a registry answers until something is pushed."""
    if "Authorization" not in request.headers:
        return Answer(401, headers=CHALLENGE)
    if request.method == "POST":
        return Answer(202, headers={"Location": "/upload?x=1"})
    return Answer(201 if request.method == "PUT" else 200)


def but(condition: str, answer: Answer) -> Script:
    """A healthy registry except for one kind of request, such as "PUT /upload"."""
    return lambda request: answer if f"{request.method} {request.path}".startswith(condition) else healthy(request)


FAILURES: dict[str, tuple[Script, str, str, str]] = {
    "no login needed": (lambda _: Answer(200), "challenge", "lets everybody in", "auth is on"),
    "a web site": (lambda _: Answer(404, "<html>"), "challenge", "HTTP 404 Not Found", "the Ingress has this host"),
    "no Pod is ready": (lambda _: Answer(503), "challenge", "HTTP 503", "Pod is ready"),
    "a redirect": (
        lambda _: Answer(308, headers={"Location": "https://elsewhere.example.com/"}),
        "challenge",
        "HTTP 308",
        "redirects to https://elsewhere.example.com/",
    ),
    "a token server": (
        lambda _: Answer(401, headers={"WWW-Authenticate": "Bearer realm=x"}),
        "challenge",
        "sends clients to a token server",
        "a client of your own",
    ),
    "an empty challenge": (lambda _: Answer(401), "challenge", "asks for nothing", "privreg's registry"),
    "a hang-up": (lambda _: Answer(0), "challenge", "GET /v2/: ", "kubectl logs"),
    "a login that is refused": (
        lambda _: Answer(401, headers=CHALLENGE),
        "login",
        "admin is not let in",
        "helm upgrade",
    ),
    "too many attempts": (
        lambda it: Answer(429) if "Authorization" in it.headers else healthy(it),
        "login",
        "HTTP 429 Too Many Requests",
        "wait a minute",
    ),
    "a size limit": (but("PUT /upload", Answer(413)), "push", "HTTP 413", "ingress.preset"),
    "an ingress that gives up": (but("PUT /upload", Answer(504)), "push", "HTTP 504", "gave up before"),
    "no right to push": (
        but("POST", Answer(403, '{"errors":[{"code":"DENIED","message":"no"}]}')),
        "push",
        "HTTP 403 DENIED: no",
        "name another one with --user",
    ),
    "a registry that is read-only": (but("POST", Answer(405)), "push", "HTTP 405", "read-only"),
    "a full volume": (
        but("PUT /upload", Answer(500, '{"errors":[{"code":"UNKNOWN","message":"unknown error"}]}')),
        "push",
        "UNKNOWN: unknown error",
        "volume is writable and not full",
    ),
    "uploads in the clear": (
        but("POST", Answer(202, headers={"Location": f"http://{HOST}/upload"})),
        "push",
        "sends clients to http://",
        "X-Forwarded-Proto: https",
    ),
    "uploads elsewhere": (
        but("POST", Answer(202, headers={"Location": "https://evil.example.com/upload"})),
        "push",
        "sends clients to evil.example.com",
        "Host header",
    ),
    "uploads nowhere": (but("POST", Answer(202)), "push", "names no location", "proxy"),
    "a manifest that is refused": (but("PUT /v2/", Answer(400)), "push", "HTTP 400", "proxy"),
    "another image than was pushed": (healthy, "pull", "is something else", "proxy"),
    "an image that is gone": (but("GET /v2/privreg", Answer(404)), "pull", "HTTP 404", "kubectl logs"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_has_its_reason_and_its_remedy(name: str, authority: Path) -> None:
    script, step, reason, remedy = FAILURES[name]
    with registry(script, authority) as server:
        last = last_step(server.site(trusting(authority)))
    assert last.name == step
    assert reason in last.detail
    assert remedy in last.remedy


def test_a_deletion_that_is_refused_for_another_reason_fails(authority: Path) -> None:
    stored: dict[str, bytes] = {}

    def script(request: Request) -> Answer:
        if request.method == "DELETE":
            return Answer(403, '{"errors":[{"code":"DENIED"}]}')
        return healthy(request)

    with registry(script, authority) as server, pytest.raises(RegistryError, match="HTTP 403 DENIED"):
        Client(server.site(trusting(authority)), ("a", "b")).delete_manifest("r", "sha256:" + "0" * 64)
    assert stored == {}


def test_the_password_goes_nowhere_but_to_the_host(authority: Path) -> None:
    with registry(but("POST", Answer(202, headers={"Location": "https://evil.example.com/"})), authority) as server:
        last_step(server.site(trusting(authority)))
        assert {request.headers["Host"] for request in server.requests} == {HOST}
        assert not [request for request in server.requests if request.method == "PUT"]


def test_an_answer_cannot_play_tricks_on_the_terminal(authority: Path) -> None:
    evil = '{"errors":[{"code":"X","message":"\\u001b[2Jgone\\nsecond line' + "y" * 500 + '"}]}'
    with registry(but("POST", Answer(400, evil)), authority) as server:
        detail = last_step(server.site(trusting(authority))).detail
    assert "gone second line" in detail
    assert detail.isprintable()
    assert len(detail) < 300


def test_an_endless_answer_is_cut(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_client, "MAX_BODY", 1000)
    with registry(lambda _: Answer(200, "x" * 5000), authority) as server:
        assert len(Client(server.site(trusting(authority))).ping().body) == 1000


# --- Certificates


def self_made(
    folder: Path, name: str, *, start: datetime.datetime, end: datetime.datetime, names: tuple[str, ...]
) -> ssl.SSLContext:
    """Write server.crt and server.key, and give a context that trusts just this certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(it) for it in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ssl.create_default_context(cafile=str(folder / "server.crt"))


@pytest.mark.parametrize(
    ("start", "end", "names", "reason"),
    [
        (NOW - 9 * DAY, NOW - DAY, (HOST,), "the certificate has expired"),
        (NOW + DAY, NOW + 9 * DAY, (HOST,), "is not valid yet"),
        (NOW - DAY, NOW + 9 * DAY, ("other.example.com",), f"for other names than {HOST}"),
    ],
)
def test_a_certificate_that_is_not_good_is_explained(
    start: datetime.datetime, end: datetime.datetime, names: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    context = self_made(tmp_path, "x", start=start, end=end, names=names)
    with registry(healthy, tmp_path) as server:
        last = last_step(server.site(context))
    assert last.name == "tls"
    assert reason in last.detail


@pytest.mark.parametrize("name", ["TRAEFIK DEFAULT CERT", "Kubernetes Ingress Controller Fake Certificate"])
def test_the_own_certificate_of_an_ingress_controller_means_a_missing_secret(name: str, tmp_path: Path) -> None:
    self_made(tmp_path, name, start=NOW - DAY, end=NOW + DAY, names=("x.traefik.default",))
    with registry(healthy, tmp_path) as server:
        last = last_step(server.site(ssl.create_default_context()))
    assert "its own default certificate" in last.detail
    assert "tls.secretName" in last.remedy


def test_a_certificate_that_ends_soon_passes_with_a_warning() -> None:
    certificate = {"notAfter": "Jan  9 00:00:00 2030 GMT", "issuer": ((("organizationName", "Let's Encrypt"),),)}
    end = ssl.cert_time_to_seconds("Jan  9 00:00:00 2030 GMT")
    assert certificates.lifetime(certificate, end - 86400 * 1.5).endswith(
        "by Let's Encrypt, good for 1 more day; renew it"
    )
    assert certificates.lifetime(certificate, end - 86400 * 60).endswith("good for 60 more days")


def test_a_server_without_tls_is_named() -> None:
    with serving(healthy, None, None) as server:
        last = last_step(server.site(ssl.create_default_context()))
    assert last.name == "tls"
    assert f"port {server.port} does not speak TLS" in last.detail


def test_a_server_that_hangs_up_in_the_handshake_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()  # the step for TCP
            listener.accept()[0].close()  # the step for TLS

        thread = Thread(target=hang_up)
        thread.start()
        last = last_step(Site(HOST, "127.0.0.1", listener.getsockname()[1], ssl.create_default_context()))
        thread.join()
    assert last.name == "tls"
    assert "ends the TLS handshake" in last.detail or "TLS fails" in last.detail


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_client, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        last = last_step(Site(HOST, "127.0.0.1", listener.getsockname()[1], ssl.create_default_context()))
    assert last.name == "tls"
    assert "does not answer the TLS handshake" in last.detail


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), "does not answer"),
        (OSError(101, "Network is unreachable"), "cannot be reached: Network is unreachable"),
    ],
)
def test_an_address_that_cannot_be_reached_is_explained(
    error: OSError, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    last = last_step(Site(HOST, "203.0.113.1", 443, ssl.create_default_context()))
    assert last.name == "tcp"
    assert reason in last.detail
