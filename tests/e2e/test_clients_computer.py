"""The computer that the clients run on leaves nothing behind, also when a test on it fails."""

import subprocess
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.e2e.forky_client import CONTAINERD, unpacked
from tests.e2e.machine_client import NODE_SIDE, machine


class FailingTest(Exception):
    """What goes wrong in a test."""


def test_what_was_started_on_the_computer_ends_with_a_failing_test(cluster: Cluster, tmp_path: Path) -> None:
    with (
        pytest.raises(FailingTest),
        machine(cluster, unpacked(), tmp_path) as computer,
        computer.service(*CONTAINERD, socket="/run/containerd.sock"),
    ):
        sleeper = subprocess.Popen(computer.command("busybox", "sleep", "1000"), env={"PATH": "/usr/bin"})
        assert NODE_SIDE in cluster.run(["ip", "address"]).stdout
        raise FailingTest
    assert sleeper.wait(10) != 0
    assert not Path(f"/proc/{computer.pid}").exists()
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert NODE_SIDE not in cluster.run(["ip", "address"]).stdout
    left = subprocess.run(["pgrep", "--full", str(tmp_path)], capture_output=True, text=True, check=False)
    assert left.stdout == ""


def test_the_machine_sees_no_mount_of_the_computer(cluster: Cluster, tmp_path: Path) -> None:
    with machine(cluster, unpacked(), tmp_path) as computer:
        assert "overlay" in computer.person("owner").does("busybox", "mount")
        assert str(tmp_path) not in Path("/proc/mounts").read_text()
