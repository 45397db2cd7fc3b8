"""The embedded cluster: one node in mount, network and PID namespaces of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from . import addons, cgroups, components, network, store
from .cluster import Cluster
from .errors import ClusterError, StepFailed
from .layout import HOSTS, Layout
from .lock import exclusive
from .paths import BIN, CLUSTER, ROOT
from .process import ProcessId
from .programs import KUBECTL
from .progress import Progress, Step

STATE = CLUSTER / "state"
LOCK = CLUSTER / "lock"
INIT = "init.json"  # the identity of the first process inside
READY = "ready"  # written when everything stands

BOOT = Step("start etcd, containerd and Kubernetes", 4)
ADDONS = Step("start DNS and the Ingress controller", 6)
STEPS = [BOOT, ADDONS]


def running() -> Cluster | None:
    """The cluster that stands and is ready, or None."""
    init = ProcessId.load(STATE / INIT)
    if init and init.is_alive() and (STATE / READY).exists():
        return _cluster(Layout.load(STATE), init)
    return None


def check() -> None:
    """Say what stands in the way, before anything is built.

    Raises:
        ClusterError: not Linux, or not root.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise ClusterError(
            "there is no cluster: run this as root on Linux, set KUBECONFIG to a cluster of yours, or start Docker"
        )


def up(progress: Progress) -> Cluster:
    """Start the cluster, or find it running; what an earlier crash left is cleared away first.

    Raises:
        StepFailed: a component does not come up.
    """
    with exclusive(LOCK):
        if cluster := running():
            print("the cluster is running already", file=sys.stderr)
            return cluster
        _clear()
        with network.claimed_subnet() as subnet:
            try:
                return _start(Layout(STATE, subnet), progress)
            except BaseException:
                _clear()
                raise


def down() -> bool:
    """End the cluster and remove its state; False when there was none."""
    with exclusive(LOCK):
        existed = STATE.exists()
        _clear()
    return existed


def _cluster(layout: Layout, init: ProcessId) -> Cluster:
    return Cluster(
        kind="embedded",
        kubeconfig=layout.kubeconfig,
        hosts=HOSTS,
        address=layout.node_ip,
        pki=layout.state / "pki",
        ingress_class="traefik",
        ingress_preset="traefik",
        enter=("nsenter", f"--target={init.pid}", "--mount", "--net"),
        init_pid=init.pid,
    )


def _start(layout: Layout, progress: Progress) -> Cluster:
    (STATE / "pki").mkdir(parents=True)
    shutil.rmtree(layout.log("init").parent, ignore_errors=True)
    layout.log("init").parent.mkdir()
    layout.save()
    components.write_files(layout)
    addons.make_volume_folders(STATE)
    cgroups.create(layout.link)
    with progress.step(BOOT):
        store.link(STATE / "containerd")
        init = _boot(layout)
        cluster = _cluster(layout, init)
        _wait_for("containerd", layout, init, lambda: _succeeds(cluster.inside(_ctr("version"))))
        _wait_for("kube-apiserver", layout, init, lambda: _api_answers(layout))
    with progress.step(ADDONS):
        log = layout.log("addons")
        addons.apply_storage(layout.kubeconfig, log)
        addons.apply_dns(layout.kubeconfig, layout.node_ip, log)
        addons.apply_ingress(layout.kubeconfig, log)
        addons.wait_until_ready(layout.kubeconfig, log)
    (STATE / READY).touch()
    return cluster


def _boot(layout: Layout) -> ProcessId:
    unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    with layout.log("init").open("w") as log:
        outer = subprocess.Popen(
            [*unshare, sys.executable, "-m", "tests.cluster.init", str(layout.state)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    init = _child_of(outer, layout)
    init.save(layout.state / INIT)
    network.connect(layout, init.pid)
    assert outer.stdin
    outer.stdin.write("the link is there\n")
    outer.stdin.close()
    outer.returncode = 0  # it outlives this process: Popen need not wait for it
    return init


def _child_of(outer: "subprocess.Popen[str]", layout: Layout) -> ProcessId:
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and outer.poll() is None:
        if pids := children.read_text().split():
            return ProcessId.of(int(pids[0]))
        time.sleep(0.02)
    raise StepFailed("make the namespaces", layout.log("init"), f"unshare ended with {outer.poll()}")


def _wait_for(
    component: str, layout: Layout, init: ProcessId, answers: Callable[[], bool], timeout: float = 60
) -> None:
    deadline = time.monotonic() + timeout
    while not answers():
        if not init.is_alive():
            raise StepFailed("start the components", layout.log("init"), "init has ended")
        if time.monotonic() > deadline:
            raise StepFailed(f"start {component}", layout.log(component), f"no answer in {timeout:.0f} s")
        time.sleep(0.2)


def _api_answers(layout: Layout) -> bool:
    return _succeeds([str(KUBECTL), f"--kubeconfig={layout.kubeconfig}", "get", "--raw=/readyz"])


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _ctr(*arguments: str) -> list[str]:
    return [f"{BIN}/ctr", f"--address={components.CONTAINERD_SOCKET}", *arguments]


def _clear() -> None:
    """End what runs and remove what is left, the logs apart."""
    init = ProcessId.load(STATE / INIT)
    if init:
        init.kill()
    with contextlib.suppress(FileNotFoundError):
        cgroups.remove(Layout.load(STATE).link)
    _remove(STATE)


def _remove(folder: Path, timeout: float = 10) -> None:
    """Remove `folder`; the kernel may take a moment to let go of the dead namespaces' mounts."""
    deadline = time.monotonic() + timeout
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=time.monotonic() < deadline)
        time.sleep(0.05)
