"""All measurements in their order, on a cluster that lives as long as this process."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from bench import report
from bench.delivery import ours, polled, results, site
from bench.delivery.population import changed, populate, snapshot
from bench.errors import BenchError
from tests.cluster.errors import ClusterError

T = TypeVar("T")
VERSIONS = {
    "kubernetes": (["kube-apiserver", "--version"], r"v(\S+)"),
    "etcd": (["etcd", "--version"], r"(\S+)$"),
    "helm": (["helm", "version", "--template={{.Version}}"], r"v(\S+)"),
}


def main() -> int:
    """0 when every goal was reached, 1 when not or when nothing could be measured."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine = report.describe(os.getloadavg()[0], VERSIONS)
    try:
        with site.running() as running:
            rows = results.rows(*_measure(running))
    except (BenchError, ClusterError, AssertionError) as error:  # the end-to-end tests' helpers assert
        print(f"bench.delivery: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    machine["load average after"] = f"{os.getloadavg()[0]:.1f}"
    report.write("delivery", results.HEAD, machine, rows)
    print(report.table(rows))
    return int(any(row.missed for row in rows))


def _measure(running: site.Site) -> tuple[ours.Ours, polled.Polled]:
    measured = ours.Ours()
    _step("a thousand namespaces", lambda: populate(running))
    before = snapshot(running.admin)
    ill_before = running.ill_answers()
    _step("the hook alone", lambda: ours.by_hook(running, measured))
    measured.changed_of_others += changed(before, snapshot(running.admin))
    _step("with the watcher", lambda: ours.with_watcher(running, measured))
    measured.changed_of_others += changed(before, snapshot(running.admin))
    measured.ill_answers = running.ill_answers() - ill_before
    return measured, _step("a program that polls", lambda: polled.measure(running))


def _step(name: str, step: Callable[[], T]) -> T:
    started = time.monotonic()
    result = step()
    took = time.monotonic() - started
    print(f"{name}: {took:.0f} s, load average {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
