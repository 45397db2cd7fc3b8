"""The shell script of `privreg-values node-config`, run by sh."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from privreg_values.cli.node_config import Runtime
from tests.cluster import pki
from tests.unit.conftest import Cli

HOST = "--host=registry.example.com"
SHELLCHECK = str(Path(sys.executable).parent / "shellcheck")


@pytest.fixture
def script(cli: Cli, folder: Path) -> Path:
    """The script for containerd, which writes below ./node."""
    pki.Authority.create(folder / "pki")
    (folder / "credentials.yaml").write_text("host: registry.example.com\nusers:\n  cluster: the-password\n")
    return make(cli, folder)


@pytest.fixture(autouse=True)
def config(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """containerd's configuration, which names ./node."""
    path = folder / "config.toml"
    path.write_text(f'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "{folder}/node"\n')
    monkeypatch.setenv("CONTAINERD_CONFIG", str(path))
    programs = folder / "programs"  # without containerd, which would have another version's words
    programs.mkdir()
    for name in ("awk", "cat", "chmod", "cmp", "grep", "head", "mkdir", "mv", "rm", "rmdir", "sed", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    return path


def make(cli: Cli, folder: Path) -> Path:
    options = ("--ca-file=pki/ca.crt", "--mirror=docker.io", "--login=cluster", "--refuse-public")
    ended = cli("node-config", "containerd", HOST, *options, f"--config-path={folder}/node", "--script")
    assert ended.code == 0
    path = folder / "node-config.sh"
    path.write_text(ended.out)
    return path


def run(script: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PATH": str(script.parent / "programs")}
    command = ["sh", str(script), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_files_and_takes_them_back(script: Path, folder: Path) -> None:
    ended = run(script)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(tree(folder / "node")) == [
        "_default/hosts.toml",
        "docker.io/hosts.toml",
        "registry.example.com/ca.crt",
        "registry.example.com/hosts.toml",
    ]
    assert stat.S_IMODE((folder / "node" / "docker.io" / "hosts.toml").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "node" / "_default" / "hosts.toml").stat().st_mode) == 0o644
    assert run(script, "undo").returncode == 0
    assert not (folder / "node").exists() or not any((folder / "node").iterdir())


def test_run_again_it_changes_nothing_and_a_new_ca_replaces_the_old_one(script: Path, cli: Cli, folder: Path) -> None:
    run(script)
    before = tree(folder / "node")
    assert run(script).returncode == 0
    assert tree(folder / "node") == before
    shutil.rmtree(folder / "pki")
    pki.Authority.create(folder / "pki")
    assert run(make(cli, folder)).returncode == 0
    after = tree(folder / "node")
    assert {path for path in after if after[path] != before[path]} == {"registry.example.com/ca.crt"}


def test_a_file_that_can_bear_no_mark_is_ours_by_its_name(folder: Path, cli: Cli) -> None:
    for password in ("the-first", "the-second"):
        (folder / "credentials.yaml").write_text(f"host: registry.example.com\nusers:\n  cluster: {password}\n")
        ended = cli("node-config", "cri-o", HOST, "--login=cluster", "--mirror=docker.io", "--script")
        assert ended.code == 0
        path = folder / "node-config.sh"
        path.write_text(ended.out.replace("/etc/", f"{folder}/etc/"))
        assert run(path).returncode == 0
    assert (folder / "etc" / "crio" / "privreg-auth.json").exists()
    assert run(path, "undo").returncode == 0
    assert tree(folder / "etc") == {}


def test_a_file_of_somebody_else_stops_it_before_anything_is_written(script: Path, folder: Path) -> None:
    theirs = folder / "node" / "docker.io" / "hosts.toml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text('server = "https://mirror.example.com"\n')
    ended = run(script)
    assert ended.returncode == 1
    assert f"{theirs}: is there already and is not ours" in ended.stderr
    assert tree(folder / "node") == {"docker.io/hosts.toml": 'server = "https://mirror.example.com"\n'}
    assert run(script, "undo").returncode == 0
    assert theirs.exists()


def test_what_it_does_and_how_to_undo_it_is_at_its_head(script: Path, folder: Path) -> None:
    head = script.read_text().partition("\nset -eu")[0]
    for path in ("_default/hosts.toml", "docker.io/hosts.toml", "registry.example.com/ca.crt"):
        assert f"# {folder}/node/{path}\n#   " in head
    assert "# Undo: sh node-config.sh undo" in head
    assert run(script, "nonsense").returncode == 2


@pytest.mark.parametrize("runtime", list(Runtime))
def test_it_is_plain_sh_for_every_runtime(runtime: str, script: Path, cli: Cli) -> None:
    refuse = () if runtime == "docker" else ("--refuse-public",)
    ended = cli("node-config", runtime, HOST, "--ca-file=pki/ca.crt", "--mirror=docker.io", *refuse, "--script")
    script.write_text(ended.out)
    checked = subprocess.run([SHELLCHECK, "--shell=sh", str(script)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    paths = re.findall(r'^  "\$1" (\S+) 0', ended.out, re.MULTILINE)
    assert paths
    for path in paths:
        assert path.startswith("/etc/")


# What containerd 1.7 and 2.1 say to `containerd config default`, the tables that matter.
DEFAULTS = {
    1: """\
version = 2
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "registry.k8s.io/pause:3.8"
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = ""
      [plugins."io.containerd.grpc.v1.cri".registry.auths]
""",
    2: """\
version = 3
[plugins]
  [plugins.'io.containerd.cri.v1.images']
    snapshotter = 'overlayfs'
    [plugins.'io.containerd.cri.v1.images'.registry]
      config_path = ''
    [plugins.'io.containerd.cri.v1.images'.image_decryption]
      key_model = 'node'
""",
}
TABLES = {
    0: 'version = 2\n  [plugins."io.containerd.grpc.v1.cri".registry]',
    1: '[plugins."io.containerd.grpc.v1.cri".registry]',
    2: '[plugins."io.containerd.cri.v1.images".registry]',
}


@pytest.mark.parametrize("version", [1, 2])
def test_a_containerd_that_does_not_read_the_folder_is_told_what_to_set(
    script: Path, folder: Path, config: Path, version: int
) -> None:
    config.write_text(DEFAULTS[version])
    ended = run(script)
    assert ended.returncode == 1
    assert "the next pull reads them" not in ended.stdout
    assert f"{config}: containerd does not read {folder}/node." in ended.stderr
    assert f'{TABLES[version]}\n    config_path = "{folder}/node"' in ended.stderr
    assert "systemctl restart containerd" in ended.stderr

    quote = "'" if version == 2 else '"'
    config.write_text(config.read_text().replace(2 * quote, f"{quote}/etc/other:{folder}/node{quote}"))
    ended = run(script)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "the next pull reads them" in ended.stdout


def test_another_folder_of_containerds_is_named(script: Path, config: Path) -> None:
    config.write_text(DEFAULTS[2].replace("path = ''", "path = '/etc/other'  # ours"))
    ended = run(script)
    assert ended.returncode == 1
    assert f"{config}: config_path is /etc/other: containerd does not read" in ended.stderr


def test_a_node_without_a_configuration_is_told_its_version_too(script: Path, config: Path) -> None:
    config.unlink()
    ended = run(script)
    assert ended.returncode == 1
    assert TABLES[0] in ended.stderr


def test_what_containerd_itself_says_counts_before_its_file(script: Path, folder: Path, config: Path) -> None:
    dump = DEFAULTS[2].replace("path = ''", f"path = '{folder}/node'")
    config.write_text('version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n')
    containerd = folder / "programs" / "containerd"
    asked = f"--config {config} config dump"
    containerd.write_text(f"#!/bin/sh\n[ \"$*\" = '{asked}' ] || exit 1\ncat <<'END'\n{dump}END\n")
    containerd.chmod(0o755)
    ended = run(script)
    assert (ended.returncode, ended.stderr) == (0, "")
