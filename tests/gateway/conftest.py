"""Sites: one for all tests that change nothing, and as many others as a test needs."""

from collections.abc import Callable, Iterator

import pytest

from tests.gateway.mounts import Files, Values
from tests.gateway.site import Site
from tests.gateway.users import AND_SLOW

MakeSite = Callable[..., Site]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for tests that change neither its users nor its configuration."""
    it = Site(tmp_path_factory.mktemp("site"), {})
    yield it
    it.stop()


@pytest.fixture(scope="session")
def slow_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same with a user whose password takes long to compare."""
    it = Site(tmp_path_factory.mktemp("slow-site"), {"auth": AND_SLOW})
    yield it
    it.stop()


@pytest.fixture
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeSite]:
    """Starts sites with values of the test; all end with it."""
    started: list[Site] = []

    def make(values: Values | None = None, htpasswd: str | None = None, certificate: Files | None = None) -> Site:
        it = Site(tmp_path_factory.mktemp("site"), values or {}, htpasswd, certificate)
        started.append(it)
        return it

    yield make
    for it in started:
        it.stop()
