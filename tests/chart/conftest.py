"""Fixtures of the chart's tests."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def quick_helms() -> Iterator[None]:
    """Some hundred short runs of Helm need no garbage collection, which is a quarter of their processor time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOGC", "off")
        yield
