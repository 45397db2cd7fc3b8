"""How the tests are spread over processes."""

import os
import re
import signal
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Each process but the first has a cluster of its own. (That of a user is shared; see SHARED_CLUSTERS.)
TESTS = Path(__file__).parent
CACHE = TESTS.parent / ".cache"
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if PROCESS != "gw0":
    os.environ["PRIVREG_CLUSTER_DIR"] = str(CACHE / f"cluster-{PROCESS}")

# Helm, kubectl and the clusters spend a quarter of their processor time on collecting garbage; memory is there.
os.environ.setdefault("GOGC", "400")

from tests.cluster import kind  # noqa: E402 - now it knows where the cluster is
from tests.cluster.cluster import kubeconfig_of_user  # noqa: E402

# How the embedded cluster behaves is tested where it is the one that is used.
EMBEDDED = kubeconfig_of_user() is None and not kind.docker_answers()

# Tests that share a cluster, and so a process. (xdist begins with the scopes that have the most tests.)
E2E = {
    "second cluster": ("demo", "embedded_cluster"),
    "cluster of the CLI": ("apply", "doctor", "every_namespace", "migrate", "node_config"),
    "cluster of the storage": ("delivery_without_watcher", "object_storage", "secrets_of_the_user", "storage"),
}
SHARED_CLUSTERS = {
    **{
        name: tuple(f"tests/e2e/test_{it}" for it in files)
        for name, files in E2E.items()
        if EMBEDDED or name == "second cluster"
    },
    "cluster": ("tests/e2e/",),
}

# An API server takes ten seconds to start.
SHARED_API_SERVERS = {
    f"API server of {tier}": tuple(
        str(path.relative_to(TESTS.parent)) for path in sorted((TESTS / tier).glob("test_*.py"))
        if re.search(r"\b(control_plane|kubectl): ", path.read_text())
    )
    for tier in ("unit", "chart")
}  # fmt: skip
# What Helm made of the same values is kept by the process that asked for it. (Generated values never come twice.)
RENDERINGS = {"renderings": ("tests/chart/",)}
ALONE = ("tests/chart/test_generated_values.py",)
SCOPES = SHARED_CLUSTERS | SHARED_API_SERVERS | RENDERINGS


def scope_of(nodeid: str) -> str:
    """Tests of one scope run one after the other in one process."""
    if nodeid.startswith(ALONE):
        return nodeid
    return next((name for name, paths in SCOPES.items() if nodeid.startswith(paths)), nodeid)


class ByCluster(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Tests that share a cluster stay together; each of the others goes to the process that is free."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByCluster:
    return ByCluster(config, log)


def pytest_configure() -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, for good; some tests send it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
