"""Sites in cgroups."""

import resource
from collections.abc import Callable, Iterator

import pytest

from tests.attacks.confined import ConfinedSite
from tests.gateway.mounts import Values

MakeConfined = Callable[..., ConfinedSite]

# Attackers hold thousands of connections.
_, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (HARD, HARD))


@pytest.fixture
def make_confined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeConfined]:
    """Starts confined sites with values of the test; all end with it."""
    started: list[ConfinedSite] = []

    def make(values: Values | None = None, **mounted: object) -> ConfinedSite:
        it = ConfinedSite(tmp_path_factory.mktemp("confined"), values or {}, **mounted)
        started.append(it)
        return it

    yield make
    for it in started:
        it.stop()


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfinedSite]:
    """A confined site with the chart's own limits of the gateway, for the tests of one file."""
    it = ConfinedSite(tmp_path_factory.mktemp("confined"), {})
    yield it
    it.stop()
