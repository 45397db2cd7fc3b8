"""check_login.py, the program of `helm test`, with registries that are well, ill or something else."""

import base64
import json
import ssl
from pathlib import Path

import pytest

import check_login
from tests.cluster import pki
from tests.unit.scripted_server import Scripted, ScriptedServer, serving

CHALLENGE = Scripted(401, '{"errors": []}', {"WWW-Authenticate": 'Basic realm="privreg"'})
WELCOME = Scripted(200, "{}")
AUTH = base64.b64encode(b"pull:pass:word").decode()


def run(server: ScriptedServer, *options: str, path: str = "") -> int:
    return check_login.main(
        [f"--url=http://127.0.0.1:{server.port}{path}", "--host=registry.example.com", "--patience=3", *options]
    )


def run_tls(server: ScriptedServer, certificate: Path, host: str = "registry.example.com") -> int:
    url = f"--url=https://127.0.0.1:{server.port}"
    return check_login.main([url, f"--host={host}", f"--certificate={certificate}", "--patience=0.5"])


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    path = tmp_path / ".dockerconfigjson"
    path.write_text(json.dumps({"auths": {"registry.example.com": {"auth": AUTH}}}))
    return path


def test_a_registry_that_asks_for_a_login_and_accepts_it_is_well(
    credential: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(CHALLENGE, WELCOME) as server:
        assert run(server, f"--credential={credential}") == 0
        assert [request.path for request in server.requests] == ["/v2/", "/v2/"]
        assert "Authorization" not in server.requests[0].headers
        assert server.requests[1].headers["Authorization"] == f"Basic {AUTH}"
    out = capsys.readouterr().out
    assert 'without credentials: 401, WWW-Authenticate: Basic realm="privreg"' in out
    assert "as pull: 200" in out
    assert "word" not in out
    assert AUTH not in out


@pytest.mark.parametrize("path", ["/", "/registry", "/registry/"])
def test_a_path_in_the_url_comes_before_v2(path: str) -> None:
    with serving(CHALLENGE) as server:
        assert run(server, path=path) == 0
        assert [request.path for request in server.requests] == [path.rstrip("/") + "/v2/"]


def test_user_name_and_password_may_stand_apart(credential: Path) -> None:
    login = {"username": "pull", "password": "pass:word"}
    credential.write_text(json.dumps({"auths": {"registry.example.com": login}}))
    with serving(CHALLENGE, WELCOME) as server:
        assert run(server, f"--credential={credential}") == 0
        assert server.requests[1].headers["Authorization"] == f"Basic {AUTH}"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (WELCOME, "expected 401, got 200"),
        (Scripted(302, "", {"Location": "/login"}), "expected 401, got 302"),
        (Scripted(404, "page not found"), "expected 401, got 404"),
        (Scripted(500), "expected 401, got 500"),
        (Scripted(401), "expected a Basic challenge, got 401"),
        (Scripted(401, "", {"WWW-Authenticate": "Bearer realm=x"}), "expected a Basic challenge, got 401"),
    ],
)
def test_a_registry_that_asks_for_no_login_fails_loudly(
    answer: Scripted, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(answer, CHALLENGE) as server:
        assert run(server) == 1
        assert len(server.requests) == 1
    assert f"FAILED: without credentials: {message}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer",
    [CHALLENGE, Scripted(200, "<html>"), Scripted(200, "[]"), Scripted(301, "{}", {"Location": "/v2/"}), Scripted(403)],
)
def test_a_registry_that_does_not_let_the_user_in_fails_loudly(
    answer: Scripted, credential: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(CHALLENGE, answer) as server:
        assert run(server, f"--credential={credential}") == 1
    err = capsys.readouterr().err
    assert f"FAILED: as pull: expected 200 and {{}}, got {answer.status}" in err
    assert "word" not in err


@pytest.mark.parametrize("trouble", [Scripted(0), Scripted(502), Scripted(503)], ids=str)
def test_a_registry_that_is_coming_up_is_waited_for(trouble: Scripted) -> None:
    with serving(trouble, CHALLENGE) as server:
        assert run(server) == 0
        assert len(server.requests) == 2


def test_the_wait_ends_and_tells_the_last_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Scripted(503, "no ready Pod")) as server:
        assert run(server, "--patience=0.5") == 1
    with serving(CHALLENGE) as closed:
        pass
    assert run(closed, "--patience=0.5") == 1
    err = capsys.readouterr().err
    assert "no answer from the registry within 0 s; the last try: 503, body b'no ready Pod'" in err
    assert "Connection refused" in err


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "{}",
        '{"auths": {}}',
        '{"auths": {"a": {}}}',
        '{"auths": {"a": {"auth": "*"}}}',
        '{"auths": {"registry.example.com": {}}, "credsStore": "desktop"}',
        '{"auths": {"registry.example.com": {"auth": "*"}}}',
        '{"auths": {"a": {"auth": "cA=="}, "b": {"auth": "cA=="}}}',
    ],
)
def test_a_credential_file_without_a_login_for_the_host_is_named(
    text: str, credential: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    credential.write_text(text)
    with serving(CHALLENGE, WELCOME) as server:
        assert run(server, f"--credential={credential}") == 1
        assert len(server.requests) == 1  # a login for another host is not sent to this one
    err = capsys.readouterr().err
    assert "not a .dockerconfigjson" in err or "has no login for registry.example.com" in err


def test_of_logins_for_several_hosts_the_registrys_own_is_used(credential: Path) -> None:
    """Case 12."""
    other = {"auth": base64.b64encode(b"bot:secret").decode()}
    credential.write_text(json.dumps({"auths": {"docker.io": other, "https://*.example.com/v2/": {"auth": AUTH}}}))
    with serving(CHALLENGE, WELCOME) as server:
        assert run(server, f"--credential={credential}") == 0
        assert server.requests[1].headers["Authorization"] == f"Basic {AUTH}"


def test_a_missing_credential_file_names_the_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(CHALLENGE) as server:
        assert run(server, f"--credential={tmp_path / 'missing'}") == 1
    assert "the Secret must have the key .dockerconfigjson" in capsys.readouterr().err


@pytest.mark.parametrize(("configuration", "code"), [("current", 0), ("refused", 1)])
def test_a_gateway_that_refused_a_changed_configuration_fails_loudly(
    configuration: str, code: int, credential: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(CHALLENGE, Scripted(200, "{}", {"Privreg-Configuration": configuration})) as server:
        assert run(server, f"--credential={credential}") == code
    assert ("keeps the old one; its log says why" in capsys.readouterr().err) == bool(code)


def test_a_token_server_is_what_token_mode_asks_for() -> None:
    with serving(Scripted(401, "", {"WWW-Authenticate": "Bearer realm=x"})) as server:
        assert run(server, "--challenge=Bearer") == 0


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pki.Authority:
    """A private CA, before a Python that verifies as 3.13 does, whatever this one is."""
    create = ssl.create_default_context

    def create_strict(*, cafile: Path) -> ssl.SSLContext:
        context = create(cafile=cafile)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", create_strict)
    return pki.Authority.create(tmp_path)


@pytest.mark.parametrize("plain", [False, True])
def test_a_certificate_need_not_say_which_key_signed_it(plain: bool, authority: pki.Authority) -> None:
    folder = authority.folder
    authority.issue("server", "server", sans=("registry.example.com",), plain=plain)
    chain = folder / "tls.crt"
    chain.write_bytes((folder / "server.crt").read_bytes() + (folder / "ca.crt").read_bytes())
    with serving(CHALLENGE, certificates=folder) as server:
        assert run_tls(server, chain) == 0


@pytest.mark.parametrize(
    ("host", "certificate", "trouble"),
    [
        ("registry.example.org", "server.crt", "Hostname mismatch"),
        ("registry.example.com", "another.crt", "unable to get local issuer certificate"),
    ],
)
def test_another_certificate_or_name_fails_loudly(
    host: str, certificate: str, trouble: str, authority: pki.Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("server", "another"):
        authority.issue(name, "server", sans=("registry.example.com",), plain=True)
    with serving(CHALLENGE, certificates=authority.folder) as server:
        assert run_tls(server, authority.folder / certificate, host) == 1
        assert server.requests == []
    assert trouble in capsys.readouterr().err
