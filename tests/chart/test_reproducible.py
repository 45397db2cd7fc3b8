"""The chart's output depends on the values alone, and changes as little as they do."""

import json
import shutil
from pathlib import Path

import pytest

from tests.chart.rendering import (
    ALL,
    CHART,
    EVERYTHING,
    HELMS,
    MINIMAL,
    Json,
    Rendering,
    label,
    render,
    template,
)

HTPASSWD_ALONE = CHART / "ci" / "htpasswd-values.yaml"
HASH = "$2y$05$AnotherAnotherAnotherAnotherAnotherAnotherAnotherAnot"


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("files", ALL, ids=label)
def test_two_renderings_are_byte_identical(helm: str, files: tuple[Path, ...]) -> None:
    assert template(*files, helm=helm) == render(*files, helm=helm).text


@pytest.mark.parametrize("files", ALL, ids=label)
def test_both_helms_make_the_same_objects(files: tuple[Path, ...]) -> None:
    three, four = (by_key(render(*files, helm=helm)) for helm in HELMS)
    assert three == four


def by_key(rendering: Rendering) -> dict[tuple[str, str, str], Json]:
    return {key(item): item for item in rendering.objects}


def key(item: Json) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def test_install_and_upgrade_make_the_same() -> None:
    assert template(EVERYTHING) == template(EVERYTHING, is_upgrade=True)


def test_the_kubernetes_version_makes_no_difference_but_for_kinds_that_are_new() -> None:
    assert template(EVERYTHING, kube_version="1.36") == template(EVERYTHING, kube_version="1.37")
    values = {"pullSecrets": {"inject": "serviceAccount"}}
    old, new = (render(EVERYTHING, values=values, kube_version=version) for version in ("1.31", "1.37"))
    assert differing(old, new) == []


def pod_template(rendering: Rendering) -> str:
    return json.dumps(rendering.deployment["spec"]["template"])


PULL = {"name": "ci", "hash": HASH, "role": "push"}
GATEWAY, USERS = "ConfigMap privreg-gateway", "Secret privreg-htpasswd"


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ({"auth": {"users": [PULL, {"name": "new", "hash": HASH, "role": "pull"}]}}, [GATEWAY, USERS]),
        ({"httpSecret": {"value": "another-another-another-another-32"}}, ["Secret privreg-config"]),
        ({"pullSecrets": {"credential": {"username": "ci", "password": "another"}}}, ["Secret privreg-credential"]),
        ({"auth": {"realm": "Another"}}, [GATEWAY]),
        ({"gateway": {"cacheSeconds": 7}}, [GATEWAY]),
        ({"gateway": {"trustedProxies": ["10.0.0.0/8"]}}, [GATEWAY]),
        ({"gateway": {"failedLoginsPerMinute": 7}}, [GATEWAY]),
        ({"gateway": {"failedLoginsPerSecond": 7}}, [GATEWAY]),
        ({"gateway": {"threads": 7}}, [GATEWAY]),
        ({"gateway": {"maxConnections": 700}}, [GATEWAY]),
        ({"gateway": {"maxDownloads": 7}}, [GATEWAY]),
        ({"gateway": {"readOnly": True}}, [GATEWAY]),
    ],
    ids=str,
)
def test_changed_users_and_settings_of_the_gateway_restart_nothing(values: Json, changed: list[str]) -> None:
    assert differing(render(MINIMAL), render(MINIMAL, values=values)) == changed


@pytest.mark.parametrize(
    ("user", "changed"),
    [
        ({"hash": HASH.replace("Another", "Changed")}, [USERS]),
        ({"role": "pull"}, [GATEWAY]),
        ({"repositories": ["team-a/**"]}, [GATEWAY]),
    ],
    ids=str,
)
def test_a_new_password_changes_the_users_and_a_new_role_the_gateway(user: Json, changed: list[str]) -> None:
    before, after = (render(MINIMAL, values={"auth": {"users": [each]}}) for each in (PULL, PULL | user))
    assert differing(before, after) == changed


def test_without_the_gateway_changed_users_restart_nothing_either() -> None:
    values = {"auth": {"users": [PULL, {"name": "new", "hash": HASH}]}}
    assert differing(render(HTPASSWD_ALONE), render(HTPASSWD_ALONE, values=values)) == [USERS]


def differing(before: Rendering, after: Rendering) -> list[str]:
    """The objects that are not the same, or not there, in both."""
    old, new = by_key(before), by_key(after)
    return sorted(f"{it[0]} {it[2]}" for it in old | new if old.get(it) != new.get(it))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("users", {"log": {"level": "debug"}}),
        ("users", {"storage": {"delete": {"enabled": True}}}),
        ("users", {"auth": {"mode": "htpasswd"}}),
        ("htpasswd", {"auth": {"realm": "Another"}}),
        ("token", {"token": {"realm": "https://another.example.com/token"}}),
        ("token", {"token": {"signingAlgorithms": ["ES512"]}}),
        ("token", {"token": {"keys": "certificates"}}),
    ],
    ids=str,
)
def test_a_changed_configuration_restarts_the_registry_that_reads_it_at_start_only(name: str, values: Json) -> None:
    file = CHART / "ci" / f"{name}-values.yaml"
    assert pod_template(render(file)) != pod_template(render(file, values=values))


def test_a_new_version_of_the_chart_alone_restarts_nothing_but_the_watcher(tmp_path: Path) -> None:
    newer = tmp_path / "privreg"
    shutil.copytree(CHART, newer)
    metadata = (newer / "Chart.yaml").read_text()
    (newer / "Chart.yaml").write_text(metadata.replace("\nversion: ", "\nversion: 9").replace('"3.1.2"', '"9.9.9"'))
    before = Rendering(template(EVERYTHING), "before")
    after = Rendering(template(EVERYTHING, chart=newer), "after")
    assert after.deployment["metadata"]["labels"]["app.kubernetes.io/version"] == "9.9.9"
    assert pod_template(before) == pod_template(after)
    watchers = [it.one("Deployment", "privreg-pull-secrets")["spec"]["template"] for it in (before, after)]
    assert watchers[0] != watchers[1], "it has the new version's program only once it starts anew"
    assert before.deployment["spec"]["selector"] == after.deployment["spec"]["selector"]
