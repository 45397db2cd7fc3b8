"""Fixtures of the chart's tests."""

from collections.abc import Iterator

import pytest

from tests.chart.kubectl import Kubectl
from tests.chart.kubernetes import CUSTOM_RESOURCES, custom_resource_definition
from tests.chart.rendering import NAMESPACE
from tests.control_plane import ControlPlane, running


@pytest.fixture(scope="package")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real API server without nodes."""
    with running(tmp_path_factory.mktemp("control-plane-of-the-chart")) as it:
        yield it


@pytest.fixture(scope="package")
def kubectl(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """A control plane with the custom resources and the namespaces that the values files name."""
    it = Kubectl(control_plane, tmp_path_factory.mktemp("kubectl"))
    for kind in CUSTOM_RESOURCES:
        ended = it.run("create", f"--filename={custom_resource_definition(kind)}")
        assert ended.returncode == 0, ended.stderr
    definitions = it.run("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
    assert definitions.returncode == 0, definitions.stderr
    for name in (NAMESPACE, "team-a", "123"):
        control_plane.create_namespace(name)
    control_plane.create_namespace("restricted")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    control_plane.must("PATCH", "/api/v1/namespaces/restricted", {"metadata": {"labels": labels}})
    for class_name in ("everything", "1e3"):
        priority = {"metadata": {"name": class_name}, "value": 1}
        control_plane.must("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", priority)
    yield it
