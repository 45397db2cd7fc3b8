"""The command line: `python -m tests.cluster up|down|status|tools|run`."""

import argparse
import os
import subprocess
import sys
import time

from . import debian, provider
from .errors import ClusterError
from .paths import ROOT
from .programs import PROGRAMS


def main() -> int:
    """Run one command; the exit code is 0, or 1 with a message that says what to do."""
    options = _parser().parse_args()
    try:
        return int(options.command(options) or 0)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(map(str, error.cmd))}: {(error.stderr or '').strip()}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nstopped; what was begun has been taken back", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="bring up a cluster, or find it running")
    up.add_argument("--for-tests", action="store_true", help="build the clients of the tests as well")
    up.set_defaults(command=_up)
    commands.add_parser("down", help="end it and remove its state").set_defaults(command=_down)
    commands.add_parser("status", help="say whether one is up, and where").set_defaults(command=_status)
    commands.add_parser("tools", help="build every program, start nothing").set_defaults(command=_tools)
    run = commands.add_parser("run", help="run a client where the registries' names resolve")
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    run.set_defaults(command=_run)
    return parser


def _up(options: argparse.Namespace) -> None:
    started = time.monotonic()
    cluster = provider.up(options.for_tests)
    print(f"{cluster.kind} cluster is up after {time.monotonic() - started:.0f} s", file=sys.stderr)
    print(f"export KUBECONFIG={cluster.kubeconfig}")


def _down(_: argparse.Namespace) -> None:
    print("the cluster is gone" if provider.down() else "there is no cluster of ours", file=sys.stderr)


def _status(_: argparse.Namespace) -> int:
    cluster = provider.running()
    if not cluster:
        print("no cluster is up; `make cluster-up` starts one")
        return 1
    print(f"{cluster.kind} cluster is up\n  kubeconfig: {cluster.kubeconfig}\n  hosts: {', '.join(cluster.hosts)}")
    print(f"  a client inside: {os.path.relpath(sys.executable, ROOT)} -m tests.cluster run -- COMMAND")
    return 0


def _tools(_: argparse.Namespace) -> None:
    provider.tools(PROGRAMS)
    if packages := debian.missing(debian.FOR_CLUSTER):
        print(f"for a cluster these packages are missing: {' '.join(packages)}", file=sys.stderr)


def _run(options: argparse.Namespace) -> int:
    cluster = provider.need()
    command = [argument for argument in options.arguments if argument != "--"]
    return subprocess.run(cluster.inside(command), env=cluster.environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
