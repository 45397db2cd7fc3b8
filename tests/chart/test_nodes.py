"""On which nodes the chart's Pods run. Case 28."""

import pytest

from tests.chart.rendering import ci, pods

JOBS = ("pull-secrets-cronjob", "pull-secrets-watch-named", "pull-secrets", "scheduling")


@pytest.mark.parametrize("name", JOBS)
def test_the_programs_run_on_linux_nodes_in_a_cluster_that_has_windows_ones_too(name: str) -> None:
    found = [pod for pod in pods(ci(name)) if any(it["name"] == "program" for it in pod.spec["containers"])]
    assert found
    for pod in found:
        assert pod.spec["nodeSelector"]["kubernetes.io/os"] == "linux", pod


def test_a_node_selector_of_ones_own_is_kept_beside_it() -> None:
    chosen = {"disk": "fast"}
    for pod in pods(ci("pull-secrets", jobs={"nodeSelector": chosen})):
        if any(it["name"] == "program" for it in pod.spec["containers"]):
            assert pod.spec["nodeSelector"] == {"kubernetes.io/os": "linux", **chosen}
