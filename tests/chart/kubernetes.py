"""The Kubernetes versions that the chart supports, and the custom resources that it uses."""

import json
import re
import subprocess
from pathlib import Path

from kubernetes_validate import utils

from tests.chart.rendering import CHART
from tests.cluster.paths import MODULES

# Kind of a custom resource: the module under tests/cluster/modules, the Go module, the file in it.
CUSTOM_RESOURCES = {
    "Certificate": (
        "crds",
        "github.com/cert-manager/cert-manager",
        "deploy/crds/cert-manager.io_certificates.yaml",
    ),
    "Middleware": (
        "traefik",
        "github.com/traefik/traefik/v3",
        "docs/content/reference/dynamic-configuration/traefik.io_middlewares.yaml",
    ),
}


def lowest_supported() -> int:
    """The minor version of Chart.yaml's kubeVersion."""
    found = re.search(r'^kubeVersion: ">=1\.(\d+)\.0-0"$', (CHART / "Chart.yaml").read_text(), re.MULTILINE)
    assert found, "Chart.yaml: kubeVersion is not of the form >=1.MINOR.0-0"
    return int(found[1])


def supported() -> list[str]:
    """Every supported minor version that kubernetes-validate carries the schemas of, such as 1.37."""
    known = [utils.major_minor(version) for version in utils.all_versions()]
    minors = sorted({int(version.removeprefix("1.")) for version in known})
    return [f"1.{minor}" for minor in minors if minor >= lowest_supported()]


def custom_resource_definition(kind: str) -> Path:
    """The manifest of a CustomResourceDefinition, from the pinned Go module."""
    folder, module, path = CUSTOM_RESOURCES[kind]
    command = ["go", "mod", "download", "-json", module]
    found = subprocess.run(command, cwd=MODULES / folder, capture_output=True, text=True, check=True)
    return Path(json.loads(found.stdout)["Dir"], path)
