"""auth.mode token: the registry believes an outside token server, as the rendered configuration says."""

import base64
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from ruamel.yaml import YAML

from tests.cluster import pki
from tests.cluster.paths import BIN, ROOT, environment
from tests.ports import free_ports

VALUES = ROOT / "charts" / "privreg" / "ci" / "token-values.yaml"
REALM, SERVICE, ISSUER = "https://auth.example.com/token", "registry.example.com", "auth.example.com"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer:
    """Signs tokens as the distribution token specification has them (docs/spec/auth/jwt)."""

    def __init__(self, folder: Path) -> None:
        self.authority = pki.Authority.create(folder)

    @property
    def jwks(self) -> str:
        numbers = self.authority.key.public_key().public_numbers()
        x, y = (encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        key = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "test", "use": "sig", "alg": "ES256"}
        return json.dumps({"keys": [key]})

    def token(self, actions: list[str], repository: str = "team/app", **claims: object) -> str:
        now = int(time.time())
        access = [{"type": "repository", "name": repository, "actions": actions}]
        body = {"iss": ISSUER, "aud": SERVICE, "sub": "ci", "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1"}
        header: dict[str, Any] = {"alg": "ES256", "typ": "JWT", "kid": "test"}
        if claims.pop("certificate", False):
            der = self.authority.certificate.public_bytes(Encoding.DER)
            header = {"alg": "ES256", "typ": "JWT", "x5c": [base64.b64encode(der).decode()]}
        content = {**body, "access": access, **claims}
        signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(content).encode())}"
        r, s = decode_dss_signature(self.authority.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encode(r.to_bytes(32) + s.to_bytes(32))}"


def rendered_configuration(keys: str) -> dict[str, Any]:
    command = [
        "helm",
        "template",
        "x",
        str(ROOT / "charts" / "privreg"),
        f"--values={VALUES}",
        f"--set=token.keys={keys}",
    ]
    output = subprocess.run(
        [*command, "--show-only=templates/registry/config-secret.yaml"],
        check=True, capture_output=True, text=True, env=environment(),
    ).stdout  # fmt: skip
    secret = YAML(typ="safe").load(output)
    configuration: dict[str, Any] = YAML(typ="safe").load(base64.b64decode(secret["data"]["config.yml"]))
    return configuration


@contextmanager
def registry(folder: Path, keys: str, content: str) -> Iterator[str]:
    """The registry with the rendered configuration, its paths and address changed for this machine."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    configuration = rendered_configuration(keys)
    option = "jwks" if keys == "jwks" else "rootcertbundle"
    mounted = Path(configuration["auth"]["token"][option])
    (folder / mounted.name).write_text(content)
    configuration["auth"]["token"][option] = str(folder / mounted.name)
    configuration["http"]["addr"] = address
    configuration["storage"]["filesystem"]["rootdirectory"] = str(folder / "data")
    (folder / "config.yml").write_text(json.dumps(configuration))
    with (folder / "log").open("w") as log, subprocess.Popen(
        [str(BIN / "registry"), "serve", str(folder / "config.yml")],
        env=environment(OTEL_TRACES_EXPORTER="none"), stdout=log, stderr=log,
    ) as process:  # fmt: skip
        try:
            wait_for(address, process, folder / "log")
            yield f"http://{address}"
        finally:
            process.terminate()


def wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    host, port = address.split(":")
    for _ in range(100):
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(url: str, token: str = "", method: str = "GET") -> tuple[int, str]:
    """The status and the challenge."""
    request = urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("WWW-Authenticate", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> TokenServer:
    return TokenServer(tmp_path_factory.mktemp("token-server"))


@pytest.fixture(scope="module")
def url(server: TokenServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry"), "jwks", server.jwks) as address:
        yield address


def test_without_a_token_the_client_is_sent_to_the_token_server(url: str) -> None:
    status, challenge = ask(f"{url}/v2/")
    assert status == 401
    assert challenge == f'Bearer realm="{REALM}",service="{SERVICE}"'


def test_a_token_allows_what_it_says_and_no_more(url: str, server: TokenServer) -> None:
    uploads = f"{url}/v2/team/app/blobs/uploads/"
    assert ask(f"{url}/v2/", server.token([]))[0] == 200
    assert ask(uploads, server.token(["pull", "push"]), "POST")[0] == 202
    assert ask(uploads, server.token(["pull"]), "POST")[0] == 401
    assert ask(f"{url}/v2/team/other/tags/list", server.token(["pull"]))[0] == 401
    assert ask(f"{url}/v2/team/app/tags/list", server.token(["pull"]))[0] == 404


@pytest.mark.parametrize(
    "wrong",
    [{"iss": "somebody.else"}, {"aud": "another.registry"}, {"exp": int(time.time()) - 600}],
    ids=["another issuer", "another service", "expired"],
)
def test_a_token_that_is_not_for_this_registry_is_refused(url: str, server: TokenServer, wrong: dict[str, Any]) -> None:
    assert ask(f"{url}/v2/", server.token([], **wrong))[0] == 401


def test_a_token_signed_by_another_key_is_refused(url: str, tmp_path: Path) -> None:
    assert ask(f"{url}/v2/", TokenServer(tmp_path).token([]))[0] == 401


def test_a_certificate_bundle_serves_as_well_as_a_key_set(server: TokenServer, tmp_path: Path) -> None:
    bundle = (server.authority.folder / "ca.crt").read_text()
    (tmp_path / "registry").mkdir()
    with registry(tmp_path / "registry", "certificates", bundle) as address:
        uploads = f"{address}/v2/team/app/blobs/uploads/"
        assert ask(uploads, server.token(["push", "pull"], certificate=True), "POST")[0] == 202
        assert ask(uploads, TokenServer(tmp_path / "other").token(["push"], certificate=True), "POST")[0] == 401
