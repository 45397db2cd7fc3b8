"""`check --in-cluster` without its cluster: the program that a bare Python runs, and the Pod that it runs in."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from privreg_values.cluster.helm import Helm
from privreg_values.cluster.kubectl import Kubectl
from privreg_values.cluster.releases import Release
from privreg_values.errors import ClusterError, HelmError
from privreg_values.in_cluster import pod, program
from privreg_values.in_cluster.inside import Order
from privreg_values.registry.check import Check, Login
from tests.cluster.paths import BIN, ROOT
from tests.unit.registry_site import PASSWORD, USER, RunningRegistry, running

RELEASE = Release("registry", "privreg")
VALUES = ROOT / "charts" / "privreg" / "ci"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with running(tmp_path_factory.mktemp("registry")) as it:
        yield it


def order(registry: RunningRegistry, password: str = PASSWORD) -> Order:
    check = Check(registry.site(), Login(USER, password, "the test"), "privreg/check", resolve=False)
    return program.order(check, registry.ca.read_text())


def bare_python(text: str) -> "subprocess.CompletedProcess[str]":
    """Run a program in a Python without site-packages, environment and current folder, as the Pod does."""
    return subprocess.run([sys.executable, "-I", "-S", "-"], input=text, capture_output=True, text=True, check=False)


def test_a_bare_python_does_the_same_steps(registry: RunningRegistry) -> None:
    ended = bare_python(program.text(order(registry)))
    assert ended.stderr == ""
    *steps, end = map(json.loads, ended.stdout.splitlines())
    here = [step.name for step in Check(registry.site(), Login(USER, PASSWORD, "x"), "a/b", resolve=False).steps()]
    assert [step["name"] for step in steps] == here
    assert all(step["ok"] for step in steps)
    assert end == "end"


def test_a_step_that_fails_is_told_with_its_remedy_and_is_the_last(registry: RunningRegistry) -> None:
    ended = bare_python(program.text(order(registry, "guessed")))
    *_, step, end = map(json.loads, ended.stdout.splitlines())
    assert (step["name"], step["ok"], end) == ("login", False, "end")
    assert step["remedy"]


def test_a_program_that_breaks_does_not_show_the_password(registry: RunningRegistry) -> None:
    text = program.text(order(registry))
    (line,) = (line for line in text.splitlines() if PASSWORD in line)
    assert line.startswith("order = ")  # no call, so that a traceback that shows its lines does not show this one
    ended = bare_python(text.replace("'port': ", "'port': 'x', 'ports': "))
    assert ended.returncode
    assert PASSWORD not in ended.stdout + ended.stderr


def hooks(values: str) -> list[dict[str, object]]:
    objects = Helm(str(BIN / "helm")).template(ROOT / "charts" / "privreg", files=[VALUES / values])
    return [it for it in objects if "helm.sh/hook" in it["metadata"].get("annotations", {})]


@pytest.mark.parametrize("values", ["gateway-values.yaml", "images-values.yaml", "scheduling-values.yaml"])
def test_the_pod_is_that_of_helm_test_without_its_files(values: str) -> None:
    given = hooks(values)
    (test,) = (it["spec"] for it in given if it["kind"] == "Pod")
    made = pod.manifest(given, RELEASE)["spec"]
    (container,) = made["containers"]
    (tested,) = test["containers"]  # type: ignore[index]
    assert container["image"] == tested["image"]
    assert container["securityContext"] == tested["securityContext"]
    assert made["securityContext"] == test["securityContext"]  # type: ignore[index]
    assert made["automountServiceAccountToken"] is False
    for key in ("nodeSelector", "tolerations", "imagePullSecrets"):
        assert made.get(key) == test.get(key)  # type: ignore[attr-defined]
    assert "volumes" not in made
    assert "volumeMounts" not in container
    assert "env" not in container
    assert container["command"] == ["python3", "-"]


def test_two_pods_never_have_one_name() -> None:
    given = hooks("gateway-values.yaml")
    assert pod.manifest(given, RELEASE)["metadata"]["name"] != pod.manifest(given, RELEASE)["metadata"]["name"]


def test_a_release_of_another_chart_is_refused() -> None:
    with pytest.raises(HelmError, match="has no `helm test`"):
        pod.manifest([], RELEASE)


def scripted(folder: Path, script: str) -> Kubectl:
    """A kubectl that runs a script: `attach` to a Pod that dies is nothing that a real one does when it is asked to."""
    binary = folder / "kubectl"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o700)
    return Kubectl(binary=str(binary))


def test_a_pod_that_stops_in_the_middle_is_told_with_its_last_words(tmp_path: Path) -> None:
    step = '{"name": "dns", "ok": true, "detail": "", "remedy": ""}'
    kubectl = scripted(tmp_path, f"case \"$*\" in *logs*) echo MemoryError;; *) cat >/dev/null; echo '{step}';; esac")
    given = pod.steps(kubectl, "check", "registry", "the program")
    assert next(given).name == "dns"
    with pytest.raises(ClusterError, match="stopped in the middle of the check; it says: MemoryError"):
        next(given)


def test_what_kubectl_complains_of_while_it_streams_is_told(tmp_path: Path) -> None:
    kubectl = scripted(tmp_path, "echo 'error: unable to upgrade connection' >&2; exit 1")
    with pytest.raises(ClusterError, match="unable to upgrade connection"):
        list(kubectl.stream(["attach"], "program" * 100_000))


def test_lines_come_when_they_are_printed_and_kubectl_ends_with_its_reader(tmp_path: Path) -> None:
    began = time.monotonic()
    lines = scripted(tmp_path, "cat; exec sleep 60").stream(["attach"], "one\n")
    assert next(lines) == "one\n"
    lines.close()
    assert time.monotonic() - began < 30
