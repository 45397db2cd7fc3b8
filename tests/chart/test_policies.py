"""The admission policies beside the delivery of pull Secrets, and the Kubernetes versions that have them."""

import pytest

from privreg_values.errors import HelmError
from tests.chart.rendering import HELMS, MINIMAL, Json, Rendering, render
from tests.chart.test_pull_secrets import ALL_NAMESPACES


def policies(rendering: Rendering) -> list[str]:
    return sorted(item["kind"] for item in rendering.objects if "Policy" in item["kind"])


GUARD = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
ADMISSION = ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]


@pytest.mark.parametrize(
    ("values", "version", "found"),
    [
        (ALL_NAMESPACES, "1.37", GUARD),
        (ALL_NAMESPACES, "1.31", GUARD),
        ({}, "1.37", []),
        ({"inject": "both"}, "1.36", ADMISSION),
        ({"inject": "both"} | ALL_NAMESPACES, "1.36", ADMISSION + GUARD),
        ({"inject": "admission", "enabled": False} | ALL_NAMESPACES, "1.35", []),
    ],
    ids=str,
)
def test_policies_are_made_where_they_are_needed_and_kubernetes_has_them(
    values: Json, version: str, found: list[str]
) -> None:
    assert policies(render(MINIMAL, values={"pullSecrets": values}, kube_version=version)) == found


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("inject", ["admission", "both"])
def test_admission_is_refused_where_kubernetes_lacks_it(inject: str, helm: str) -> None:
    with pytest.raises(HelmError) as caught:
        render(MINIMAL, values={"pullSecrets": {"inject": inject}}, helm=helm, kube_version="1.35.4")
    assert (
        f"privreg: pullSecrets.inject: {inject} needs Kubernetes 1.36 or later, this is v1.35.4; "
        "set it to serviceAccount"
    ) in str(caught.value).splitlines()
    for version in ("1.36.0", "1.36.0-gke.100", "1.37.2+k3s1"):
        render(MINIMAL, values={"pullSecrets": {"inject": inject}}, helm=helm, kube_version=version)
