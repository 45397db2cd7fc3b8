"""A set-up step that fails names itself, shows the end of its log and says where the rest is."""

import os
from pathlib import Path

import pytest

from tests.cluster import cluster, debian, embedded, golang, kind, programs, provider, setup
from tests.cluster.errors import ClusterError, StepFailed
from tests.cluster.layout import Layout
from tests.cluster.paths import MODULES
from tests.cluster.process import ProcessId
from tests.cluster.programs import PROGRAMS, Program
from tests.cluster.progress import Progress, Step, clock


def test_every_program_is_pinned_to_a_version_and_to_hashes() -> None:
    for program in PROGRAMS:
        assert program.version.startswith("v")
        assert (MODULES / program.name / "go.sum").stat().st_size > 0


def test_a_failed_build_shows_the_end_of_its_log_and_where_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / "broken"
    module.mkdir()
    (module / "go.mod").write_text("module broken\n\ngo 1.26\n\nrequire example.test/broken v1.2.3\n")
    (module / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    monkeypatch.setattr(programs, "MODULES", tmp_path)
    monkeypatch.setattr(golang, "MODULES", tmp_path)
    monkeypatch.setattr(golang, "BIN", tmp_path / "bin")
    monkeypatch.setattr(golang, "LOG", tmp_path / "log")
    broken = Program("broken", "example.test/broken", ("broken",), 1, package=".")

    with pytest.raises(StepFailed) as failure:
        golang.build(broken, Progress([golang.step(broken)]))

    assert str(failure.value).startswith("build broken: go build ended with 1")
    assert str(tmp_path / "log" / "build-broken.log") in str(failure.value)
    assert "failed after" in capsys.readouterr().err
    assert golang.missing((broken,)) == [broken]


def test_a_component_without_an_answer_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "state", 0)
    layout.log("etcd").parent.mkdir()
    layout.log("etcd").write_text("".join(f"line {number}\n" for number in range(100)) + "no room on the disk\n")
    with pytest.raises(StepFailed) as failure:
        embedded._wait_for("etcd", layout, ProcessId.of(os.getpid()), lambda: False, timeout=0.3)
    assert str(failure.value).startswith("start etcd: no answer")
    assert "no room on the disk" in str(failure.value)
    assert "line 1\n" not in str(failure.value)
    assert str(layout.log("etcd")) in str(failure.value)


def test_a_kubeconfig_of_the_users_is_chosen_and_one_of_our_own_is_not_mistaken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CLUSTER", tmp_path / "cluster")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/mine:{tmp_path}/other")
    assert cluster.kubeconfig_of_user() == tmp_path / "mine"
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/cluster/state/admin.kubeconfig")
    assert cluster.kubeconfig_of_user() is None
    monkeypatch.delenv("KUBECONFIG")
    assert cluster.kubeconfig_of_user() is None


def test_a_cluster_of_the_users_is_neither_made_nor_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with pytest.raises(ClusterError, match="no such file"):
        provider.up()
    (tmp_path / "kubeconfig").touch()
    with pytest.raises(ClusterError, match="PRIVREG_TEST_HOSTS"):
        provider.up()
    assert provider.down() is False
    assert (tmp_path / "kubeconfig").exists()


def test_without_root_the_embedded_cluster_says_what_to_do_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(kind, "docker_answers", lambda: False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup, "run", lambda *_: pytest.fail("it began to build"))
    with pytest.raises(ClusterError) as caught:
        provider.up()
    first_line = str(caught.value).splitlines()[0]
    assert all(way in first_line for way in ("as root", "KUBECONFIG", "Docker"))


def test_missing_packages_are_named_where_they_cannot_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ClusterError, match="runc skopeo"):
        debian.install(["runc", "skopeo"], Progress([]))


def test_where_there_is_no_terminal_progress_is_plain_lines_with_an_estimate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = [Step("one", 60), Step("two", 30)]
    progress = Progress(steps)
    for step in steps:
        with progress.step(step):
            pass
    assert capsys.readouterr().err.splitlines() == [
        "[1/2] one: about 1:00; in all about 1:30 to go",
        "[1/2] one: 0:00",
        "[2/2] two: about 0:30; in all about 0:30 to go",
        "[2/2] two: 0:00",
    ]
    assert clock(125) == "2:05"


def test_a_process_is_not_mistaken_for_another_with_the_same_number(tmp_path: Path) -> None:
    own = ProcessId.of(os.getpid())
    assert own.is_alive()
    assert not ProcessId(own.pid, own.started + 1, own.boot).is_alive()
    assert not ProcessId(own.pid, own.started, "another-boot").is_alive()
    own.save(tmp_path / "id.json")
    assert ProcessId.load(tmp_path / "id.json") == own
    (tmp_path / "id.json").write_text("half a f")
    assert ProcessId.load(tmp_path / "id.json") is None
