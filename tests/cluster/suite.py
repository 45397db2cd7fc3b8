"""Debian's testing suite, by an apt configuration of its own: the machine's packages and sources stay as they are.

It has the versions that the chart's images have; the machine's own release is years behind them. The suite moves, so a
version is asked for by its first digits, and the newest that begins with them is taken.
"""

import functools
import os
import re
import subprocess
from pathlib import Path

from .errors import ClusterError, StepFailed
from .paths import CACHE, LOG, environment
from .process import write_atomically

NAME = "forky"
FOLDER = CACHE / "debian" / NAME
ARCHIVES = CACHE / "debian" / "archives"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEBIAN_RELEASES = re.compile(r"(bullseye|bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)$")
# Wanted by packages' installation scripts, which `extract` does not run.
ONLY_FOR_SCRIPTS = re.compile(
    r"(lib)?perl|c?debconf|dpkg|install-info|usrmerge|adduser|base-files|init-system-helpers|mailcap|mime-support|"
    r"media-types|tar$"
)


def newest(package: str, series: str) -> str:
    """Return the newest version of `package` that begins with `series`, such as 3.2.26-1 for 3.2.

    Raises:
        ClusterError: the suite has no such version.
        StepFailed: the suite's package lists could not be fetched.
    """
    _update()
    listing = _ask("apt-cache", "madison", package)
    versions = [line.split("|")[1].strip() for line in listing.splitlines() if line.count("|") == 2]
    begins = re.compile(rf"(\d+:)?{re.escape(series)}([.+~-]|$)")
    for version in versions:  # the newest comes first
        if begins.match(version):
            return version
    has = f"has {package} {', '.join(versions)}" if versions else f"has no package {package}"
    raise ClusterError(
        f"Debian's {NAME} {has}; none begins with {series}. Change the tag in charts/privreg/values.yaml to a version "
        f"that it has, or NAME in tests/cluster/suite.py to a suite that has this one"
    )


def closure(packages: tuple[str, ...]) -> list[str]:
    """Return `packages` and all they depend on, as NAME=VERSION, without what only installation scripts use.

    Args:
        packages: names, each with an exact version if so wanted: NAME or NAME=VERSION.
    """
    _update()
    simulated = _ask("apt-get", "install", "--simulate", *packages)
    versions = dict(re.findall(r"^Inst (\S+) \((\S+)", simulated, re.MULTILINE))
    depends = _depends(list(versions))
    wanted, found = [package.partition("=")[0] for package in packages], set[str]()
    while wanted:
        name = wanted.pop()
        if name in versions and name not in found and not ONLY_FOR_SCRIPTS.match(name):
            found.add(name)
            wanted.extend(depends[name])
    return sorted(f"{name}={versions[name]}" for name in found)


def download(packages: list[str]) -> list[Path]:
    """Return the archives of `packages`, each given as NAME=VERSION; those that are there already stay.

    Raises:
        StepFailed: one could not be fetched; the log is .cache/log/apt.log.
    """
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    missing = [package for package in packages if not _archive(package)]
    if missing:
        run("apt-get", "download", *missing, cwd=ARCHIVES)
    return [path for package in packages if (path := _archive(package))]


def run(*command: str, cwd: Path | None = None) -> None:
    """Run one of apt's or dpkg's commands on the suite, its output in .cache/log/apt.log.

    Raises:
        StepFailed: it failed.
    """
    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / "apt.log"
    with log.open("a") as output:
        ended = subprocess.run(
            command,
            cwd=cwd,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        raise StepFailed(" ".join(command[:2]), log, f"ended with {ended.returncode}")


def mirror() -> str:
    """Return the Debian mirror that the machine's own sources name.

    Raises:
        ClusterError: they name none.
    """
    if named := os.environ.get("PRIVREG_DEBIAN_MIRROR"):
        return named
    targets = ["apt-get", "indextargets", "--format=$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    try:
        listing = subprocess.run(targets, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        listing = ""
    for line in listing.splitlines():
        uri, release, component = line.rsplit(" ", 2)
        if component == "main" and DEBIAN_RELEASES.match(release):
            return uri
    raise ClusterError(
        "the sources of this machine's apt name no Debian mirror; install apt and debian-archive-keyring, set "
        "PRIVREG_DEBIAN_MIRROR to the URL of a Debian mirror, and run this again"
    )


@functools.cache
def _update() -> None:
    """Write the configuration and fetch the suite's package lists, once per process."""
    for folder in ("lists/partial", "archives/partial"):
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    options = f" [signed-by={KEYRING}]" if KEYRING.exists() else ""
    write_atomically(FOLDER / "sources.list", f"deb{options} {mirror()} {NAME} main\n")
    write_atomically(FOLDER / "status", "")
    write_atomically(FOLDER / "apt.conf", "".join(f'{key} "{value}";\n' for key, value in _settings().items()))
    run("apt-get", "update")


def _settings() -> dict[str, str]:
    return {
        "Dir::State": str(FOLDER),
        "Dir::State::lists": f"{FOLDER}/lists",
        "Dir::State::status": f"{FOLDER}/status",
        "Dir::Cache": str(FOLDER),
        "Dir::Etc::sourcelist": f"{FOLDER}/sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }


def _environment() -> dict[str, str]:
    return environment(APT_CONFIG=str(FOLDER / "apt.conf"), DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")


def _ask(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    if ended.returncode:
        raise ClusterError(f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout


def _depends(packages: list[str]) -> dict[str, list[str]]:
    """Return what each package depends on: names, with those that provide a virtual one."""
    depends: dict[str, list[str]] = {name: [] for name in packages}
    name = ""
    for line in _ask("apt-cache", "depends", "--important", *packages).splitlines():
        if line[:1].strip():
            name = line.strip()
            depends.setdefault(name, [])
        else:
            depends[name].append(line.split()[-1])
    return depends


def _archive(package: str) -> Path | None:
    name, _, version = package.partition("=")
    return next(iter(ARCHIVES.glob(f"{name}_{version.replace(':', '%3a')}_*.deb")), None)
