"""`pull-secret`: what the chart would deliver, printed for those who put it there by hand."""

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from privreg_values.cluster.helm import Helm
from privreg_values.pull_secret.docker_config import Credential, login_for, logins, make
from tests.cluster.paths import BIN, ROOT
from tests.control_plane import ControlPlane
from tests.unit.conftest import Cli

HOST = "registry.example.com"
HASH = "$2y$04$" + "a" * 53
PASSWORD = 'p:a"s\\s<w>&örd\u2028\u00a0'


def values(password: str = PASSWORD) -> dict[str, object]:
    return {
        "host": HOST,
        "auth": {"users": [{"name": "cluster", "hash": HASH, "role": "pull"}]},
        "httpSecret": {"value": "s" * 40},
        "pullSecrets": {"credential": {"username": "cluster", "password": password}},
    }


@pytest.fixture
def written(folder: Path) -> Path:
    """values.yaml and credentials.yaml of one registry."""
    (folder / "values.yaml").write_text(json.dumps(values()))
    (folder / "credentials.yaml").write_text(json.dumps({"host": HOST, "users": {"admin": "root's", "ci": "push it"}}))
    return folder


def rendered(config: dict[str, object]) -> str:
    """The dockerconfigjson that helm makes of the values."""
    chart, template = ROOT / "charts" / "privreg", "templates/pull-secrets/secret.yaml"
    (secret,) = Helm(str(BIN / "helm")).template(chart, values=config, show_only=[template])
    return base64.b64decode(secret["data"][".dockerconfigjson"]).decode()


@pytest.mark.parametrize("password", [PASSWORD, "plain", "ein Wort mit Ümlaut", "\U0001f40b", "=" * 60])
def test_it_is_byte_for_byte_what_the_chart_renders(folder: Path, cli: Cli, password: str) -> None:
    (folder / "values.yaml").write_text(json.dumps(values(password), ensure_ascii=False), "utf-8")
    assert cli("pull-secret").out == rendered(values(password)) + "\n"


def test_a_named_user_of_the_credentials_file_pulls_instead(written: Path, cli: Cli) -> None:
    assert written.exists()
    assert cli("pull-secret", "--user", "ci").out == make(HOST, Credential("ci", "push it")) + "\n"


def test_what_is_printed_can_be_read_back() -> None:
    assert logins(make(HOST, Credential("a", PASSWORD))) == {HOST: Credential("a", PASSWORD)}


def test_an_entry_without_a_login_as_docker_login_leaves_it_is_no_fault() -> None:
    text = '{"auths": {"docker.io": {}, "a": {"username": "b", "password": "c"}}, "credsStore": "desktop"}'
    assert logins(text) == {"a": Credential("b", "c")}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"auths": []}', '{"auths": {"a": {"auth": "*"}}}'])
def test_what_is_no_docker_configuration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="auths"):
        logins(text)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (HOST, True),
        (f"https://{HOST}", True),
        (f"https://{HOST}/v2/", True),
        ("*.example.com", True),
        ("registry.*.com", True),
        ("example.com", False),
        ("*.com", False),
        (f"{HOST}:443", False),
        ("registry.example.co", False),
        ("", False),
    ],
)
def test_a_login_is_found_as_the_kubelet_finds_it(written: str, found: bool) -> None:
    assert (login_for(HOST, {written: Credential("a", "b")}) is not None) == found


def test_the_secret_is_one_that_the_api_server_takes(control_plane: ControlPlane, written: Path, cli: Cli) -> None:
    assert written.exists()
    control_plane.create_namespace("by-hand-secret")
    manifest = yaml.safe_load(cli("pull-secret", "-o", "secret", "-n", "by-hand-secret", "--name", "mine").out)
    made = control_plane.must("POST", "/api/v1/namespaces/by-hand-secret/secrets", manifest)
    assert made["metadata"]["name"] == "mine"
    assert base64.b64decode(made["data"][".dockerconfigjson"]).decode() == rendered(values())


def test_a_secret_made_by_hand_is_marked_as_nobody_s_but_the_person_s(written: Path, cli: Cli) -> None:
    assert written.exists()
    assert set(yaml.safe_load(cli("pull-secret", "-o", "secret").out)["metadata"]) == {"name"}


@pytest.mark.parametrize("before", [[], [{"name": "theirs-one"}, {"name": "theirs-two"}]])
def test_the_commands_bring_secret_and_reference_and_keep_the_others(
    control_plane: ControlPlane, written: Path, cli: Cli, before: list[dict[str, str]]
) -> None:
    namespace = f"by-hand-{len(before)}"
    control_plane.create_namespace(namespace, "default")
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    if before:
        control_plane.must("PATCH", account, {"imagePullSecrets": before})
    commands = cli("pull-secret", "--user", "ci", "-o", "commands", "-n", namespace).out
    assert "push it" not in commands
    assert base64.b64encode(b"ci:push it").decode() not in commands

    run_in_shell(commands, written, control_plane)

    assert control_plane.must("GET", account).get("imagePullSecrets") == [*before, {"name": "privreg-by-hand"}]
    secret = control_plane.must("GET", f"/api/v1/namespaces/{namespace}/secrets/privreg-by-hand")
    assert base64.b64decode(secret["data"][".dockerconfigjson"]).decode() == make(HOST, Credential("ci", "push it"))
    assert "last-applied" not in json.dumps(secret["metadata"].get("annotations", {}))


def run_in_shell(commands: str, folder: Path, control_plane: ControlPlane) -> None:
    """Run commands as a person would paste them, with the CLI and kubectl on PATH."""
    programs = folder / "bin"
    programs.mkdir()
    cli = programs / "privreg-values"
    cli.write_text(f'#!/bin/sh\nexec {sys.executable} -m privreg_values "$@"\n')
    cli.chmod(cli.stat().st_mode | stat.S_IXUSR)
    config = control_plane.write_kubeconfig(folder / "kubeconfig")
    path = f"{programs}:{BIN}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "KUBECONFIG": str(config), "PYTHONPATH": str(ROOT / "tools")}
    ended = subprocess.run(
        ["sh", "-e"], input=commands, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"existingSecret": "theirs"}, "not in this file but in the Secret theirs"),
        ({"credential": {}}, "names no pullSecrets.credential; name a user of credentials.yaml with --user"),
    ],
)
def test_a_credential_that_the_file_does_not_hold_is_looked_for_elsewhere(
    folder: Path, cli: Cli, change: dict[str, object], message: str
) -> None:
    (folder / "values.yaml").write_text(json.dumps({**values(), "pullSecrets": change}))
    ended = cli("pull-secret")
    assert ended.code == 2
    assert message in ended.err
    assert not ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--user", "nobody"], "credentials.yaml has no password of nobody"),
        (["--user", "ci", "--host", "elsewhere.example.com"], "its passwords are not sent to elsewhere.example.com"),
        (["--output", "commands"], "name it with --namespace"),
        (["--host", "HTTP://x"], "host"),
    ],
)
def test_wrong_usage_is_said_and_nothing_is_printed(
    written: Path, cli: Cli, arguments: list[str], message: str
) -> None:
    assert written.exists()
    ended = cli("pull-secret", *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert not ended.out


def test_without_files_it_says_how_to_make_them(folder: Path, cli: Cli) -> None:
    assert folder.exists()
    ended = cli("pull-secret")
    assert ended.code == 1
    assert "values.yaml: there is no such file" in ended.err
