"""How the tests are spread over processes, and the fixtures of all tiers."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Each process but the first has a cluster of its own. (That of a user is shared; see SHARED_CLUSTERS.)
CACHE = Path(__file__).parents[1] / ".cache"
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if PROCESS != "gw0":
    os.environ["PRIVREG_CLUSTER_DIR"] = str(CACHE / f"cluster-{PROCESS}")

# Helm, kubectl and the clusters spend a quarter of their processor time on collecting garbage; memory is there.
os.environ.setdefault("GOGC", "400")

from tests.cluster import kind  # noqa: E402 - now it knows where the cluster is
from tests.cluster.cluster import kubeconfig_of_user  # noqa: E402
from tests.control_plane import ControlPlane, running  # noqa: E402

# How the embedded cluster behaves is tested where it is the one that is used.
EMBEDDED = kubeconfig_of_user() is None and not kind.docker_answers()

# Tests that share a cluster, and so a process; in the order of starting, because they take longest.
CLI = tuple(f"tests/e2e/test_{it}" for it in ("apply", "doctor", "every_namespace", "migrate", "node_config"))
SHARED_CLUSTERS = {
    "second cluster": ("tests/e2e/test_demo.py", "tests/e2e/test_embedded_cluster.py"),
    **({"cluster of the CLI": CLI} if EMBEDDED else {}),
    "cluster": ("tests/e2e/",),
}


# Verdicts are kept by the process that asked for them.
SCOPES = SHARED_CLUSTERS | {"verdicts": ("tests/chart/test_verdicts.py",)}


def scope_of(nodeid: str) -> str:
    """Tests of one scope run one after the other in one process."""
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that share a cluster come first."""
    order = list(SHARED_CLUSTERS)
    items.sort(key=lambda item: order.index(scope) if (scope := scope_of(item.nodeid)) in order else len(order))


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real API server without nodes; each test uses namespaces of its own."""
    with running(tmp_path_factory.mktemp("control-plane")) as it:
        yield it
