"""How the tests are spread over processes, and the fixtures of all tiers."""

from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.control_plane import ControlPlane, running

E2E = "tests/e2e/"


class OneProcessForE2E(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """One process runs all end-to-end tests, which share a cluster and wait a lot; the others do the rest."""

    def _split_scope(self, nodeid: str) -> str:
        return E2E if nodeid.startswith(E2E) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneProcessForE2E:
    return OneProcessForE2E(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The end-to-end tests take longest, so they start first."""
    items.sort(key=lambda item: not item.nodeid.startswith(E2E))


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real API server without nodes; each test uses namespaces of its own."""
    with running(tmp_path_factory.mktemp("control-plane")) as it:
        yield it
