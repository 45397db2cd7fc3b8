"""Debian packages: those the machine needs, and those whose files go into images."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .errors import ClusterError, StepFailed
from .paths import CACHE, LOG, environment
from .progress import Progress, Step

# package -> a file that tells it is installed
FOR_CLUSTER = {
    "containerd": "/usr/bin/containerd",
    "runc": "/usr/sbin/runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "conntrack": "/usr/sbin/conntrack",
    "ethtool": "/usr/sbin/ethtool",
    "iproute2": "/usr/bin/ip",
    "iptables": "/usr/sbin/iptables",
    "nftables": "/usr/sbin/nft",
    "socat": "/usr/bin/socat",
    "util-linux": "/usr/bin/nsenter",
}
FOR_CLIENTS = {"curl": "/usr/bin/curl", "skopeo": "/usr/bin/skopeo"}
# The chart's gateway without a cluster, and what writes htpasswd files and asks TLS servers.
FOR_TESTS = {"apache2-utils": "/usr/bin/htpasswd", "haproxy": "/usr/sbin/haproxy", "openssl": "/usr/bin/openssl"}
# Wanted by packages' installation scripts, which `extract` does not run.
ONLY_FOR_SCRIPTS = re.compile(
    r"(lib)?perl|c?debconf|dpkg|install-info|usrmerge|adduser|mailcap|mime-support|media-types|tar$"
)
INSTALL = Step("install Debian packages", 40)


def missing(packages: dict[str, str]) -> list[str]:
    """Those of `packages` that the machine lacks."""
    return [package for package, path in packages.items() if not Path(path).exists()]


def install(packages: list[str], progress: Progress) -> None:
    """Install `packages` after naming them.

    Raises:
        ClusterError: this is no Debian or Ubuntu machine, or the user is not root.
        StepFailed: apt-get failed; the log is .cache/log/apt.log.
    """
    if not shutil.which("apt-get"):
        raise ClusterError(f"missing programs; install what Debian calls {' '.join(packages)} and run this again")
    if os.geteuid() != 0:
        raise ClusterError(f"missing packages; run `sudo apt-get install {' '.join(packages)}` and try again")
    print(f"Debian packages to install: {' '.join(packages)}", file=sys.stderr)
    with progress.step(INSTALL):
        _apt("apt-get", "update")
        _apt("apt-get", "install", "--yes", "--no-install-recommends", *packages)


def extract(packages: list[str], root: Path) -> None:
    """Unpack the files of `packages` and of all they depend on into `root`; nothing is installed.

    Raises:
        StepFailed: a package could not be had; the log is .cache/log/apt.log.
    """
    closure = _closure(packages)
    archives = CACHE / "debian"
    archives.mkdir(parents=True, exist_ok=True)
    _apt("apt-get", "download", *closure, cwd=archives)
    for package in closure:
        for archive in archives.glob(f"{package}_*.deb"):
            _apt("dpkg-deb", "--extract", str(archive), str(root))


def compile_python(root: Path) -> None:
    """Compile the standard library in `root`, which a package's installation script does otherwise.

    Files in an image have no date, so that what is compiled is not held against the date of its source. Where the
    machine allows no namespaces it stays as it is: programs then start 0.15 s later.
    """
    inside = ["unshare", "--map-root-user", f"--root={root}"]
    compiler = ["python3", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "/usr/lib"]
    subprocess.run([*inside, *compiler], capture_output=True, check=False)


def _closure(packages: list[str]) -> list[str]:
    listing = subprocess.run(
        ["apt-cache", "depends", "--recurse", "--important", *packages],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = {line for line in listing.splitlines() if line[:1].isalnum()}
    return sorted(name for name in names if not ONLY_FOR_SCRIPTS.match(name))


def _apt(*command: str, cwd: Path | None = None) -> None:
    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / "apt.log"
    with log.open("a") as output:
        ended = subprocess.run(
            command,
            cwd=cwd,
            env=environment(DEBIAN_FRONTEND="noninteractive"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        raise StepFailed(" ".join(command[:2]), log, f"ended with {ended.returncode}")
