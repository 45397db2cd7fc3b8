"""The chart's output depends on the values alone, and changes as little as they do."""

import json
import shutil
from pathlib import Path

import pytest

from tests.chart.rendering import (
    CHART,
    CI_FILES,
    EVERYTHING,
    HELMS,
    MINIMAL,
    Json,
    Rendering,
    render,
    template,
)

HASH = "$2y$05$AnotherAnotherAnotherAnotherAnotherAnotherAnotherAnot"


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("values", [EVERYTHING, *CI_FILES], ids=lambda path: path.name)
def test_two_renderings_are_byte_identical(helm: str, values: Path) -> None:
    assert template(values, helm=helm) == template(values, helm=helm)


@pytest.mark.parametrize("values", [EVERYTHING, *CI_FILES], ids=lambda path: path.name)
def test_both_helms_make_the_same_objects(values: Path) -> None:
    three, four = ({key(item): item for item in render(values, helm=helm).objects} for helm in HELMS)
    assert three == four


def key(item: Json) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def test_install_and_upgrade_make_the_same() -> None:
    assert template(EVERYTHING) == template(EVERYTHING, is_upgrade=True)


def test_the_kubernetes_version_makes_no_difference() -> None:
    assert template(EVERYTHING, kube_version="1.29") == template(EVERYTHING, kube_version="1.37")


def pod_template(rendering: Rendering) -> str:
    return json.dumps(rendering.one("Deployment")["spec"]["template"])


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ({"auth": {"users": [{"name": "ci", "hash": HASH}, {"name": "new", "hash": HASH}]}}, "htpasswd"),
        ({"httpSecret": {"value": "another-another-another-another-32"}}, "config"),
        ({"pullSecrets": {"credential": {"username": "ci", "password": "another"}}}, "pull"),
    ],
)
def test_changed_credentials_restart_nothing(values: Json, changed: str) -> None:
    before, after = render(MINIMAL), render(MINIMAL, values=values)
    assert pod_template(before) == pod_template(after)
    secrets = {f"privreg-{name}" for name in ("htpasswd", "config", "pull")}
    differing = {name for name in secrets if before.one("Secret", name) != after.one("Secret", name)}
    assert differing == {f"privreg-{changed}"}


@pytest.mark.parametrize(
    "values", [{"log": {"level": "debug"}}, {"storage": {"delete": {"enabled": True}}}, {"auth": {"realm": "x"}}]
)
def test_a_changed_configuration_restarts_the_registry_that_reads_it_at_start_only(values: Json) -> None:
    assert pod_template(render(MINIMAL)) != pod_template(render(MINIMAL, values=values))


def test_a_new_version_of_the_chart_alone_restarts_nothing(tmp_path: Path) -> None:
    newer = tmp_path / "privreg"
    shutil.copytree(CHART, newer)
    metadata = (newer / "Chart.yaml").read_text()
    (newer / "Chart.yaml").write_text(metadata.replace("\nversion: ", "\nversion: 9").replace('"3.1.1"', '"9.9.9"'))
    before = Rendering(template(EVERYTHING), "before")
    after = Rendering(template(EVERYTHING, chart=newer), "after")
    assert after.one("Deployment")["metadata"]["labels"]["app.kubernetes.io/version"] == "9.9.9"
    assert pod_template(before) == pod_template(after)
    assert before.one("Deployment")["spec"]["selector"] == after.one("Deployment")["spec"]["selector"]
