"""How the tests are spread over processes, and the fixtures of all tiers."""

import signal
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.control_plane import ControlPlane, running

# Tests that share a cluster, and so a process; in the order of starting, because they take longest.
SHARED_CLUSTERS = {
    "second cluster": ("tests/e2e/test_demo.py", "tests/e2e/test_embedded_cluster.py"),
    "cluster": ("tests/e2e/",),
}


def scope_of(nodeid: str) -> str:
    """Tests of one scope run one after the other in one process."""
    return next((name for name, paths in SHARED_CLUSTERS.items() if nodeid.startswith(paths)), nodeid)


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
