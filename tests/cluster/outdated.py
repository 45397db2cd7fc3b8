"""`make outdated`: every version that is pinned, and the newest there is. CONTRIBUTING.md says how one is moved."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import chart, suite
from .errors import ClusterError
from .paths import MODULES, ROOT, environment

TIMEOUT = 60  # seconds for one question


class NotAnswered(Exception):
    """Why a version could not be looked up."""


@dataclass(frozen=True)
class Pin:
    """A version that is written down in the repository.

    Attributes:
        kind: the heading that it is listed under.
        name: what has the version.
        version: the version.
        newest: looks the newest one up; raises NotAnswered.
    """

    kind: str
    name: str
    version: str
    newest: Callable[[], str]

    def line(self) -> str:
        """Return the pin, its version and the newest one, as a row of the table."""
        try:
            newest = self.newest()
        except NotAnswered as error:
            return f"{self.kind:<15} {self.name:<55} {self.version:<20} not looked up: {error}"
        return f"{self.kind:<15} {self.name:<55} {self.version:<20} {'' if newest == self.version else newest}".rstrip()


def pins() -> list[Pin]:
    """Return all that is pinned."""
    return [*_go_modules(), *_python_packages(), *_images(), *_debian_packages(), *_actions(), *_kubernetes()]


def _go_modules() -> Iterable[Pin]:
    """The modules that provide a program, or are required directly; what they need themselves follows them."""
    for file in sorted(MODULES.glob("*/go.mod")):
        text = file.read_text()
        required = dict(re.findall(r"^(?:require|\t)\s*(\S+) (v\S+)", text, re.MULTILINE))
        tools = re.findall(r"^(?:tool |\t)(\S+)$", text, re.MULTILINE)
        direct = set(re.findall(r"^(?:require|\t)\s*(\S+) v\S+$", text, re.MULTILINE))
        for module, version in required.items():
            if module in direct or any(f"{tool}/".startswith(f"{module}/") for tool in tools):
                yield Pin("Go module", module, version, partial(_newest_module, module))


def _newest_module(module: str) -> str:
    """Return the newest of the same major version: the next one is another module."""
    return str(json.loads(_ask("go", "list", "-m", "-json", f"{module}@latest", cwd=Path("/")))["Version"])


def _python_packages() -> Iterable[Pin]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = [*project["dependencies"], *(it for extra in project["optional-dependencies"].values() for it in extra)]
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    for requirement in direct:
        name = re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement)[0]).lower()
        yield Pin("Python package", name, locked[name], partial(_newest_package, name))


def _newest_package(name: str) -> str:
    listing = _ask(sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", name)
    return listing.partition("(")[2].partition(")")[0]


def _images() -> Iterable[Pin]:
    for path in ((), ("gateway",), ("jobs",)):
        repository, _, tag = chart.image(*path).rpartition(":")
        yield Pin("image", repository, tag, partial(_newest_tag, repository, tag))


def _newest_tag(repository: str, tag: str) -> str:
    return newest_like(tag, _ask("crane", "ls", repository).split())


def _debian_packages() -> Iterable[Pin]:
    """What the test images take from Debian: the newest of a series, so that a series is what is pinned."""
    python = ".".join(chart.series("jobs").split(".")[:2])
    for package, series in (("haproxy", chart.series("gateway")), (f"python{python}", chart.series("jobs"))):
        yield Pin(f"Debian {suite.NAME}", package, series, partial(_newest_debian, package, series))


def _newest_debian(package: str, series: str) -> str:
    try:
        return suite.newest(package, series)
    except ClusterError as error:
        raise NotAnswered(str(error).splitlines()[0]) from None


def _actions() -> Iterable[Pin]:
    used = {
        match
        for file in sorted((ROOT / ".github").rglob("*.yaml"))
        for match in re.findall(r"uses: ([^.\s@][^\s@]*)@(\S+)", file.read_text())
    }
    for action, version in sorted(used):
        yield Pin("GitHub action", action, version, partial(_newest_action, action, version))


def _newest_action(action: str, version: str) -> str:
    listing = _ask("git", "ls-remote", "--refs", f"https://github.com/{'/'.join(action.split('/')[:2])}")
    return newest_like(version, re.findall(r"refs/(?:tags|heads)/(\S+)", listing))


def _kubernetes() -> Iterable[Pin]:
    found = re.search(r'^kubeVersion: ">=([0-9.]+)', (ROOT / "charts/privreg/Chart.yaml").read_text(), re.MULTILINE)
    assert found
    oldest = found[1]

    def newest() -> str:
        raise NotAnswered("the oldest supported; kubernetes.io/releases says which are maintained")

    yield Pin("Kubernetes", "kubeVersion of the chart", oldest, newest)


def newest_like(version: str, names: Iterable[str]) -> str:
    """Return the highest of `names` that differs from `version` in its numbers alone: 3.3-alpine for 3.2-alpine."""
    shape = re.compile(r"\d+".join(re.escape(part) for part in re.split(r"\d+", version)))
    like = [name for name in names if shape.fullmatch(name)]
    if not like:
        raise NotAnswered(f"nothing is named like {version}")
    return max(like, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])


def _ask(*command: str, cwd: Path = ROOT) -> str:
    try:
        ended = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=False, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
            env=environment(GIT_TERMINAL_PROMPT="0"),
        )  # fmt: skip
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise NotAnswered(f"{command[0]}: {type(error).__name__}") from None
    if ended.returncode:
        raise NotAnswered((ended.stderr.strip().splitlines() or [f"{command[0]} failed"])[-1])
    return ended.stdout


def main() -> None:
    """Print the table; the last column is empty where nothing is newer."""
    print(f"{'':<15} {'':<55} {'pinned':<20} newest, if another")
    with ThreadPoolExecutor(4) as pool:
        for line in pool.map(Pin.line, pins()):
            print(line, flush=True)


if __name__ == "__main__":
    main()
