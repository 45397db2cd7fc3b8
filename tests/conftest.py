"""How the tests are spread over processes."""

import pytest

from tests.cluster.paths import ROOT

E2E = ROOT / "tests" / "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs all end-to-end tests, which wait a lot, from the start; the others do the rest."""
    for item in items:
        if item.path.is_relative_to(E2E):
            item.add_marker(pytest.mark.xdist_group("e2e"))
    items.sort(key=lambda item: not item.path.is_relative_to(E2E))
