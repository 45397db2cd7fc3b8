"""--quiet and --verbose."""

import os
import re
from pathlib import Path

import pytest

from tests.cluster.paths import BIN
from tests.control_plane import ControlPlane
from tests.reference import sections
from tests.unit.conftest import Cli
from tests.unit.test_release_commands import OVERLAY, secrets_of

GEN = ("gen", "--host=registry.example.com", "--ingress-class=nginx", "--no-cluster")


def test_every_command_has_both() -> None:
    for section in sections():
        options = {name for it in section.command.params for name in it.opts}
        assert {"--quiet", "-q", "--verbose", "-v"} <= options, section.name


def test_quiet_says_no_note_and_no_warning_and_changes_no_result(cli: Cli, folder: Path) -> None:
    usual = cli(*GEN)
    assert "note: " in usual.err
    for name in ("values.yaml", "credentials.yaml"):
        (folder / name).unlink()
    quiet = cli(*GEN, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, usual.out, "")


def test_quiet_does_not_hide_an_error(cli: Cli) -> None:
    ended = cli("render", "missing.yaml", "-q")
    assert ended.code == 1
    assert ended.err.startswith("error: missing.yaml: ")


def test_quiet_does_not_hide_what_a_question_is_about(cli: Cli) -> None:
    ended = cli("uninstall", "-q")
    assert (ended.code, ended.out) == (2, "")
    assert "--yes" in ended.err


def test_one_run_does_not_change_the_next(cli: Cli) -> None:
    assert cli(*GEN, "-q").code == 0
    assert "read: values.yaml" not in cli("users", "list").err
    assert "read: values.yaml" in cli("users", "list", "-v").err
    assert cli("users", "list").err == ""


def test_quiet_and_verbose_together_are_refused(cli: Cli) -> None:
    ended = cli(*GEN, "-q", "-v")
    assert (ended.code, ended.out) == (2, "")
    assert "--quiet and --verbose" in ended.err


def test_verbose_says_which_files_are_read_and_written(cli: Cli) -> None:
    usual = cli(*GEN, "--verbose")
    assert re.search(r"^written: credentials.yaml\nwritten: values.yaml$", usual.err, re.MULTILINE)
    rotated = cli("users", "rotate", "ci", "-v").err.splitlines()
    assert {"read: values.yaml", "read: credentials.yaml", "written: values.yaml"} <= set(rotated)
    assert cli("validate", "-", "-v", stdin="a: 1\n").err == "read: standard input\n"


def test_verbose_shows_the_commands_and_no_secret(
    cli: Cli, folder: Path, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRIVREG_KUBECTL", "kubectl")
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(folder / "kubeconfig")))
    monkeypatch.setenv("PRIVREG_NAMESPACE", "volume")
    monkeypatch.setenv("PRIVREG_CONTEXT", "it")
    said = cli(*GEN, "-v").err
    (folder / "overlay.yaml").write_text(OVERLAY)
    for command in (("apply", "values.yaml", "overlay.yaml", "--no-wait"), ("status",), ("uninstall", "--yes")):
        said += cli(*command, "-v").err
    assert re.search(r"^run: helm upgrade privreg .*--values - --kube-context it$", said, re.MULTILINE)
    assert re.search(r"^run: kubectl --context=it .*get", said, re.MULTILINE)
    assert "run: helm uninstall privreg --namespace volume" in said
    assert not [word for word in secrets_of(folder) if word in said]


def test_quiet_hides_the_progress_of_apply_and_nothing_else(
    cli: Cli, folder: Path, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRIVREG_KUBECTL", "kubectl")
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(folder / "kubeconfig")))
    assert cli(*GEN).code == 0
    (folder / "overlay.yaml").write_text(OVERLAY)
    ended = cli("apply", "values.yaml", "overlay.yaml", "--namespace=quiet", "--no-wait", "-q")
    assert (ended.code, ended.err) == (0, "")
    assert "revision 1 is deployed" in ended.out
    removed = cli("uninstall", "--namespace=quiet", "--yes", "-q")
    assert (removed.code, removed.err) == (0, "")
    assert removed.out
