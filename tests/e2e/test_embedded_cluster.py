"""The embedded cluster survives what happens to it, and leaves the machine as it found it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.paths import ROOT
from tests.cluster.process import ProcessId


@dataclass
class Sandbox:
    """A cluster of its own beside the one that the other tests use."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def init(self) -> ProcessId | None:
        return ProcessId.load(self.state / "init.json")

    def start(self, command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.cluster", command],
            cwd=ROOT,
            env={**os.environ, "PRIVREG_CLUSTER_DIR": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(command)
        output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess([command], process.returncode, output, errors)

    def answers(self) -> bool:
        kubectl = [".cache/bin/kubectl", f"--kubeconfig={self.state / 'admin.kubeconfig'}", "get", "--raw=/readyz"]
        return subprocess.run(kubectl, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.fixture
def sandbox(second_cluster: Path) -> Sandbox:
    """One where nothing is up."""
    it = Sandbox(second_cluster)
    assert it.run("down").returncode == 0
    shutil.rmtree(it.folder)
    it.folder.mkdir()
    return it


@pytest.fixture
def standing(second_cluster: Path) -> Sandbox:
    """One whose cluster is up, from an earlier test or now."""
    it = Sandbox(second_cluster)
    assert it.run("up").returncode == 0
    return it


def wait_for(what: str, holds: Callable[[], bool], timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"no {what} within {timeout:.0f} s"
        time.sleep(0.05)


def traces(link: str) -> dict[str, object]:
    """What a cluster could leave behind: its link, its mounts, its cgroups, its firewall rules."""
    links = json.loads(subprocess.run(["ip", "-json", "link"], capture_output=True, text=True, check=True).stdout)
    rules = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    return {
        "links": [entry["ifname"] for entry in links if entry["ifname"] == link],
        "mounts": [line for line in Path("/proc/self/mounts").read_text().splitlines() if "/run/privreg" in line],
        "cgroups": list(Path("/sys/fs/cgroup").glob(f"**/{link}")),
        "rules": re.sub(r"counter packets \d+ bytes \d+", "", rules),
        "hosts": Path("/etc/hosts").read_text(),
    }


def test_down_leaves_no_process_mount_interface_cgroup_or_firewall_rule(sandbox: Sandbox) -> None:
    before = traces("no such link")
    assert sandbox.run("up").returncode == 0
    init = sandbox.init
    assert init
    assert sandbox.answers()
    link = f"privreg{json.loads((sandbox.state / 'layout.json').read_text())['subnet']}"
    assert traces(link)["links"] == [link]
    inside = Path(f"/proc/{init.pid}/ns/pid").readlink()

    assert sandbox.run("down").returncode == 0

    assert not sandbox.state.exists()
    assert not init.is_alive()
    assert not [path for path in Path("/proc").glob("[0-9]*/ns/pid") if _target(path) == inside]
    wait_for("clean machine", lambda: traces(link) == before, timeout=10)


def _target(path: Path) -> Path | None:
    try:
        return path.readlink()
    except OSError:  # a process that has just ended
        return None


def test_an_up_while_another_works_waits_and_then_finds_its_cluster(sandbox: Sandbox) -> None:
    first = sandbox.start("up")
    wait_for("lock", (sandbox.folder / "lock").exists)
    second = sandbox.run("up")
    first.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0)
    assert sandbox.answers()


def test_a_second_up_finds_the_cluster_running_and_starts_nothing(standing: Sandbox) -> None:
    first = standing.init
    again = standing.run("up")
    assert again.returncode == 0
    assert "running already" in again.stderr
    assert standing.init == first


def test_up_killed_in_the_middle_is_cleared_away_by_the_next_up(sandbox: Sandbox) -> None:
    crashed = sandbox.start("up")
    wait_for("init", lambda: sandbox.init is not None)
    crashed.kill()
    crashed.communicate()
    left = sandbox.init
    assert left
    assert sandbox.run("status").returncode == 1

    assert sandbox.run("up").returncode == 0

    assert not left.is_alive()
    assert sandbox.answers()


def test_one_kill_ends_the_cluster_and_the_next_up_works(standing: Sandbox) -> None:
    init = standing.init
    assert init
    os.kill(init.pid, signal.SIGKILL)
    wait_for("end of init", lambda: not init.is_alive())
    assert not standing.answers()
    assert standing.run("status").returncode == 1
    assert standing.run("up").returncode == 0
    assert standing.answers()


def test_ctrl_c_in_the_middle_takes_everything_back_and_says_so(sandbox: Sandbox) -> None:
    started = sandbox.start("up")
    wait_for("init", lambda: sandbox.init is not None)
    init = sandbox.init
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 1
    assert "taken back" in errors
    assert "Traceback" not in errors
    assert init
    assert not init.is_alive()
    assert not sandbox.state.exists()


def test_a_state_folder_from_before_a_reboot_is_not_mistaken_for_a_cluster(sandbox: Sandbox) -> None:
    sandbox.state.mkdir()
    own = ProcessId.of(os.getpid())  # alive, but of another boot: it must not be killed
    ProcessId(own.pid, own.started, "another-boot").save(sandbox.state / "init.json")
    (sandbox.state / "ready").touch()
    assert sandbox.run("status").returncode == 1
    assert sandbox.run("up").returncode == 0
    assert sandbox.answers()


def test_a_component_that_dies_is_started_again(standing: Sandbox) -> None:
    init = standing.init
    assert init
    children = Path(f"/proc/{init.pid}/task/{init.pid}/children").read_text().split()
    (api_server,) = (pid for pid in children if "kube-apiserver" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(int(api_server), signal.SIGKILL)
    wait_for("end of the API server", lambda: not standing.answers())
    wait_for("new API server", standing.answers)


# Run in a network namespace of its own, so that nobody else's clusters are there.
CLAIMS = """
import multiprocessing, os, signal, subprocess, time
from tests.cluster import network

def start_a_cluster(number):
    with network.claimed_subnet() as subnet:
        subprocess.run(["ip", "route", "add", "local", f"10.88.{subnet}.0/24", "dev", "lo"], check=True)
        return subnet

def die_with_a_claim(connection):
    with network.claimed_subnet() as subnet:
        connection.send(subnet)
        time.sleep(60)

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
multiprocessing.set_start_method("fork")
ours, theirs = multiprocessing.Pipe()
killed = multiprocessing.Process(target=die_with_a_claim, args=(theirs,))
killed.start()
assert ours.recv() == 0
killed.kill()
killed.join()
with multiprocessing.Pool(8) as pool:
    print(sorted(pool.map(start_a_cluster, range(8), chunksize=1)))
"""


def test_clusters_that_start_in_the_same_moment_take_different_networks_and_a_killed_one_takes_none() -> None:
    command = ["unshare", "--net", sys.executable, "-c", CLAIMS]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout.strip() == str(list(range(8))), ended.stderr
