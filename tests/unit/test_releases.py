"""What the CLI makes of a release's settings: it chooses as the program in the cluster does."""

import json
from pathlib import Path
from typing import Any

import pytest

from choosing import Settings
from privreg_values.cluster import releases
from privreg_values.cluster.choice import read
from privreg_values.cluster.helm import Helm
from privreg_values.cluster.kubectl import Kubectl
from tests.cluster.paths import BIN, ROOT
from tests.unit.test_choosing import expression, item, settings

CHART = ROOT / "charts" / "privreg"
OPT_OUT = {"privreg.io/opt-out": "true"}
NAMESPACES = [
    item("registry"),
    item("registry", annotations=OPT_OUT),
    item("default"),
    item("team-a"),
    item("team-a", {"env": "dev"}),
    item("team-a", {"env": "dev"}, annotations=OPT_OUT),
    item("team-b", {"privreg.io/pull": "true", "pull-images": "true"}),
    item("sandbox", {"env": ""}),
    item("kube-system", {"env": "dev"}),
]
ACCOUNTS = ["default", "ci-build", "builder"]


def rendered(folder: Path, values: str) -> tuple[releases.Release, Settings]:
    """A release as it is found in a cluster that has what the chart renders, and the program's own settings."""
    (config_map,) = Helm(str(BIN / "helm")).template(
        CHART, files=[CHART / "ci" / values], namespace="registry", show_only=["templates/programs/configmap.yaml"]
    )
    config_map["metadata"].setdefault("namespace", "registry")
    (folder / "found.json").write_text(json.dumps({"items": [config_map]}))
    (folder / "settings.json").write_text(config_map["data"]["settings.json"])
    kubectl = folder / "kubectl"
    kubectl.write_text(f"#!/bin/sh\ncat {folder}/found.json\n")
    kubectl.chmod(0o700)
    return releases.only(releases.find(Kubectl(binary=str(kubectl)))), Settings.read(folder / "settings.json")


@pytest.mark.parametrize("values", sorted(it.name for it in (CHART / "ci").glob("pull-secrets-*values.yaml")))
def test_a_release_chooses_as_its_program_does(values: str, tmp_path: Path) -> None:
    release, program = rendered(tmp_path, values)
    for namespace in NAMESPACES:
        assert release.choice.has(namespace) == program.chooses(namespace), namespace
    for account in ACCOUNTS:
        assert release.choice.has_account(account) == program.chooses_account(item(account))
    assert release.choice.named_accounts == program.named_accounts
    assert release.secret_name in ("", program.secret_name)
    assert bool(release.secret_name) == bool(program.named or program.namespaces or program.selector)


@pytest.mark.parametrize(
    ("values", "watcher"),
    [
        ("pull-secrets-values.yaml", ""),
        ("pull-secrets-off-values.yaml", ""),
        ("pull-secrets-cronjob-values.yaml", ""),
        ("pull-secrets-everywhere-values.yaml", "deployment/privreg-pull-secrets"),
    ],
)
def test_a_deployment_that_watches_is_named_as_kubectl_logs_takes_it(values: str, watcher: str, tmp_path: Path) -> None:
    assert rendered(tmp_path, values)[0].watcher == watcher


@pytest.mark.parametrize(
    "changed",
    [
        {"own": False},
        {"namespaces": ["team-?", "ci"]},
        {"namespaces": ["*"], "excludeNamespaces": ["kube-*", "team-b", "registry"]},
        {"namespaces": []},
        {"namespaceSelector": {"matchLabels": {"env": "dev"}}},
        {"namespaceSelector": {"matchLabels": {"env": ""}}},
        {"namespaceSelector": {"matchLabels": {}, "matchExpressions": []}},
        *({"namespaceSelector": expression(it, "dev")} for it in ("In", "NotIn")),
        *({"namespaceSelector": expression(it)} for it in ("Exists", "DoesNotExist")),
        {"namespaceSelector": {"matchLabels": {"env": "dev"}, **expression("DoesNotExist")}},
    ],
    ids=str,
)
def test_every_way_to_choose_is_understood_alike(changed: dict[str, Any], tmp_path: Path) -> None:
    program = settings(tmp_path, **changed)
    choice = read(json.loads((tmp_path / "settings.json").read_text()))
    assert [choice.has(it) for it in NAMESPACES] == [program.chooses(it) for it in NAMESPACES]


@pytest.mark.parametrize(
    "settings_json",
    [
        "not JSON",
        "[]",
        "[" * 5000,
        '{"secretName": "x; id", "namespaces": ["*"]}',
        '{"sourceSecret": "--server=http://192.0.2.1"}',
        '{"sourceSecret": ["x"]}',
        '{"watcher": "/apis/apps/v1/namespaces/a/deployments/$(id)"}',
        '{"namespaces": 1}',
        '{"namespaceSelector": {"matchExpressions": [{}]}}',
    ],
    ids=lambda it: it[:40],
)
def test_what_somebody_else_has_given_our_labels_is_no_release(settings_json: str, tmp_path: Path) -> None:
    labels = {"app.kubernetes.io/component": "programs", "app.kubernetes.io/instance": "privreg"}
    metadata = {"name": "privreg-programs", "namespace": "theirs", "labels": labels}
    data = {"check_login.py": "", "settings.json": settings_json}
    (tmp_path / "found.json").write_text(json.dumps({"items": [{"metadata": metadata, "data": data}]}))
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!/bin/sh\ncat {tmp_path}/found.json\n")
    kubectl.chmod(0o700)
    assert releases.find(Kubectl(binary=str(kubectl))) == []
