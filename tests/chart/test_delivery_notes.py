"""What NOTES.txt says about the delivery of pull Secrets."""

import json
from pathlib import Path

import pytest

from tests.chart.rendering import CHART, notes
from tests.cluster.paths import ROOT


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("users", ["namespace registry, ServiceAccount default", "namespace default, ServiceAccount default"]),
        (
            "pull-secrets-everywhere",
            [
                "namespace registry, ServiceAccount *",
                "namespaces *, ServiceAccount *",
                "not to kube-system, kube-public, kube-node-lease, sandbox-*, old-?",
            ],
        ),
        (
            "pull-secrets-selector",
            [
                "namespaces with the labels of pullSecrets.namespaceSelector, ServiceAccount default",
                "not to kube-system, kube-public, kube-node-lease",
            ],
        ),
        (
            "pull-secrets-admission",
            ["namespace registry", "namespaces team-*", "not to kube-system, kube-public, kube-node-lease"],
        ),
        (
            "pull-secrets-watch-named",
            [f"namespace {name}, ServiceAccount default, ci" for name in ("registry", "default", "team-a")],
        ),
    ],
)
def test_the_notes_say_where_the_secret_is_delivered(name: str, lines: list[str]) -> None:
    said = notes(CHART / "ci" / f"{name}-values.yaml")
    delivered = said[said.index("is delivered to\n") :].partition("\nPods there")[0]
    assert delivered.splitlines()[1:] == [f"  - {line}" for line in lines]


@pytest.mark.parametrize(("name", "option"), [("users", " -n default"), ("pull-secrets-selector", "")])
def test_the_notes_run_a_pod_where_the_secret_is(name: str, option: str) -> None:
    assert f"  kubectl run app{option} --image=" in notes(CHART / "ci" / f"{name}-values.yaml")


def test_the_notes_warn_when_nothing_is_chosen() -> None:
    said = notes(ROOT / "tests" / "data" / "accept" / "pull-secrets-for-nobody.yaml")
    assert "is delivered to" not in said
    assert "pullSecrets chooses no namespace: Pods need imagePullSecrets of your own to pull." in said


@pytest.mark.parametrize("keep", [False, True])
def test_the_notes_say_that_delivery_is_off_and_whether_what_was_delivered_stays(keep: bool, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(json.dumps({"pullSecrets": {"keepOnUninstall": keep}}))
    said = notes(CHART / "ci" / "pull-secrets-off-values.yaml", overlay)
    stays = ", and what was delivered before stays" if keep else ""
    assert f"pullSecrets.enabled is false: Pods need imagePullSecrets of your own to pull{stays}.\n" in said
