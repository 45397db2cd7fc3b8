"""`privreg-values node-config`: the files of each runtime, and the options."""

import json
import re
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values import files
from privreg_values.cli.node_config import Runtime
from tests.cluster import pki
from tests.unit.conftest import Cli

HOST = "--host=registry.example.com"


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    """A CA, and credentials of a user who pulls."""
    pki.Authority.create(folder / "pki")
    (folder / "pki" / "ca.crt").rename(folder / "ca.crt")
    (folder / "credentials.yaml").write_text("host: registry.example.com\nusers:\n  cluster: it's a secret\n")


def written(folder: Path) -> dict[str, str]:
    """The files by their path on the node."""
    return {str(path).removeprefix(str(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


@pytest.mark.parametrize("runtime", list(Runtime))
def test_every_runtime_is_told_to_trust_the_ca(runtime: str, cli: Cli, folder: Path) -> None:
    ended = cli("node-config", runtime, HOST, "--ca-file=ca.crt")
    assert ended.code == 0
    files = written(folder / f"node-config-{runtime}")
    (path,) = (path for path in files if path.endswith("ca.crt"))
    certificate = (folder / "ca.crt").read_text()
    assert files[path].endswith(certificate)
    readme = files.pop("/README.txt")
    for path in files:
        assert path in readme
        assert f"wrote node-config-{runtime}{path}: " in ended.out
        assert stat.S_IMODE((folder / f"node-config-{runtime}{path}").stat().st_mode) == 0o644
    assert "Undo:" in readme
    assert max(map(len, readme.splitlines())) <= 120


def test_containerd_gets_a_folder_for_each_registry(cli: Cli, folder: Path) -> None:
    cli("node-config", "containerd", HOST, "--ca-file=ca.crt", "--mirror=docker.io", "--mirror=quay.io")
    files = {path: toml(text) for path, text in written(folder / "node-config-containerd").items() if "hosts" in path}
    ours = "https://registry.example.com"
    pull = ["pull", "resolve"]
    certs = "/etc/containerd/certs.d"
    assert files == {
        f"{certs}/registry.example.com/hosts.toml": {
            "server": ours,
            "ca": "ca.crt",  # for the server itself, which is asked once more after the hosts
            "host": {ours: {"capabilities": pull, "ca": "ca.crt"}},
        },
        f"{certs}/docker.io/hosts.toml": {
            "server": "https://registry-1.docker.io",
            "host": {ours: {"capabilities": pull, "ca": "../registry.example.com/ca.crt"}},
        },
        f"{certs}/quay.io/hosts.toml": {
            "server": "https://quay.io",
            "host": {ours: {"capabilities": pull, "ca": "../registry.example.com/ca.crt"}},
        },
    }


def test_containerd_refuses_all_that_has_no_folder(cli: Cli, folder: Path) -> None:
    ended = cli("node-config", "containerd", HOST, "--refuse-public", "--allow=registry.k8s.io", "--mirror=docker.io")
    files = written(folder / "node-config-containerd")
    servers = {path.split("/")[-2]: toml(text)["server"] for path, text in files.items() if "hosts" in path}
    refused = "https://127.0.0.1:1/public-registries-are-refused"
    assert servers == {
        "registry.example.com": "https://registry.example.com",
        "docker.io": refused,  # the mirror is asked before, and nobody after it
        "registry.k8s.io": "https://registry.k8s.io",
        "_default": refused,
    }
    assert "config_path" in ended.err
    assert "sandbox image" in ended.err


@pytest.mark.parametrize("runtime", ["k3s", "rke2"])
def test_k3s_and_rke2_get_one_registries_yaml(runtime: str, cli: Cli, folder: Path) -> None:
    options = ("--ca-file=ca.crt", "--mirror=docker.io", "--login=cluster", "--refuse-public", "--allow=quay.io")
    cli("node-config", runtime, HOST, *options)
    files = written(folder / f"node-config-{runtime}")
    assert YAML(typ="safe").load(files[f"/etc/rancher/{runtime}/registries.yaml"]) == {
        "mirrors": {
            "docker.io": {"endpoint": ["https://registry.example.com"]},
            "registry.example.com": {"endpoint": ["https://registry.example.com"]},
            "quay.io": {"endpoint": ["https://quay.io"]},
            "*": {"endpoint": ["https://127.0.0.1:1/public-registries-are-refused"]},
        },
        "configs": {
            "registry.example.com": {
                "auth": {"username": "cluster", "password": "it's a secret"},
                "tls": {"ca_file": f"/etc/rancher/{runtime}/privreg-ca.crt"},
            }
        },
    }
    config = YAML(typ="safe").load(files[f"/etc/rancher/{runtime}/config.yaml.d/50-privreg.yaml"])
    assert config == {"disable-default-registry-endpoint": True}
    assert f"systemctl restart {runtime}" in files["/README.txt"]


def test_k3s_without_mirrors_only_trusts(cli: Cli, folder: Path) -> None:
    cli("node-config", "k3s", HOST, "--ca-file=ca.crt")
    (text,) = (text for path, text in written(folder).items() if path.endswith("registries.yaml"))
    assert list(YAML(typ="safe").load(text)) == ["configs"]


@pytest.mark.parametrize(
    ("runtime", "policy"), [("cri-o", "/etc/crio/privreg-policy.json"), ("podman", "/etc/containers/policy.json")]
)
def test_cri_o_and_podman_take_the_mirror_in_the_place_of_what_is_refused(
    runtime: str, policy: str, cli: Cli, folder: Path
) -> None:
    cli("node-config", runtime, HOST, "--mirror=docker.io", "--refuse-public", "--allow=quay.io")
    files = written(folder / f"node-config-{runtime}")
    registries = toml(files["/etc/containers/registries.conf.d/50-privreg.conf"])["registry"]
    assert registries == [{"prefix": "docker.io", "location": "registry.example.com"}]
    accept = [{"type": "insecureAcceptAnything"}]
    assert json.loads(files[policy]) == {
        "default": accept,
        "transports": {
            "docker": {"": [{"type": "reject"}], "registry.example.com": accept, "docker.io": accept, "quay.io": accept}
        },
    }


def test_cri_o_keeps_its_policy_and_its_login_in_files_of_their_own(cli: Cli, folder: Path) -> None:
    cli("node-config", "cri-o", HOST, "--mirror=docker.io", "--login=cluster", "--refuse-public")
    files = written(folder / "node-config-cri-o")
    assert toml(files["/etc/crio/crio.conf.d/50-privreg.conf"]) == {
        "crio": {
            "image": {
                "signature_policy": "/etc/crio/privreg-policy.json",
                "global_auth_file": "/etc/crio/privreg-auth.json",
            }
        }
    }
    auth = json.loads(files["/etc/crio/privreg-auth.json"])["auths"]["registry.example.com"]["auth"]
    assert auth == "Y2x1c3RlcjppdCdzIGEgc2VjcmV0"
    assert "/etc/containers/policy.json" not in files


def test_docker_is_told_its_mirror_and_what_becomes_of_a_daemon_json(cli: Cli, folder: Path) -> None:
    ended = cli("node-config", "docker", HOST, "--mirror=docker.io")
    files = written(folder / "node-config-docker")
    assert json.loads(files["/etc/docker/daemon.json"]) == {"registry-mirrors": ["https://registry.example.com"]}
    assert "is not replaced" in ended.err
    assert "without a login" in ended.err


@pytest.mark.parametrize("runtime", ["containerd", "k3s", "rke2", "cri-o"])
def test_a_password_is_only_in_files_that_are_private_and_never_shown(runtime: str, cli: Cli, folder: Path) -> None:
    ended = cli("node-config", runtime, HOST, "--mirror=docker.io", "--login=cluster", "--json")
    secret = re.compile("it'+s a secret|Y2x1c3RlcjppdCdzIGEgc2VjcmV0")
    assert not secret.search(ended.out + ended.err)
    holding = [path for path, text in written(folder / f"node-config-{runtime}").items() if secret.search(text)]
    assert len(holding) == 1
    assert stat.S_IMODE((folder / f"node-config-{runtime}{holding[0]}").stat().st_mode) == 0o600
    modes = {it["path"]: it["mode"] for it in json.loads(ended.out)["files"]}
    assert [path for path, mode in modes.items() if mode == "0600"] == holding


def test_who_gets_a_password_in_a_file_or_a_script_is_told_so(cli: Cli, folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    options = ("node-config", "k3s", HOST, "--mirror=docker.io", "--login=cluster")
    assert "the script holds the password of cluster" in cli(*options, "--script").err
    assert ".gitignore is new" in cli(*options).err
    assert (folder / ".gitignore").read_text() == "/node-config-k3s\n"


def test_the_host_comes_from_the_values_file(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("host: hub.example.com\n")
    cli("node-config", "docker", "--ca-file=ca.crt")
    assert (folder / "node-config-docker" / "etc" / "docker" / "certs.d" / "hub.example.com" / "ca.crt").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "there is nothing to write"),
        (("--allow=quay.io", "--mirror=docker.io"), "--allow needs --refuse-public"),
        (("--mirror=https://docker.io",), "is not the name of a registry"),
        (("--mirror=docker",), "is not the name of a registry"),
        (("--mirror=registry.example.com",), "is the registry itself"),
        (("--mirror=quay.io", "--allow=quay.io", "--refuse-public"), "by --mirror and by --allow"),
        (("--login=cluster", "--refuse-public"), "--login is for mirrors"),
        (("--login=zoe", "--mirror=docker.io"), "has no password of theirs"),
        (("--host=other.example.com", "--login=cluster", "--mirror=docker.io"), "credentials.yaml is for registry"),
        (("--config-path=certs.d", "--refuse-public"), "is not a folder"),
        (("--config-path=/etc/$(id)", "--refuse-public"), "is not a folder"),
        (("--refuse-public", "--script", "--json"), "--script writes to standard output"),
        (("--host=https://registry.example.com", "--refuse-public"), "did you mean"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(
    arguments: tuple[str, ...], message: str, cli: Cli, folder: Path
) -> None:
    ended = cli("node-config", "containerd", HOST, *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert not (folder / "node-config-containerd").exists()


@pytest.mark.parametrize(
    ("runtime", "arguments", "message"),
    [
        ("docker", ("--refuse-public",), "close them in the firewall"),
        ("docker", ("--mirror=quay.io",), "mirrors of docker.io only"),
        ("docker", ("--mirror=docker.io", "--login=cluster"), "without a login"),
        ("podman", ("--mirror=docker.io", "--login=cluster"), "podman login registry.example.com"),
        ("k3s", ("--mirror=docker.io", "--config-path=/etc/certs"), "--config-path is containerd's"),
    ],
)
def test_what_a_runtime_cannot_do_is_said(
    runtime: str, arguments: tuple[str, ...], message: str, cli: Cli, folder: Path
) -> None:
    ended = cli("node-config", runtime, HOST, *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert not list(folder.glob("node-config-*"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no certificate", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no certificate"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds a private key"),
    ],
)
def test_a_file_that_is_no_certificate_is_refused(text: str, message: str, cli: Cli, folder: Path) -> None:
    (folder / "bad.crt").write_text(text)
    ended = cli("node-config", "containerd", HOST, "--ca-file=bad.crt")
    assert ended.code == 1
    assert f"bad.crt: {message}" in ended.err


def test_a_certificate_that_is_not_there_is_named(cli: Cli) -> None:
    ended = cli("node-config", "containerd", HOST, "--ca-file=none.crt")
    assert ended.code == 1
    assert "none.crt: cannot be read" in ended.err


def test_a_folder_that_holds_something_is_left_alone(cli: Cli, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "file").touch()
    ended = cli("node-config", "containerd", HOST, "--refuse-public", "--output=mine")
    assert ended.code == 1
    assert "mine: is not empty" in ended.err
    assert [path.name for path in (folder / "mine").iterdir()] == ["file"]


def test_this_machine_itself_is_no_folder_for_them(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "write_all", lambda _: pytest.fail("it writes into this machine"))
    ended = cli("node-config", "containerd", HOST, "--mirror=docker.io", "--output=/")
    assert ended.code == 1
    assert "/: is not empty" in ended.err
