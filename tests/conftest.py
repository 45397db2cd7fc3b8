"""Fixtures for all tiers."""

from collections.abc import Iterator

import pytest

from tests.control_plane import ControlPlane, running


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real API server without nodes; each test uses namespaces of its own."""
    with running(tmp_path_factory.mktemp("control-plane")) as it:
        yield it
