"""The first process in the cluster's namespaces: prepares them, starts the components, keeps them running.

Run by `unshare`, as `python -m tests.cluster.init STATE`. It waits for one line on standard input, which
says that the network link is there; if whoever started it has died by then, it ends. Its death ends every
process, mount and interface of the cluster.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from .components import commands
from .layout import RUN, Layout
from .paths import environment

RESTART_DELAY = 1.0  # seconds


def main(state: Path) -> None:
    """Be init for the cluster whose state folder is `state`."""
    layout = Layout.load(state)
    _mounts(layout)
    if not sys.stdin.readline():
        sys.exit("nobody is waiting for this cluster any more")
    _network(layout)
    _supervise(commands(layout), layout)


def _mounts(layout: Layout) -> None:
    _run("mount", "--make-rshared", "/")  # the kubelet's mounts must reach the containers
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    RUN.mkdir()
    _run("mount", "--bind", str(layout.state), str(RUN))
    _run("mount", "--bind", str(RUN / "hosts"), "/etc/hosts")
    for folder in ("/var/lib", "/var/log"):  # what the kubelet and CNI write there stays in the state folder
        upper, work = (RUN / "overlay" / part / folder.removeprefix("/") for part in ("upper", "work"))
        upper.mkdir(parents=True)
        work.mkdir(parents=True)
        options = f"lowerdir={folder},upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "-o", options, "overlay", folder)


def _network(layout: Layout) -> None:
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", f"{layout.node_ip}/24", "dev", "eth0")
    _run("ip", "link", "set", "eth0", "up")
    _run("ip", "route", "add", "default", "via", layout.host_ip)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    bridged = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if bridged.exists():
        bridged.write_text("1")


def _supervise(components: dict[str, list[str]], layout: Layout) -> None:
    """Start each component and start it again when it ends; reap every orphan, as init must."""
    running = {_start(name, command, layout): name for name, command in components.items()}
    while True:
        pid, status = os.waitpid(-1, 0)
        name = running.pop(pid, None)
        if name:
            code = os.waitstatus_to_exitcode(status)
            print(f"{time.strftime('%H:%M:%S')} {name} ended with {code}; starting it again", flush=True)
            time.sleep(RESTART_DELAY)
            running[_start(name, components[name], layout)] = name


def _start(name: str, command: list[str], layout: Layout) -> int:
    with layout.log(name).open("a") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd="/",
            start_new_session=True,
        )
    process.returncode = 0  # reaped by the loop above, not by Popen
    return process.pid


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
