"""OCI conformance: what the bare registry passes, the installed one passes, through Ingress and login.

The report of the last run is kept in .cache/conformance/.
"""

import collections
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cluster.paths import BIN, CACHE, environment
from tests.e2e.release import Release

REPORTS = CACHE / "conformance"
PASSED, FAILED = 743, 91  # what registry 3.1.2 alone gets from the pinned suite; the README has both


@dataclass(frozen=True)
class Results:
    """What the suite reported.

    Attributes:
        cases: how often each test case ended how; names repeat.
        passed: how many single checks passed; a case has one or more.
        failed: how many failed.
    """

    cases: dict[str, collections.Counter[str]]
    passed: int
    failed: int


@pytest.fixture
def bare_registry(tmp_path: Path) -> Iterator[str]:
    """The registry program alone on loopback: no login, no TLS, nothing in between."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    configuration = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "data")}, "delete": {"enabled": True}},
        "http": {"addr": address},
    }
    (tmp_path / "config.yml").write_text(json.dumps(configuration))
    command = [str(BIN / "registry"), "serve", str(tmp_path / "config.yml")]
    with subprocess.Popen(command, env=environment(OTEL_TRACES_EXPORTER="none"), stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(address)
            yield address
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    host, port = address.split(":")
    for _ in range(100):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the bare registry does not answer")


def run_suite(folder: Path, configuration: dict[str, str], command: list[str], variables: dict[str, str]) -> Results:
    """Run the suite and return its results; its exit code is 1 as soon as one test fails."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "oci-conformance.yaml"
    file.touch(mode=0o600)
    file.write_text(json.dumps({**configuration, "resultsDir": str(folder)}))
    subprocess.run(
        command,
        env=environment(OCI_CONFIGURATION=str(file), **variables),
        capture_output=True,
        check=False,
        timeout=600,
    )
    file.unlink()
    suites = ElementTree.parse(folder / "junit.xml").getroot()
    cases: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for case in suites.iter("testcase"):
        cases[case.attrib["name"]][case.attrib["status"]] += 1
    count = {name: int(suites.attrib[name]) for name in ("tests", "failures", "skipped", "disabled")}
    passed = count["tests"] - count["failures"] - count["skipped"] - count["disabled"]
    return Results(cases, passed, count["failures"])


def test_no_conformance_test_is_lost_on_the_way_to_the_installed_registry(
    registry: Release, bare_registry: str
) -> None:
    suite = str(BIN / "conformance")
    bare = run_suite(REPORTS / "bare", {"registry": bare_registry, "tls": "disabled"}, [suite], {})
    login = {"username": "admin", "password": registry.password("admin")}
    assert registry.cluster.pki
    installed = run_suite(
        REPORTS / "installed",
        {"registry": registry.host, "tls": "enabled", **login},
        registry.cluster.inside([suite]),
        {"SSL_CERT_FILE": str(registry.cluster.pki / "ca.crt")},
    )

    summary = {
        name: {"passed": results.passed, "failed": results.failed}
        for name, results in (("bare", bare), ("installed", installed))
    }
    (REPORTS / "summary.json").write_text(json.dumps(summary, indent=1))
    assert (bare.passed, bare.failed) == (PASSED, FAILED), "another suite or registry: change the README as well"
    lost = [name for name in bare.cases if installed.cases[name]["passed"] < bare.cases[name]["passed"]]
    assert lost == []
    assert installed.passed >= bare.passed
