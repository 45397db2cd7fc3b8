"""The cluster, and the release that most of the end-to-end tests look at."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster import provider
from tests.cluster.cluster import Cluster
from tests.cluster.paths import BIN, CACHE, ROOT
from tests.conftest import EMBEDDED
from tests.e2e.release import Release, kubectl

OF_THE_EMBEDDED_CLUSTER = ("embedded_cluster", "node_config", "clients_of_people", "clients_large", "clients_computer")
collect_ignore = [] if EMBEDDED else [f"test_{name}.py" for name in OF_THE_EMBEDDED_CLUSTER]

MakeRelease = Callable[..., Release]
NUMBERS = itertools.count()

# A cluster beside the one that the other tests use. The folder has a fixed name, so that what a killed run
# left behind is found and ended by the next one, and by .ci/run.
SECOND_CLUSTER = CACHE / "second-cluster"


@pytest.fixture(scope="module")
def second_cluster() -> Iterator[Path]:
    """The folder of another cluster, which is not up; whatever is up there in the end is ended."""
    down = [sys.executable, "-m", "tests.cluster", "down"]
    environment = {**os.environ, "PRIVREG_CLUSTER_DIR": str(SECOND_CLUSTER)}
    environment.pop("KUBECONFIG", None)
    subprocess.run(down, cwd=ROOT, env=environment, capture_output=True, check=True)
    shutil.rmtree(SECOND_CLUSTER, ignore_errors=True)
    SECOND_CLUSTER.mkdir(parents=True)
    yield SECOND_CLUSTER
    subprocess.run(down, cwd=ROOT, env=environment, capture_output=True, check=True)


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """The cluster that is up already, or one that ends with the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(BIN), prepend=":")
        found = provider.running()
        yield found or provider.up(for_tests=True)
        if not found:
            provider.down()


@contextmanager
def releases(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeRelease]:
    """Makes releases, not yet installed; in the end all are uninstalled and their namespaces deleted."""
    made: list[Release] = []

    def make(name: str, host: str, **options: object) -> Release:
        folder: Path = tmp_path_factory.mktemp(name)
        namespace = f"ns-{name}-{next(NUMBERS)}"  # never one that is still being deleted
        release = Release(cluster, name, namespace, host, folder, **options)  # type: ignore[arg-type]
        made.append(release)
        return release

    yield make
    for release in made:
        release.uninstall(check=False, wait=False)
        kubectl(cluster, "delete", "namespace", release.namespace, "--ignore-not-found", "--wait=false")


@pytest.fixture
def make_release(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeRelease]:
    """Makes releases for one test."""
    with releases(cluster, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="module")
def make_module_release(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeRelease]:
    """Makes releases for the tests of one module."""
    with releases(cluster, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="package")
def registry(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """An installed release with deletion on, for tests that only use it."""
    with releases(cluster, tmp_path_factory) as make:
        release = make("privreg", cluster.hosts[0])
        release.generate()
        restricted = "pod-security.kubernetes.io/enforce=restricted"
        kubectl(cluster, "label", "namespace", release.namespace, restricted, "--overwrite")
        release.set({"storage": {"delete": {"enabled": True}, "persistence": {"keep": False}}})
        release.install()
        yield release
