"""Debian packages: those the machine needs, and those whose files go into images or run beside the machine's own."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import chart, suite
from .errors import ClusterError, StepFailed
from .lock import exclusive
from .paths import BIN, CACHE, LOG, environment
from .progress import Progress, Step

# package -> a file that tells it is installed
FOR_CLUSTER = {
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
FOR_TESTS = {"apache2-utils": "/usr/bin/htpasswd", "openssl": "/usr/bin/openssl"}
INSTALL = Step("install Debian packages", 40)
ROOTS = CACHE / "roots"
PATCHELF = ("patchelf",)


@dataclass(frozen=True)
class Unpacked:
    """Programs of the testing suite that run on this machine, linked into .cache/bin.

    Attributes:
        packages: as `extract` takes them.
        programs: paths in the unpacked root.
        seconds: how long it takes on two cores, the download included.
    """

    packages: tuple[str, ...]
    programs: tuple[str, ...]
    seconds: float

    @property
    def is_there(self) -> bool:
        """Whether every program is linked to this root."""
        return all((BIN / Path(program).name).resolve() == self._target(program) for program in self.programs)

    @property
    def step(self) -> Step:
        """The step that unpacks it."""
        return Step(f"unpack {' '.join(self.packages)}", self.seconds)

    def make(self, progress: Progress) -> None:
        """Unpack the packages and link the programs.

        Raises:
            ClusterError: the suite does not have a package in the wanted version.
            StepFailed: a package could not be had.
        """
        with progress.step(self.step):
            program_root(self.packages)
            BIN.mkdir(parents=True, exist_ok=True)
            for program in self.programs:
                link = BIN / Path(program).name
                link.unlink(missing_ok=True)
                link.symlink_to(self._target(program))

    def _target(self, program: str) -> Path:
        return (root_of(self.packages) / program).resolve()


# What the embedded node runs containers with.
NODE = Unpacked(
    ("containerd=2", "runc=1", "containernetworking-plugins"),
    ("usr/bin/containerd", "usr/bin/containerd-shim-runc-v2", "usr/bin/ctr", "usr/sbin/runc"),
    15,
)
# The chart's gateway without a container.
HAPROXY = Unpacked((f"haproxy={chart.series('gateway')}",), ("usr/sbin/haproxy",), 10)


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


def extract(packages: tuple[str, ...], root: Path) -> None:
    """Unpack the files of `packages` and of all they depend on into `root`; nothing is installed.

    Args:
        packages: of Debian's testing suite: NAME, or NAME=SERIES for the newest version that begins with SERIES.
        root: an empty folder.

    Raises:
        ClusterError: the suite does not have a package in the wanted version.
        StepFailed: a package could not be had; the log is .cache/log/apt.log.
    """
    for folder in ("bin", "sbin", "lib", "lib64"):  # packages take for granted that /bin is /usr/bin
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for archive in suite.download(suite.closure(tuple(_exact(package) for package in packages))):
        suite.run("dpkg-deb", "--extract", str(archive), str(root))


def program_root(packages: tuple[str, ...]) -> Path:
    """Return a folder with the files of `packages`, whose programs run where they are, without a container.

    It is made once, below .cache/roots. A program's loader and libraries are those of the folder; what it reads by an
    absolute path, such as /etc/containers, is still the machine's. Statically linked programs and scripts stay as
    they are.

    Args:
        packages: as `extract` takes them.

    Raises:
        ClusterError: as `extract`.
        StepFailed: as `extract`.
    """
    root = root_of(packages)
    if packages != PATCHELF:
        program_root(PATCHELF)
    with exclusive(ROOTS / "lock"):
        if not root.exists():
            shutil.rmtree(root.with_suffix(".part"), ignore_errors=True)
            part = root.with_suffix(".part")
            part.mkdir(parents=True)
            extract(packages, part)
            if packages != PATCHELF:
                _relocate(part, root)
            part.rename(root)
    return root


def root_of(packages: tuple[str, ...]) -> Path:
    """Return where `program_root` puts `packages`; it may not be there yet."""
    # The programs in it carry its path: a copy of the cache elsewhere has to make its own.
    key = hashlib.sha256(f"{' '.join(packages)} {ROOTS} 2".encode()).hexdigest()[:8]
    return ROOTS / f"{packages[0].partition('=')[0]}-{key}"


def compile_python(root: Path) -> None:
    """Compile the standard library in `root`, which a package's installation script does otherwise.

    Files in an image have no date, so that what is compiled is not held against the date of its source. Where the
    machine allows no namespaces it stays as it is: programs then start 0.15 s later.
    """
    inside = ["unshare", "--map-root-user", f"--root={root}"]
    compiler = ["python3", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "/usr/lib"]
    subprocess.run([*inside, *compiler], capture_output=True, check=False)


def _exact(package: str) -> str:
    name, _, series = package.partition("=")
    return f"{name}={suite.newest(name, series)}" if series else name


def _relocate(part: Path, root: Path) -> None:
    """Set loader and library folders of the programs in `part`, which is going to be `root`."""
    libraries = next(part.glob("usr/lib/*-linux-gnu")).relative_to(part)
    for program in sorted(part.rglob("usr/**/*")):
        loader = _loader(program) if _is_program(program) else ""
        if loader:
            own = [f"{root}{folder}" for folder in _patchelf("--print-rpath", program).split(":") if folder[:1] == "/"]
            rpath = ":".join([*own, f"{root}/{libraries}"])
            # With its sections sorted anew, a Go program that is linked dynamically crashes in the loader.
            changes = ("--set-interpreter", f"{root}{loader}", "--force-rpath", "--set-rpath", rpath)
            _patchelf("--no-sort", *changes, program)


def _is_program(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or not os.access(path, os.X_OK) or ".so" in path.name:
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _loader(program: Path) -> str:
    """Return the loader that `program` asks for; empty for one that is linked statically."""
    try:
        return _patchelf("--print-interpreter", program)
    except subprocess.CalledProcessError:
        return ""


def _patchelf(*arguments: str | Path) -> str:
    """Run patchelf, which itself comes from the suite and is started by the loader beside it."""
    root = root_of(PATCHELF)
    loader = next((root / "usr").glob("lib*/ld-linux-*.so.*"))
    libraries = next(root.glob("usr/lib/*-linux-gnu"))
    command = [str(loader), "--library-path", str(libraries), str(root / "usr/bin/patchelf")]
    ended = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


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
