"""auth.mode htpasswd: the registry's own login knows no roles, as the rendered configuration says."""

import base64
import hashlib
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

from privreg_values.users.credentials import hash_password
from tests.chart.rendering import ci
from tests.cluster.paths import BIN, environment
from tests.ports import free_ports
from tests.token_mode.test_token_mode import wait_for

USERS = {"admin": "an admin's password", "ci": "the password to pull with"}
ROLES = {"admin": "admin", "ci": "pull"}  # they do not count in this mode


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The registry with the rendered configuration and users, its paths and address changed for this machine."""
    folder = tmp_path_factory.mktemp("registry")
    users = [{"name": name, "hash": hash_password(word, 4), "role": ROLES[name]} for name, word in USERS.items()]
    rendering = ci("htpasswd", auth={"users": users}, storage={"delete": {"enabled": True}})
    (auth,) = (it for it in rendering.pod_spec["volumes"] if it["name"] == "auth")
    secret = rendering.one("Secret", auth["secret"]["secretName"])
    (folder / "htpasswd").write_bytes(base64.b64decode(secret["data"]["htpasswd"]))
    configuration = rendering.config
    configuration["auth"]["htpasswd"]["path"] = str(folder / "htpasswd")
    address = f"127.0.0.1:{free_ports(1)[0]}"
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


def ask(url: str, user: str, password: str, method: str = "GET", body: bytes | None = None) -> tuple[int, str]:
    """Return the status and the Location."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/octet-stream"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data=body, method=method, headers=headers), timeout=10
        ) as answer:
            return answer.status, answer.headers.get("Location", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


@pytest.mark.parametrize("user", list(USERS))
def test_every_user_pushes_and_deletes_in_every_repository_whatever_its_role(url: str, user: str) -> None:
    content = f"a blob of {user}".encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    password = USERS[user]
    status, location = ask(f"{url}/v2/any/where/blobs/uploads/", user, password, "POST")
    assert status == 202
    assert ask(f"{urllib.parse.urljoin(url, location)}&digest={digest}", user, password, "PUT", content)[0] == 201
    blob = f"{url}/v2/any/where/blobs/{digest}"
    assert ask(blob, user, password)[0] == 200
    assert ask(blob, user, password, "DELETE")[0] == 202
    assert ask(blob, user, password)[0] == 404


def test_who_is_not_known_or_has_a_wrong_password_gets_401_however_often(url: str) -> None:
    """Nothing limits the rate of guesses in this mode."""
    assert {ask(f"{url}/v2/", "admin", f"wrong {number}")[0] for number in range(30)} == {401}
    assert ask(f"{url}/v2/", "nobody", USERS["admin"])[0] == 401
    assert ask(f"{url}/v2/", "admin", USERS["admin"])[0] == 200
