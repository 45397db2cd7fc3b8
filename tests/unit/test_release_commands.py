"""render, diff, apply, status and uninstall, with real helm and a real API server without nodes."""

import base64
import gzip
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cluster.paths import BIN
from tests.control_plane import ControlPlane
from tests.unit.conftest import Cli, Ended

NUMBERS = itertools.count()
HOST = "registry.example.com"
OVERLAY = """\
pullSecrets:   # hooks would wait for a node: neither to deliver, nor to take back
  {enabled: false, keepOnUninstall: true}
"""
Run = Callable[..., Ended]


@pytest.fixture
def values(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Generated values, and helm and kubectl on PATH."""
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert cli("gen", f"--host={HOST}", "--ingress-class=nginx", "--yes").code == 0
    (folder / "overlay.yaml").write_text(OVERLAY)
    return folder


@pytest.fixture
def run(values: Path, cli: Cli, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The CLI, in a namespace of the test's own. No secret may be in what helm and kubectl are started with."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(values / "kubeconfig")))
    monkeypatch.setenv("PRIVREG_NAMESPACE", f"release-{next(NUMBERS)}")
    for name, program in (("helm", "helm"), ("helm3", "helm3"), ("kubectl", "kubectl")):
        spy = values / name
        spy.write_text(f'#!/bin/sh\n{{ echo "$0 $@"; env; }} >>{values}/seen\nexec {BIN}/{program} "$@"\n')
        spy.chmod(0o755)
    monkeypatch.setenv("PRIVREG_HELM", str(values / "helm"))
    monkeypatch.setenv("PRIVREG_KUBECTL", str(values / "kubectl"))
    yield cli
    seen = (values / "seen").read_text()
    assert "history privreg" in seen
    assert not [word for word in secrets_of(values) if word in seen]


def secrets_of(folder: Path) -> set[str]:
    """All that must not be shown: passwords, hashes, the HTTP secret, and what Secrets hold."""
    text = (folder / "values.yaml").read_text() + (folder / "credentials.yaml").read_text()
    found = {word for word in re.findall(r'[^\s"\']{20,}', text) if re.search(r"\d", word) and HOST not in word}
    assert len(found) >= 6
    return found


FILES = ("values.yaml", "overlay.yaml")


def test_render_shows_objects_by_part_and_what_is_not_the_default(values: Path, cli: Cli) -> None:
    ended = cli("render", *FILES, "--namespace=here")
    assert ended.code == 0
    assert re.search(
        r"^registry\n(  .+\n)*  Deployment +privreg +1 x registry:\S+, haproxy:\S+, registry:\S+$",
        ended.out,
        re.MULTILINE,
    )
    assert "  overlay.yaml:2  pullSecrets.enabled: false" in ended.out
    assert "  values.yaml:27  httpSecret.value: (hidden)" in ended.out
    assert not [word for word in secrets_of(values) if word in ended.out]


def test_render_shows_secrets_only_when_it_is_asked_to(values: Path, cli: Cli) -> None:
    hidden, shown = cli("render", "--full"), cli("render", "--full", "--show-secrets")
    documents = {it["metadata"]["name"]: it for it in YAML(typ="safe").load_all(shown.out) if it["kind"] == "Secret"}
    data = documents["privreg-htpasswd"]["data"]["htpasswd"]
    assert data not in hidden.out
    assert len([*YAML(typ="safe").load_all(hidden.out)]) == len([*YAML(typ="safe").load_all(shown.out)])
    as_json = cli("render", "--json")
    assert data not in as_json.out
    assert not [word for word in secrets_of(values) if word in hidden.out + as_json.out]
    kept = [it for it in YAML(typ="safe").load_all(hidden.out) if it["kind"] != "Secret"]
    assert kept == [it for it in YAML(typ="safe").load_all(shown.out) if it["kind"] != "Secret"]
    assert {it["path"] for it in json.loads(as_json.out)["differences"]} >= {"host", "auth.users"}


def test_values_that_the_chart_refuses_are_said_with_their_line_before_helm_is_asked(
    values: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIVREG_HELM", "no-such-helm")
    (values / "overlay.yaml").write_text("replicsa: 3\n")
    for command, code in (("render", 1), ("apply", 1), ("diff", 2)):
        ended = cli(command, *FILES)
        assert (ended.code, ended.out) == (code, "")
        assert "overlay.yaml:1:1: replicsa: is not a key of this chart" in ended.err


def test_another_charts_refusal_is_traced_to_the_line(values: Path, cli: Cli) -> None:
    chart = values / "other"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: privreg\nversion: 9.0.0\n")
    (chart / "values.schema.json").write_text('{"properties": {"host": {"maxLength": 3}}}')
    ended = cli("render", *FILES, f"--chart={chart}")
    assert ended.code == 1
    assert "at '/host'" in ended.err
    assert "\nvalues.yaml:6:7: host\n" in ended.err
    assert not ended.err.startswith("error: Error")


def test_a_release_is_made_changed_and_taken_away(run: Run, values: Path, control_plane: ControlPlane) -> None:
    ended = run("diff", *FILES)
    assert ended.code == 1
    assert "there is no release privreg" in ended.out

    ended = run("apply", *FILES, "--no-wait")
    assert ended.code == 0, ended.err
    assert "revision 1 is deployed, 10 objects" in ended.out
    assert "… Deployment privreg: is being changed" in ended.err

    (values / "overlay.yaml").write_text(OVERLAY + "service: {port: 81}\n")
    assert run("users", "rotate", "ci").code == 0
    ended = run("diff", *FILES)
    assert ended.code == 1
    assert "Service privreg (changed)" in ended.out
    assert "\n-    port: 80\n+    port: 81\n" in ended.out
    assert "\n-  htpasswd: (hidden)\n+  htpasswd: (hidden, changed)\n" in ended.out
    assert "  overlay.yaml:3  service.port: 80 -> 81\n" in ended.out
    assert re.search(r"  values.yaml:\d+  auth.users: admin, ci, cluster \(changed\)\n", ended.out)
    assert "2 changed" in ended.out
    assert not [word for word in secrets_of(values) if word in ended.out]

    ended = run("apply", *FILES, "--no-wait", "--json")
    assert ended.code == 0, ended.err
    answer = json.loads(ended.out)
    assert (answer["revision"], answer["before"], answer["status"]) == (2, 1, "deployed")

    ended = run("status", "--json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["ok"], answer["revision"]) == (1, False, 2)
    assert (answer["host"], answer["users"], answer["chart"]) == (HOST, 3, "privreg-0.1.0")
    assert answer["roles"] == {"admin": 1, "push": 1, "pull": 1}
    assert answer["certificate"]["detail"].startswith("there is no TLS Secret privreg-tls")
    assert {it["object"]: it["ready"] for it in answer["objects"]}["Deployment privreg"] is False
    assert not [word for word in secrets_of(values) if word in ended.out]

    leave_a_hook(control_plane)
    ended = run("uninstall")
    assert (ended.code, "--yes" in ended.err) == (2, True)
    ended = run("uninstall", "--yes")
    assert ended.code == 0, ended.err
    assert "kept: PersistentVolumeClaim privreg" in ended.out
    assert "9 objects" in ended.err
    assert "there is no release privreg" in run("status").err
    pods = f"/api/v1/namespaces/{os.environ['PRIVREG_NAMESPACE']}/pods"
    assert control_plane.must("GET", pods)["items"] == []


@pytest.mark.parametrize("helm", ["helm", "helm3"])
def test_an_install_under_the_same_name_takes_over_the_claim_that_was_kept(
    run: Run, values: Path, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, helm: str
) -> None:
    monkeypatch.setenv("PRIVREG_HELM", str(values / helm))
    claim = f"/api/v1/namespaces/{os.environ['PRIVREG_NAMESPACE']}/persistentvolumeclaims/privreg"
    assert run("apply", *FILES, "--no-wait").code == 0
    control_plane.must("PATCH", claim, {"spec": {"volumeName": "a-volume"}})  # as a controller binds it
    before = control_plane.must("GET", claim)
    assert run("uninstall", "--yes").code == 0
    ended = run("apply", *FILES, "--no-wait")
    assert ended.code == 0, ended.err
    after = control_plane.must("GET", claim)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert run("uninstall", "--yes").code == 0


def leave_a_hook(control_plane: ControlPlane) -> None:
    """Leave the Pod of `helm test`, as it is there after a test that failed."""
    pod = {
        "metadata": {"name": "privreg-test-login"},
        "spec": {"containers": [{"name": "c", "image": "i"}], "terminationGracePeriodSeconds": 0},
    }
    control_plane.must("POST", f"/api/v1/namespaces/{os.environ['PRIVREG_NAMESPACE']}/pods", pod)


def test_helm_3_and_values_from_standard_input_do_as_well(
    run: Run, values: Path, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIVREG_HELM", str(values / "helm3"))
    ended = run("apply", "overlay.yaml", "-", "--no-wait", stdin=(values / "values.yaml").read_text())
    assert ended.code == 0, ended.err
    assert json.loads(run("diff", *FILES, "--json").out) == {
        "revision": 1, "status": "deployed", "differs": False, "changes": [], "values": [],
    }  # fmt: skip
    assert "✓ Service privreg: is there" in run("status").out
    # Helm 3 does not roll back to a bound claim that was kept; the old revision comes back all the same.
    claim = f"/api/v1/namespaces/{os.environ['PRIVREG_NAMESPACE']}/persistentvolumeclaims/privreg"
    control_plane.must("PATCH", claim, {"spec": {"volumeName": "a-volume"}})
    bad = "storage: {persistence: {existingClaim: other}}\nservice: {type: NodePort, nodePort: 99}\n"
    (values / "overlay.yaml").write_text(OVERLAY + bad)
    ended = run("apply", *FILES, "--no-wait")
    assert ended.code == 1
    assert "revision 1 is in force again, as revision 4" in ended.err
    (values / "overlay.yaml").write_text(OVERLAY)
    assert run("diff", *FILES).code == 0
    assert run("uninstall", "--yes").code == 0


def test_a_failure_is_traced_says_what_to_type_next_and_leaves_the_revision_before(run: Run, values: Path) -> None:
    bad = OVERLAY + "service:\n  type: NodePort\n  nodePort: 99\n"
    (values / "overlay.yaml").write_text(bad)
    ended = run("apply", *FILES, "--no-wait")
    assert (ended.code, ended.out) == (1, "")
    assert "nodePort: Invalid value: 99" in ended.err
    assert "\noverlay.yaml:5:13: service.nodePort\n" in ended.err
    assert "revision 1 is failed" in ended.err
    where = f"--namespace {os.environ['PRIVREG_NAMESPACE']}"
    assert (
        f"take it away with `privreg-values uninstall {where}`, "
        f"or go on with `privreg-values apply {' '.join(FILES)} {where}`" in ended.err
    )

    (values / "overlay.yaml").write_text(OVERLAY)
    assert run("apply", *FILES, "--no-wait").code == 0

    (values / "overlay.yaml").write_text(bad)
    ended = run("apply", *FILES, "--no-wait")
    assert ended.code == 1
    assert "revision 2 is in force again, as revision 4" in ended.err
    assert "level=" not in ended.err
    (values / "overlay.yaml").write_text(OVERLAY)
    assert run("diff", *FILES).code == 0
    assert run("uninstall", "--yes").code == 0


def test_a_failure_that_helm_does_not_say_in_utf_8_is_one_all_the_same(
    run: Run, values: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = values / "odd-helm"
    odd.write_text(f"#!/bin/sh\n{values}/helm \"$@\" || {{ code=$?; printf 'caf\\351\\n' >&2; exit $code; }}\n")
    odd.chmod(0o755)
    monkeypatch.setenv("PRIVREG_HELM", str(odd))
    assert run("apply", *FILES, "--no-wait").code == 0
    (values / "overlay.yaml").write_text(OVERLAY + "service: {type: NodePort, nodePort: 99}\n")
    ended = run("apply", *FILES, "--no-wait")
    assert (ended.code, ended.out) == (1, "")
    assert "nodePort: Invalid value: 99" in ended.err
    assert "revision 1 is in force again, as revision 3" in ended.err
    assert run("uninstall", "--yes").code == 0


@pytest.mark.parametrize(
    ("statuses", "undo"),
    [(["deployed", "pending-upgrade"], "helm rollback privreg 1"), (["pending-install"], "helm uninstall privreg")],
)
def test_a_release_that_another_helm_is_at_is_left_alone(
    statuses: list[str], undo: str, run: Run, control_plane: ControlPlane
) -> None:
    namespace = os.environ["PRIVREG_NAMESPACE"]
    control_plane.create_namespace(namespace)
    for number, status in enumerate(statuses, 1):
        store_revision(control_plane, namespace, number, status)
    ended = run("apply", *FILES, "--no-wait")
    assert ended.code == 1
    assert f"revision {len(statuses)} is {statuses[-1]}" in ended.err
    assert f"`{undo} --namespace {namespace}`" in ended.err
    ended = run("apply", *FILES, "--no-wait", "--context=it")
    assert f"`{undo} --namespace {namespace} --kube-context it`" in ended.err


def store_revision(control_plane: ControlPlane, namespace: str, number: int, status: str) -> None:
    """Write a revision as helm stores it."""
    info = {"first_deployed": "2026-01-01T00:00:00Z", "last_deployed": "2026-01-01T00:00:00Z", "status": status}
    chart = {"metadata": {"apiVersion": "v2", "name": "privreg", "version": "0.1.0"}}
    release = {"name": "privreg", "namespace": namespace, "version": number, "info": info, "chart": chart}
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    labels = {"name": "privreg", "owner": "helm", "status": status, "version": str(number)}
    metadata = {"name": f"sh.helm.release.v1.privreg.v{number}", "labels": labels}
    secret = {"metadata": metadata, "type": "helm.sh/release.v1", "data": {"release": packed}}
    control_plane.must("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_whoever_ends_it_is_told_where_the_release_stands(
    number: signal.Signals, word: str, run: Run, values: Path, control_plane: ControlPlane
) -> None:
    assert run("apply", *FILES, "--no-wait").code == 0
    (values / "overlay.yaml").write_text(OVERLAY + "podAnnotations: {changed: 'yes'}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "privreg_values", "apply", *FILES, "--timeout=60"],  # which waits for a node
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    namespace = os.environ["PRIVREG_NAMESPACE"]
    wait_for_change(control_plane)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    assert "interrupted; waiting until helm has ended" in said
    assert "revision 2 is failed" in said, said
    assert f"go back with `helm rollback privreg 1 --namespace {namespace}`, or go on with `privreg-values" in said
    assert said.endswith(f"\n{word}\n")
    assert run("uninstall", "--yes").code == 0


def test_whoever_ends_it_in_the_moment_in_which_helm_begins_is_told_as_well(
    run: Run, values: Path, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("apply", *FILES, "--no-wait").code == 0
    (values / "overlay.yaml").write_text(OVERLAY + "podAnnotations: {changed: 'yes'}\n")
    start = threading.Thread.start

    def start_and_terminate(thread: threading.Thread) -> None:
        start(thread)
        if thread.name.endswith("(_work)"):  # asyncio has threads as well
            wait_for_change(control_plane)
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start_and_terminate)
        ended = run("apply", *FILES, "--timeout=60")
    assert ended.code == 128 + signal.SIGTERM
    assert "interrupted; waiting until helm has ended" in ended.err
    assert "revision 2 is failed" in ended.err, ended.err  # helm wrote that down when it was ended
    assert run("uninstall", "--yes").code == 0


def wait_for_change(control_plane: ControlPlane) -> None:
    """Wait until helm has changed the annotations of the Deployment's Pods."""
    deployment = f"/apis/apps/v1/namespaces/{os.environ['PRIVREG_NAMESPACE']}/deployments/privreg"
    deadline = time.monotonic() + 60
    while "changed" not in control_plane.must("GET", deployment)["spec"]["template"]["metadata"]["annotations"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_context_that_is_not_there_is_said_and_nothing_is_made(run: Run) -> None:
    for command in (["apply", *FILES], ["uninstall", "--yes"]):
        ended = run(*command, "--context=elsewhere")
        assert (ended.code, ended.out) == (1, "")
        assert "elsewhere" in ended.err
    assert run("diff", *FILES, "--context=elsewhere").code == 2
