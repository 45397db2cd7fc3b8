"""Which namespaces and ServiceAccounts the settings choose."""

import json
from pathlib import Path
from typing import Any

import pytest

from choosing import Settings, SettingsError

Json = dict[str, Any]
USUAL: Json = {
    "release": "registry/privreg",
    "releaseNamespace": "registry",
    "sourceSecret": "privreg-credential",
    "secretName": "privreg-pull",
    "own": True,
    "namespaces": ["default"],
    "namespaceSelector": {},
    "excludeNamespaces": ["kube-system"],
    "everywhere": False,
    "serviceAccounts": ["default"],
    "strict": False,
    "watcher": "",
}


def settings(folder: Path, **changed: Any) -> Settings:
    path = folder / "settings.json"
    path.write_text(json.dumps(USUAL | changed))
    return Settings.read(path)


def item(name: str, labels: Json | None = None, **metadata: Any) -> Json:
    return {"metadata": {"name": name, "labels": labels or {}, **metadata}}


@pytest.mark.parametrize(
    ("namespaces", "chosen", "others"),
    [
        (["default"], ["default", "registry"], ["kube-system", "default-2"]),
        (["*"], ["default", "team-a", "x"], ["kube-system"]),
        (["team-*", "ci"], ["team-a", "team-", "ci"], ["team", "ci-2", "a-team-b", "default"]),
        (["team-?"], ["team-a"], ["team-ab", "team-"]),
        ([], ["registry"], ["default"]),
    ],
)
def test_namespaces_are_chosen_by_name_and_pattern(
    namespaces: list[str], chosen: list[str], others: list[str], tmp_path: Path
) -> None:
    it = settings(tmp_path, namespaces=namespaces)
    assert [name for name in [*chosen, *others] if it.chooses(item(name))] == chosen


def expression(operator: str, *values: str) -> Json:
    return {"matchExpressions": [{"key": "env", "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "labels", "chosen"),
    [
        ({"matchLabels": {"env": "dev"}}, {"env": "dev", "x": "y"}, True),
        ({"matchLabels": {"env": "dev"}}, {"env": "prod"}, False),
        ({"matchLabels": {"env": "dev", "x": "y"}}, {"env": "dev"}, False),
        ({"matchLabels": {"env": ""}}, {}, False),
        (expression("In", "dev", "test"), {"env": "test"}, True),
        (expression("In", "dev", "test"), {}, False),
        (expression("NotIn", "prod"), {"env": "dev"}, True),
        (expression("NotIn", "prod"), {}, True),
        (expression("NotIn", "prod"), {"env": "prod"}, False),
        (expression("Exists"), {"env": ""}, True),
        (expression("Exists"), {}, False),
        (expression("DoesNotExist"), {}, True),
        (expression("DoesNotExist"), {"env": "dev"}, False),
        ({}, {"env": "dev"}, False),  # nothing, where Kubernetes would say everything
        ({"matchLabels": {}, "matchExpressions": []}, {"env": "dev"}, False),
    ],
)
def test_namespaces_are_chosen_by_label(selector: Json, labels: Json, chosen: bool, tmp_path: Path) -> None:
    it = settings(tmp_path, namespaceSelector=selector)
    assert it.chooses(item("team-a", labels)) is chosen
    assert it.chooses(item("kube-system", labels)) is False


def test_what_opts_out_or_is_being_deleted_is_not_chosen(tmp_path: Path) -> None:
    it = settings(tmp_path, namespaces=["*"], serviceAccounts=["*"])
    assert it.chooses(item("team-a"))
    assert not it.chooses(item("team-a", annotations={"privreg.io/opt-out": "true"}))
    assert it.chooses(item("team-a", annotations={"privreg.io/opt-out": "false"}))
    assert not it.chooses(item("registry", annotations={"privreg.io/opt-out": "true"}))
    assert not it.chooses(item("team-a", deletionTimestamp="2026-01-01T00:00:00Z"))
    assert it.chooses_account(item("any"))
    assert not it.chooses_account(item("any", annotations={"privreg.io/opt-out": "true"}))


def test_service_accounts_are_chosen_by_name_and_pattern(tmp_path: Path) -> None:
    it = settings(tmp_path, serviceAccounts=["default", "ci-*"])
    names = ["default", "ci-build", "ci", "builder"]
    assert [name for name in names if it.chooses_account(item(name))] == ["default", "ci-build"]
    assert it.named_accounts == ("default",)


@pytest.mark.parametrize(
    "selector",
    [
        expression("Matches", "x"),
        expression("In"),
        expression("Exists", "x"),
        {"matchExpressions": [{"operator": "Exists"}]},
        {"matchExpressions": ["env"]},
        {"matchLabels": ["env"]},
        ["env=dev"],
    ],
    ids=str,
)
def test_a_bad_selector_chooses_nothing_and_says_so(selector: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings\.json: "):
        settings(tmp_path, namespaceSelector=selector)


@pytest.mark.parametrize(
    "changed",
    [
        {"namespaces": "*"},
        {"namespaces": [1]},
        {"namespaces": None},
        {"excludeNamespaces": "kube-system"},
        {"serviceAccounts": {"default": True}},
        {"own": "false"},
        {"everywhere": 1},
        {"strict": "no"},
    ],
    ids=str,
)
def test_settings_of_another_type_choose_nothing(changed: Json, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings\.json: not this program's settings: TypeError"):
        settings(tmp_path, **changed)


def test_settings_differ_when_something_else_is_delivered(tmp_path: Path) -> None:
    it = settings(tmp_path)
    assert it.delivers_like(settings(tmp_path, strict=True, watcher="/apis/apps/v1/x"))
    changes: list[Json] = [{"secretName": "x"}, {"namespaces": []}, {"serviceAccounts": ["ci"]}, {"own": False}]
    for changed in changes:
        assert not it.delivers_like(settings(tmp_path, **changed))
