"""Reading the logs of the gateway and the registry while they grow."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 15.0  # seconds


def wait_for(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Look again and again until there is something, and return it.

    Raises:
        TimeoutError: `what` did not come true within `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.005)
    return found


@dataclass(frozen=True)
class Log:
    """A file that a process writes lines to."""

    path: Path

    def mark(self) -> int:
        """Where it ends now."""
        return self.path.stat().st_size

    def text(self, since: int = 0) -> str:
        """The whole lines after a mark."""
        with self.path.open("rb") as file:
            file.seek(since)
            return file.read().rpartition(b"\n")[0].decode()

    def lines(self, since: int = 0) -> list[str]:
        """The same, line by line."""
        return self.text(since).splitlines()


@dataclass(frozen=True)
class GatewayLog(Log):
    """The gateway's: one JSON object a line."""

    def entries(self, since: int = 0) -> list[dict[str, Any]]:
        """All of them; a line that is not JSON is an error, but for what an old process says when it ends."""
        return [json.loads(line) for line in self.lines(since) if not re.match(r"Proxy \S+ stopped ", line)]

    def requests(self, since: int = 0, **fields: object) -> list[dict[str, Any]]:
        """Those of requests that have these fields."""
        return [
            entry
            for entry in self.entries(since)
            if "status" in entry and all(entry[name] == value for name, value in fields.items())
        ]

    def wait_for_requests(self, count: int, since: int = 0) -> list[dict[str, Any]]:
        """The first requests after a mark."""
        wait_for(lambda: len(self.requests(since)) >= count, f"{count} logged requests")
        return self.requests(since)

    def wait_for_request(self, since: int, **fields: object) -> dict[str, Any]:
        """The first request after a mark that has these fields."""
        return wait_for(lambda: self.requests(since, **fields), f"a logged request with {fields}")[0]

    def said(self, since: int = 0) -> list[str]:
        """What gateway.sh said of itself."""
        return [entry["gateway"] for entry in self.entries(since) if "gateway" in entry]

    def wait_until_said(self, since: int, text: str) -> str:
        """The first such line after a mark that has `text` in it."""
        return wait_for(lambda: [line for line in self.said(since) if text in line], f"the log line: {text}")[0]


@dataclass(frozen=True)
class Reached:
    """A request that got as far as the registry."""

    method: str
    target: str
    status: int


@dataclass(frozen=True)
class RegistryLog(Log):
    """The registry's: its access log is in the Apache combined format, beside lines with fields of its own."""

    def requests(self, since: int = 0) -> list[Reached]:
        """What reached it, in the order in which it was answered; without the kubelet's GET /."""
        found = re.findall(r'^\S+ - \S+ \[[^]]+\] "(\S+) (\S+) HTTP/[0-9.]+" (\d+) ', self.text(since), re.MULTILINE)
        return [Reached(method, target, int(status)) for method, target, status in found if target != "/"]

    def repositories(self, since: int = 0) -> set[str]:
        """The names of repositories that it took from the paths of failed requests."""
        return set(re.findall(r'\bvars\.name="?([^" ]+)', self.text(since)))
