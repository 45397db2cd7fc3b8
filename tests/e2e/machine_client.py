"""A computer of a developer's beside the cluster's node: Debian's testing suite with the clients that people have.

It is an unpacked root with an overlay over it, in mount, network and PID namespaces of its own, with a cable to the
node. Its first process ends when its standard input does, and the kernel ends everything else with it: whatever a test
started there is gone with the test, and so is every mount, even if the test was killed.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.cluster.paths import BIN

PATH = "/usr/local/bin:/usr/bin:/usr/sbin"
NSENTER = shutil.which("nsenter") or "nsenter"
CABLE, NODE_SIDE, OWN_SIDE = "computer", "10.89.0.1", "10.89.0.2"
# $1 the unpacked root, $2 an empty folder on a disk, $3 the programs that were built. The last command stays.
BOOT = """
set -e
mkdir "$2/upper" "$2/work" "$2/root" "$2/lib"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
mkdir -p dev proc sys run tmp home root var/lib var/tmp usr/local/bin before
mount --rbind /dev dev
mount --rbind /sys sys
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --bind "$2/lib" var/lib
mount --bind "$3" usr/local/bin
ln -sfn ../run var/run
pivot_root . before
exec /usr/bin/busybox sh -c 'busybox umount -l /before; echo up; exec busybox cat'
"""


@dataclass(frozen=True)
class Said:
    """What somebody at the computer saw.

    Attributes:
        code: the exit code.
        text: standard output and standard error.
        seconds: how long it took.
    """

    code: int
    text: str
    seconds: float


@dataclass(frozen=True)
class Machine:
    """The computer while it is up.

    Attributes:
        cluster: which it is beside.
        pid: its first process.
    """

    cluster: Cluster
    pid: int

    def path(self, name: str) -> Path:
        """Where the file that is `name` (an absolute path) on the computer is reached from outside."""
        return Path(f"/proc/{self.pid}/root{name}")

    def write(self, name: str, text: str) -> None:
        """Write a file on the computer, its folders with it."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def person(self, name: str) -> "Person":
        """Somebody with an empty home folder, or with the one they had."""
        self.path(f"/home/{name}").mkdir(exist_ok=True)
        return Person(self, f"/home/{name}")

    def command(self, *command: str, folder: str = "/") -> list[str]:
        """The command line that runs `command` on the computer."""
        return [NSENTER, f"--target={self.pid}", "--mount", "--net", "--pid", "--root", f"--wdns={folder}", *command]

    @contextmanager
    def service(self, *command: str, socket: str) -> Iterator[None]:
        """Run a daemon until the block ends; it counts as started when its Unix socket is there.

        Raises:
            AssertionError: it ended, or the socket did not come within 30 s; its log is in the message.
        """
        log = self.path(f"/var/lib/{Path(command[0]).name}.log")
        with log.open("w") as output:
            environment = {"PATH": PATH, "HOME": "/root"}
            process = subprocess.Popen(self.command(*command), stdout=output, stderr=output, env=environment)
        try:
            deadline = time.monotonic() + 30
            while not self.path(socket).exists():
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
                time.sleep(0.05)
            yield
        finally:
            for child in _children(process.pid):
                os.kill(child, signal.SIGTERM)
            process.wait(20)


@dataclass(frozen=True)
class Person:
    """Somebody who works at the computer.

    Attributes:
        machine: the computer.
        home: their folder, which is where their commands run.
    """

    machine: Machine
    home: str

    def tries(self, *command: str, stdin: str = "", timeout: float = 60, **variables: str) -> Said:
        """Run a command, whatever comes of it."""
        environment = {"PATH": PATH, "HOME": self.home, "XDG_RUNTIME_DIR": self.home, **variables}
        begun = time.monotonic()
        ended = subprocess.run(
            self.machine.command(*command, folder=self.home),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            timeout=timeout,
            check=False,
        )
        return Said(ended.returncode, ended.stdout, time.monotonic() - begun)

    def does(self, *command: str, stdin: str = "", timeout: float = 60, **variables: str) -> str:
        """Run a command that has to succeed; returns what it said."""
        said = self.tries(*command, stdin=stdin, timeout=timeout, **variables)
        assert said.code == 0, f"{' '.join(command)}: exit {said.code}\n{said.text}"
        return said.text

    def write(self, name: str, text: str) -> None:
        """Write a file in the home folder."""
        self.machine.write(f"{self.home}/{name}", text)


@contextmanager
def machine(cluster: Cluster, root: Path, folder: Path) -> Iterator[Machine]:
    """Start the computer; it is gone when the block ends.

    Args:
        cluster: an embedded one.
        root: Debian's testing suite, unpacked.
        folder: an empty folder on a disk, for all that is written; it is removed in the end.
    """
    process = subprocess.Popen(
        [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            BOOT,
            "sh",
            str(root),
            str(folder),
            str(BIN),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        assert process.stdout.readline() == "up\n", "the computer did not start"
        started = Machine(cluster, _children(process.pid)[0])
        _connect(started)
        _configure(started)
        yield started
    finally:
        # The kernel would take its time over the cable, and the next computer has the same address.
        _ip(cluster.init_pid, "link", "delete", CABLE, check=False)
        process.stdin.close()
        process.stdout.close()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)  # layers by the gigabyte, which pytest would keep


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _connect(started: Machine) -> None:
    """Lay the cable, which is gone when the computer's network is."""
    node, own = started.cluster.init_pid, started.pid
    _ip(node, "link", "add", CABLE, "type", "veth", "peer", "name", "eth0", "netns", str(own))
    _ip(node, "address", "add", f"{NODE_SIDE}/30", "dev", CABLE)
    _ip(node, "link", "set", CABLE, "up")
    _ip(own, "address", "add", f"{OWN_SIDE}/30", "dev", "eth0")
    _ip(own, "link", "set", "lo", "up")
    _ip(own, "link", "set", "eth0", "up")
    _ip(own, "route", "add", "default", "via", NODE_SIDE)


def _ip(pid: int, *arguments: str, check: bool = True) -> None:
    command = [NSENTER, f"--target={pid}", "--net", "ip", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    assert ended.returncode == 0 or not check, f"{' '.join(command)}: {ended.stderr}"


def _configure(started: Machine) -> None:
    """What the owner of the computer sets up once: names, and the CA for each client where its manual says."""
    cluster = started.cluster
    assert cluster.pki
    authority = (cluster.pki / "ca.crt").read_text()
    names = " ".join(cluster.hosts)
    started.write("/etc/hosts", f"127.0.0.1 localhost\n{cluster.address} {names}\n")
    started.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    started.write("/etc/group", "root:x:0:\ndocker:x:100:\n")
    started.write("/etc/ssl/certs/ca-certificates.crt", authority)
    for host in cluster.hosts:
        started.write(f"/etc/docker/certs.d/{host}/ca.crt", authority)
        started.write(f"/etc/containers/certs.d/{host}/ca.crt", authority)
        hosts = f'server = "https://{host}"\n[host."https://{host}"]\nca = "/etc/docker/certs.d/{host}/ca.crt"\n'
        started.write(f"/etc/containerd/certs.d/{host}/hosts.toml", hosts)
    started.write("/etc/containers/policy.json", json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
