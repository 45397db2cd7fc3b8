"""A layer of 1.5 GB through Ingress, gateway and registry, with the memory that the chart gives them by default."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.images import write_archive
from tests.e2e.conftest import MakeRelease
from tests.e2e.forky_client import unpacked
from tests.e2e.machine_client import Machine, machine
from tests.e2e.release import Release, get

SIZE = 1_500_000_000
BLOCK = 4_000_000


@pytest.fixture
def release(cluster: Cluster, make_release: MakeRelease) -> Release:
    made = make_release("large", cluster.hosts[3])
    made.generate()
    made.set({"storage": {"persistence": {"keep": False}}})
    made.install()
    return made


@pytest.fixture
def computer(cluster: Cluster, tmp_path: Path) -> Iterator[Machine]:
    folder = tmp_path / "computer"
    folder.mkdir()
    with machine(cluster, unpacked(), folder) as made:
        yield made


@pytest.mark.slow
def test_a_layer_of_gigabytes_goes_in_and_comes_back(computer: Machine, release: Release, tmp_path: Path) -> None:
    root = random_root(tmp_path / "root")
    write_archive(computer.path("/home/large.tar"), "privreg.test/large:1", root)
    shutil.rmtree(root)
    person, image = computer.person("luis"), f"docker://{release.host}/large/app:1"
    login = ("skopeo", "login", "--username=ci", "--password-stdin", release.host)
    person.does(*login, stdin=release.password("ci"))
    person.does("skopeo", "copy", "docker-archive:/home/large.tar", image, timeout=300)
    person.does("skopeo", "copy", image, "dir:back", timeout=300)  # which compares the digests
    largest = max(path.stat().st_size for path in computer.path(f"{person.home}/back").iterdir())
    assert largest >= SIZE
    pods = get(release.cluster, "pods", release.namespace)["items"]
    statuses = [status for pod in pods for status in pod["status"].get("containerStatuses", [])]
    assert statuses and not [status["name"] for status in statuses if status["restartCount"]]


def random_root(root: Path) -> Path:
    """Make a folder with one file that no compression makes smaller."""
    root.mkdir()
    with (root / "random").open("wb") as file:
        for _ in range(SIZE // BLOCK):
            file.write(os.urandom(BLOCK))
    return root
