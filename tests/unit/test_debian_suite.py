"""Packages of Debian's testing suite: which version is taken, and what is said where there is none."""

import subprocess
from pathlib import Path

import pytest

from tests.cluster import chart, debian, suite
from tests.cluster.errors import ClusterError

MADISON = """\
   haproxy |   3.3.1-1 | http://mirror.test/debian forky/main amd64 Packages
   haproxy |  3.2.26-1 | http://mirror.test/debian forky/main amd64 Packages
   haproxy |   3.2.5-2 | http://mirror.test/debian forky/main amd64 Packages
"""
DEPENDS = """\
haproxy
  Depends: libc6
  Depends: adduser
 |Depends: libpam-runtime
libc6
adduser
  Depends: passwd
"""
SIMULATED = "".join(
    f"Inst {name} (1.0-1 Debian:testing [amd64])\n" for name in ("libc6", "passwd", "adduser", "haproxy")
)


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite with these packages."""
    said = {"madison": MADISON, "--simulate": SIMULATED, "depends": DEPENDS}
    monkeypatch.setattr(suite, "_update", lambda: None)
    monkeypatch.setattr(suite, "_ask", lambda *command: next(said[word] for word in command if word in said))


@pytest.mark.parametrize(("series", "version"), [("3.2", "3.2.26-1"), ("3", "3.3.1-1"), ("3.2.5", "3.2.5-2")])
def test_the_newest_version_of_the_charts_series_is_taken(series: str, version: str) -> None:
    assert suite.newest("haproxy", series) == version


def test_a_series_that_the_suite_lacks_is_said_with_what_it_has_and_what_to_do() -> None:
    with pytest.raises(ClusterError) as caught:
        suite.newest("haproxy", "3.20")
    assert "has haproxy 3.3.1-1, 3.2.26-1, 3.2.5-2; none begins with 3.20" in str(caught.value)
    assert "Change the tag in charts/privreg/values.yaml" in str(caught.value)


def test_what_only_installation_scripts_use_is_not_unpacked() -> None:
    assert suite.closure(("haproxy",)) == ["haproxy=1.0-1", "libc6=1.0-1"]


def test_a_machine_whose_sources_name_no_debian_is_told_how_to_name_a_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIVREG_DEBIAN_MIRROR", raising=False)
    ubuntu = subprocess.CompletedProcess([], 0, "http://archive.test/ubuntu/ noble main\n", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ubuntu)
    with pytest.raises(ClusterError, match="set PRIVREG_DEBIAN_MIRROR"):
        suite.mirror()
    monkeypatch.setenv("PRIVREG_DEBIAN_MIRROR", "http://mirror.test/debian")
    assert suite.mirror() == "http://mirror.test/debian"


def test_haproxy_beside_the_cluster_has_the_version_of_the_charts_tag_and_its_own_libraries() -> None:
    program = debian.root_of(debian.HAPROXY.packages) / "usr/sbin/haproxy"
    said = subprocess.run(["haproxy", "-v"], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"HAProxy version {chart.series('gateway')}.")
    assert debian.HAPROXY.is_there
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    own = [line for line in libraries.splitlines() if "=>" in line]
    assert own
    assert all(str(program.parents[2]) in line for line in own)


def test_a_copy_of_the_cache_makes_roots_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = debian.root_of(("haproxy=3.2",))
    monkeypatch.setattr(debian, "ROOTS", tmp_path)
    assert debian.root_of(("haproxy=3.2",)).name != before.name
