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

from tests.cluster import store
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

    def kill(self) -> None:
        """End the cluster's first process, as a crash would."""
        init = self.init
        assert init
        os.kill(init.pid, signal.SIGKILL)
        wait_for("end of init", lambda: not init.is_alive())

    def answers(self) -> bool:
        kubectl = [".cache/bin/kubectl", f"--kubeconfig={self.state / 'admin.kubeconfig'}", "get", "--raw=/readyz"]
        return subprocess.run(kubectl, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.fixture(autouse=True, scope="module")
def before(second_cluster: Path) -> dict[str, object]:
    """The traces of a cluster that was never there."""
    assert not (second_cluster / "state").exists()
    return traces("no such link")


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


def test_a_second_up_finds_the_cluster_running_and_starts_nothing(standing: Sandbox) -> None:
    first = standing.init
    again = standing.run("up")
    assert again.returncode == 0
    assert "running already" in again.stderr
    assert standing.init == first


def test_what_is_unpacked_is_shared_by_all_clusters_and_what_containerd_writes_is_not(standing: Sandbox) -> None:
    shared, own = store.folder(), standing.state / "containerd"
    files = {path.relative_to(shared) for path in shared.rglob("*") if path.is_file() and not path.is_symlink()}
    kept = {path for path in files if (own / path).exists()}
    assert {path.parent.name for path in files - kept} <= {"sha256"}  # what an import left, and containerd collects
    written = {path for path in kept if (shared / path).stat().st_ino != (own / path).stat().st_ino}
    assert {path.name for path in written} == {"meta.db", "metadata.db"}
    assert len(files) > 1000


def test_a_component_that_dies_is_started_again(standing: Sandbox) -> None:
    init = standing.init
    assert init
    children = Path(f"/proc/{init.pid}/task/{init.pid}/children").read_text().split()
    (api_server,) = (pid for pid in children if "kube-apiserver" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(int(api_server), signal.SIGKILL)
    wait_for("end of the API server", lambda: not standing.answers())
    wait_for("new API server", standing.answers)


def test_one_kill_ends_the_cluster_and_the_next_up_works(standing: Sandbox) -> None:
    standing.kill()
    assert not standing.answers()
    assert standing.run("status").returncode == 1
    assert standing.run("up").returncode == 0
    assert standing.answers()


def test_after_a_reboot_the_old_state_folder_is_no_cluster_and_two_ups_at_once_make_one(standing: Sandbox) -> None:
    standing.kill()
    own = ProcessId.of(os.getpid())  # alive, but of another boot: it must not be killed
    ProcessId(own.pid, own.started, "another-boot").save(standing.state / "init.json")
    assert (standing.state / "ready").exists()
    assert standing.run("status").returncode == 1

    first = standing.start("up")
    wait_for("lock", lambda: (standing.folder / "lock").read_text() == str(first.pid))
    second = standing.run("up")
    first.communicate(timeout=120)

    assert (first.returncode, second.returncode) == (0, 0)
    assert f"waiting for process {first.pid}" in second.stderr
    assert "running already" in second.stderr
    assert standing.answers()


def test_down_leaves_no_process_mount_interface_cgroup_or_firewall_rule(
    before: dict[str, object], standing: Sandbox
) -> None:
    init = standing.init
    assert init
    link = f"privreg{json.loads((standing.state / 'layout.json').read_text())['subnet']}"
    assert traces(link)["links"] == [link]
    inside = Path(f"/proc/{init.pid}/ns/pid").readlink()

    assert standing.run("down").returncode == 0

    assert not standing.state.exists()
    assert not init.is_alive()
    assert not [path for path in Path("/proc").glob("[0-9]*/ns/pid") if _target(path) == inside]
    wait_for("clean machine", lambda: traces(link) == before, timeout=10)


def _target(path: Path) -> Path | None:
    try:
        return path.readlink()
    except OSError:  # a process that has just ended
        return None


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
