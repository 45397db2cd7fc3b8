"""Every object of the chart is what every supported Kubernetes expects."""

import json

import kubernetes_validate
import pytest

from privreg_values.errors import HelmError
from tests.chart.kubernetes import CUSTOM_RESOURCES, faults, lowest_supported, supported
from tests.chart.rendering import EVERYTHING, HELMS, MINIMAL, Json, everything, render, title

# Kinds that came to their apiVersion later than the oldest supported Kubernetes: the minor version.
SINCE = {
    "MutatingAdmissionPolicy": 36,
    "MutatingAdmissionPolicyBinding": 36,
}


@pytest.fixture(scope="module")
def distinct_objects() -> dict[str, Json]:
    """All that the chart can make, each different object once, by where it came from."""
    seen: dict[str, tuple[str, Json]] = {}
    for rendering in everything():
        for item in rendering.objects:
            seen.setdefault(json.dumps(item, sort_keys=True), (f"{rendering.name}: {title(item)}", item))
    return dict(seen.values())


@pytest.mark.parametrize("version", supported())
def test_each_object_is_valid_in_each_supported_kubernetes(version: str, distinct_objects: dict[str, Json]) -> None:
    problems = []
    unknown = set()
    newer = {kind for kind, since in SINCE.items() if minor(version) < since}
    for name, item in distinct_objects.items():
        try:
            problems += [f"{name}: {fault}" for fault in faults(item, version)]
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add(item["kind"])
    assert problems == []
    # The API server looks at custom resources, in test_api_server.py; for the others see the next test.
    assert unknown == set(CUSTOM_RESOURCES) | newer


@pytest.mark.parametrize("version", supported())
def test_a_kubernetes_gets_no_kind_that_it_lacks(version: str) -> None:
    inject = "serviceAccount" if minor(version) < SINCE["MutatingAdmissionPolicy"] else "both"
    rendering = render(EVERYTHING, values={"pullSecrets": {"inject": inject}}, kube_version=version)
    made = {item["kind"] for item in rendering.objects if item["kind"] in SINCE}
    assert made == {kind for kind, since in SINCE.items() if minor(version) >= since}


def minor(version: str) -> int:
    return int(version.removeprefix("1."))


def test_an_object_with_an_unknown_field_or_a_wrong_type_is_not_valid() -> None:
    item = render(MINIMAL).one("Service")
    assert faults(item, supported()[0]) == []
    assert "sessionAfinity" in faults(item | {"spec": item["spec"] | {"sessionAfinity": "None"}}, supported()[0])[0]
    assert faults(item | {"spec": item["spec"] | {"type": 1}}, supported()[-1])


def test_the_supported_versions_reach_to_the_newest_that_is_known() -> None:
    versions = supported()
    assert versions[0] == f"1.{lowest_supported()}"
    assert versions[-1] == kubernetes_validate.latest_version().rpartition(".")[0]
    assert len(versions) == int(versions[-1][2:]) - int(versions[0][2:]) + 1


@pytest.mark.parametrize("helm", HELMS)
def test_an_older_kubernetes_is_refused(helm: str) -> None:
    oldest, newest = f"1.{lowest_supported() - 1}.9", f"{supported()[-1]}.0-provider.1"
    with pytest.raises(HelmError, match="requires kubeVersion"):
        render(MINIMAL, helm=helm, kube_version=oldest)
    assert render(MINIMAL, helm=helm, kube_version=newest).objects
