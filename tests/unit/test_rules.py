"""rules.py; tests/chart compares its words with the chart's own."""

from typing import Any

import pytest

from privreg_values.values import chart, rules
from privreg_values.values.nodes import plain

GOOD: dict[str, Any] = {
    "host": "registry.example.com",
    "auth": {"users": [{"name": "admin", "role": "admin"}, {"name": "cluster", "role": "pull"}]},
    "httpSecret": {"value": "s"},
    "pullSecrets": {"credential": {"username": "cluster", "password": "p"}},
}


EXPRESSIONS = "pullSecrets.namespaceSelector.matchExpressions"


def expression(operator: str, *values: str) -> dict[str, Any]:
    requirement = {"key": "env", "operator": operator, "values": list(values)}
    return {"pullSecrets.namespaceSelector": {"matchExpressions": [requirement]}}


def broken(changes: dict[str, Any]) -> list[str]:
    """The paths of the rules that are broken when dotted paths of good values are set to something else."""
    values = plain(chart.defaults())
    for path, value in {**_flat(GOOD), **changes}.items():
        *parents, last = path.split(".")
        target = values
        for step in parents:
            target = target[step]
        target[last] = value
    return [".".join(map(str, finding.path)) for finding in rules.check(values)]


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def test_good_values_break_no_rule() -> None:
    assert broken({}) == []


def test_the_defaults_break_the_four_rules_that_gen_is_for() -> None:
    found = [finding.path[0] for finding in rules.check(plain(chart.defaults()))]
    assert found == ["host", "auth", "httpSecret", "pullSecrets"]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"host": ""}, ["host"]),
        ({"auth.users": [], "pullSecrets.enabled": False}, ["auth"]),
        ({"auth.existingSecret": "s"}, ["auth.existingSecret"]),
        ({"auth.users": [], "auth.existingSecret": "s", "auth.access": [{"name": "a", "role": "pull"}]}, []),
        ({"auth.users": [{"name": name, "role": "pull"} for name in ("cluster", "a", "a", "a")]}, ["auth.users"]),
        ({"httpSecret.value": ""}, ["httpSecret"]),
        ({"httpSecret.existingSecret": "s"}, ["httpSecret.existingSecret"]),
        ({"httpSecret.value": "", "httpSecret.existingSecret": "s"}, []),
        ({"pullSecrets.credential": {}}, ["pullSecrets"]),
        ({"pullSecrets.credential": {}, "pullSecrets.enabled": False}, []),
        ({"pullSecrets.existingSecret": "s"}, ["pullSecrets.existingSecret"]),
        ({"pullSecrets.credential": {}, "pullSecrets.existingSecret": "s"}, []),
        ({"pullSecrets.credential.password": ""}, ["pullSecrets.credential.password"]),
        ({"pullSecrets.credential.username": ""}, ["pullSecrets.credential.username"]),
        ({"pullSecrets.credential.username": "x"}, ["pullSecrets.credential.username"]),
        ({"pullSecrets.excludeNamespaces": ["default"]}, ["pullSecrets.namespaces"]),
        ({"pullSecrets.excludeNamespaces": ["def*"]}, ["pullSecrets.namespaces"]),
        ({"pullSecrets.excludeNamespaces": ["*t", "defaul?"]}, ["pullSecrets.namespaces"] * 2),
        ({"pullSecrets.excludeNamespaces": ["default-*", "defaul", "?default"]}, []),
        ({"pullSecrets.excludeNamespaces": ["default"], "pullSecrets.namespaces": ["d*"]}, []),
        ({"pullSecrets.excludeNamespaces": ["default"], "pullSecrets.enabled": False}, []),
        (expression("In"), [EXPRESSIONS]),
        (expression("NotIn"), [EXPRESSIONS]),
        (expression("Exists", "dev"), [EXPRESSIONS]),
        (expression("DoesNotExist", "dev"), [EXPRESSIONS]),
        (expression("In", "dev"), []),
        (expression("Exists"), []),
        ({"replicas": 2}, ["replicas"]),
        ({"replicas": 2, "storage.persistence.accessModes": ["ReadWriteMany"]}, []),
        ({"replicas": 2, "storage.type": "emptyDir"}, ["replicas"]),
        ({"replicas": 2, "storage.type": "nfs", "storage.nfs": {"server": "a", "path": "/"}}, []),
        ({"storage.type": "nfs"}, ["storage.nfs.server", "storage.nfs.path"]),
        ({"storage.type": "hostPath", "storage.hostPath.path": ""}, ["storage.hostPath.path"]),
        ({"service.nodePort": 30000}, ["service.nodePort"]),
        ({"service.nodePort": 30000, "service.type": "NodePort"}, []),
        ({"service.externalTrafficPolicy": "Local"}, ["service.externalTrafficPolicy"]),
        ({"service.loadBalancerClass": "x"}, ["service.loadBalancerClass"]),
        ({"service.loadBalancerSourceRanges": ["10.0.0.0/8"]}, ["service.loadBalancerSourceRanges"]),
        ({"service.loadBalancerClass": "x", "service.type": "LoadBalancer"}, []),
        (
            {"podDisruptionBudget.minAvailable": 0, "podDisruptionBudget.maxUnavailable": 1},
            ["podDisruptionBudget.maxUnavailable"],
        ),
        ({"podDisruptionBudget.minAvailable": 0}, []),
    ],
    ids=str,
)
def test_a_rule_is_broken_by_the_combination_it_is_about_and_no_other(
    changes: dict[str, Any], paths: list[str]
) -> None:
    assert broken(changes) == paths


@pytest.mark.parametrize("value", [None, "text", 1, True, [], {}, ["x"], [{}]])
@pytest.mark.parametrize(
    "key", ["auth", "httpSecret", "pullSecrets", "storage", "service", "podDisruptionBudget", "replicas"]
)
def test_values_of_a_wrong_type_do_not_stop_the_rules(key: str, value: object) -> None:
    rules.check({**plain(chart.defaults()), key: value})


@pytest.mark.parametrize("value", [None, "text", 1, [], {}, ["x"], [{}], [{"key": 1, "operator": [], "values": 1}]])
@pytest.mark.parametrize(
    "path", ["namespaces", "excludeNamespaces", "namespaceSelector", "namespaceSelector.matchExpressions"]
)
def test_namespaces_of_a_wrong_type_do_not_stop_the_rules(path: str, value: object) -> None:
    broken({"pullSecrets.namespaces": ["default"], f"pullSecrets.{path}": value})
