"""Measure everything and write the results: `make bench`, or `python -m bench`."""

import os
import shutil
import sys
import time
from collections.abc import Callable

from bench import blobs, cli, guesses, memory, namespaces, pulls, rates, report, site
from bench.errors import BenchError
from bench.image import push_image
from bench.link import shaped_link
from bench.measure import Row

PROGRAMS = {"haproxy": "haproxy", "wrk": "wrk", "curl": "curl", "ip": "iproute2", "tc": "iproute2", "mount": "mount"}
HEAD = """\
# Speed of the gateway and of the command line

Made by `make bench`: the real registry and the real HAProxy with what the chart renders, on loopback; and the
command line beside what else checks a values file. The two that are compared were measured in turns in the same run;
numbers are medians, the ratio is one of medians, and the spread is that of the ratios of single rounds.

Ratios carry over to other machines; numbers and goals in milliseconds are those of the machine below. On another idle
machine with two cores three goals were missed by the machine alone (`validate` took 602 ms, a manifest 90 times
htpasswd), and these ratios held: GET 0.76, pull on loopback 0.84, 200 pulls at once 1.01; under guesses the median
latency rose by 1.58 there. What was not measured: `gateway.maxConnections` connections (1,000) in the gateway's memory
limit.

"""
VERSIONS = {
    "registry": (["registry", "--version"], r"(\S+)$"),
    "haproxy": (["haproxy", "-v"], r"version (\S+)"),
    "wrk": (["wrk", "-v"], r"wrk (?:debian/)?(\S+)"),
    "curl": (["curl", "--version"], r"curl (\S+)"),
    "helm": (["helm", "version", "--template={{.Version}}"], r"v(\S+)"),
}


def main(arguments: list[str]) -> int:
    """0 when every goal was reached, 1 when not or when nothing could be measured."""
    try:
        _check_programs()
        if namespaces.INSIDE not in arguments:
            namespaces.enter("bench")
        machine = report.describe(os.getloadavg()[0], VERSIONS)
        rows = _measure()
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    report.write("results", HEAD, machine, rows)
    print(report.table(rows))
    return int(any(row.missed for row in rows))


def _measure() -> list[Row]:
    namespaces.open_loopback()
    with namespaces.folder_in_memory() as folder, shaped_link() as link:
        running = site.start(folder)
        image = push_image(site.DIRECT, "team/app", layers=10, layer_size=1 << 20)
        steps: dict[str, Callable[[], list[Row]]] = {
            "small requests": lambda: rates.run(folder, image),
            "big blobs": lambda: blobs.run(folder, link),
            "many pulls at once": lambda: pulls.run(running, image),
            "memory": lambda: memory.run(running, image),
            "a guesser": lambda: guesses.run(folder),
            "the command line": lambda: cli.run(folder),
        }
        rows = []
        for number, (name, step) in enumerate(steps.items(), 1):
            started = time.monotonic()
            rows += step()
            print(f"[{number}/{len(steps)}] {name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        return rows


def _check_programs() -> None:
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if missing:
        raise BenchError(f"not found: {', '.join(missing)}; install the Debian packages of these names")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
