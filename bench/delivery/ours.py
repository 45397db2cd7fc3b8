"""The chart's own delivery: installed, watching, uninstalled."""

import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from bench.delivery import newcomers, processes
from bench.delivery.population import NAMESPACES
from bench.delivery.site import NAMESPACE, Site
from bench.errors import BenchError
from tests.e2e.release import get, said

IDLE = 120.0  # seconds
NEWCOMERS = 15
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


@dataclass
class Ours:
    """What was measured.

    Attributes:
        seconds: of the hook's Pod that served everything, from its start to its end.
        requests: that it sent.
        uninstalls: seconds of each `helm uninstall`.
        memory: of the watcher, in MiB, by what is counted.
        newcomers: seconds until each new namespace was served.
        per_minute: requests a minute of the watcher when nothing changes.
        changed_of_others: ServiceAccounts that were not after an uninstall what they were before the install.
        ill_answers: of the API server, to anybody.
    """

    seconds: float = 0.0
    requests: int = 0
    uninstalls: list[float] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    newcomers: list[float] = field(default_factory=list)
    per_minute: float = 0.0
    changed_of_others: int = 0
    ill_answers: int = 0


def by_hook(site: Site, measured: Ours) -> None:
    """Install without a watcher, so that the hook does it all, and uninstall.

    Raises:
        BenchError: it did not serve them all.
    """
    site.release.set({"pullSecrets": {"watch": False, "schedule": "0 0 1 1 *"}})
    before = site.requests_of(site.program)
    clock = JobClock(site, f"{site.program}-deliver")
    clock.start()
    _install(site)
    clock.join(timeout=10)
    if clock.is_alive():
        raise BenchError("the hook's Pod was not seen to end")
    measured.seconds = clock.seconds
    measured.requests = site.requests_of(site.program) - before
    site.release.overlays.pop()
    _uninstall(site, measured)


def with_watcher(site: Site, measured: Ours) -> None:
    """Install as people do, where the watcher begins before the hook, and uninstall.

    Raises:
        BenchError: not all were served.
    """
    _install(site)
    measured.newcomers = newcomers.serve(site, site.secret, NEWCOMERS, within=2)
    measured.per_minute = site.requests_a_minute(site.program, IDLE)
    selector = f"app.kubernetes.io/instance={site.release.name},app.kubernetes.io/component=pull-secrets-watcher"
    (pod,) = get(site.cluster, "pods", NAMESPACE, f"--selector={selector}")["items"]
    measured.memory = processes.memory(pod["metadata"]["uid"], "/privreg/pull_secrets.py")
    _uninstall(site, measured)


def _install(site: Site) -> None:
    told = said(site.release.install())
    found = re.search(r"namespaces served: ([0-9]+); changed: [0-9]+; refused: 0; failed: 0", told)
    if not found or int(found[1]) < NAMESPACES:
        raise BenchError(f"the hook did not serve all: {told}")


def _uninstall(site: Site, measured: Ours) -> None:
    started = time.monotonic()
    site.release.uninstall()
    measured.uninstalls.append(time.monotonic() - started)


class JobClock(threading.Thread):
    """Waits for the Pod of a Job to come and to end; `seconds` is what it took."""

    def __init__(self, site: Site, job: str) -> None:
        super().__init__(daemon=True)
        self.seconds = 0.0
        self._site, self._query = site, {"labelSelector": f"batch.kubernetes.io/job-name={job}"}

    def run(self) -> None:
        """Watch; Kubernetes tells both times in whole seconds."""
        with self._site.connect("admin") as api:
            version = api.each(PODS, lambda _: None, **self._query)
            for event in api.watch(PODS, version, **self._query):
                status = event["object"].get("status", {})
                for container in status.get("containerStatuses", []):
                    if end := container["state"].get("terminated"):
                        start = datetime.fromisoformat(status["startTime"])
                        self.seconds = (datetime.fromisoformat(end["finishedAt"]) - start).total_seconds()
                        return
