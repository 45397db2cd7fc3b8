"""How the tests are spread over processes, and the fixtures of all tiers."""

from collections.abc import Iterator

import pytest

from tests.cluster.paths import ROOT
from tests.control_plane import ControlPlane, running

E2E = ROOT / "tests" / "e2e"


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs all end-to-end tests, which wait a lot, from the start; the others do the rest."""
    for item in items:
        if item.path.is_relative_to(E2E):
            item.add_marker(pytest.mark.xdist_group("e2e"))
    items.sort(key=lambda item: not item.path.is_relative_to(E2E))


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real API server without nodes; each test uses namespaces of its own."""
    with running(tmp_path_factory.mktemp("control-plane")) as it:
        yield it
