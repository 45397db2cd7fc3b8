"""The Kubernetes versions that the chart supports, and the custom resources that it uses."""

import functools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from kubernetes_validate import SchemaNotFoundError, utils
from referencing import Registry, Resource

from tests.chart.rendering import CHART, Json
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


def faults(item: Json, version: str) -> list[str]:
    """What Kubernetes of a minor version would not take of an object, unknown fields too.

    Raises:
        SchemaNotFoundError: that version has no such kind.
    """
    found = _validator(item["kind"], item["apiVersion"], version).iter_errors(item)
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in found]


@functools.cache
def _validator(kind: str, api_version: str, version: str) -> Draft202012Validator:
    """As kubernetes_validate does it, once for each kind."""
    full = next(it for it in utils.all_versions() if utils.major_minor(it) == version)
    folder = f"kubernetes-json-schema/v{full}-local-strict"
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    try:
        schema = utils.schema_contents(f"{folder}/{kind.lower()}-{group}.json", version)
    except FileNotFoundError:
        raise SchemaNotFoundError(version=version, kind=kind, api_version=api_version) from None
    registry: Registry[Any] = _definitions(folder, version) @ Registry()
    return Draft202012Validator(schema, registry=Resource.from_contents(schema) @ registry)


@functools.cache
def _definitions(folder: str, version: str) -> "Resource[Any]":
    found: Resource[Any] = Resource.from_contents(utils.schema_contents(f"{folder}/_definitions.json", version))
    return found


def custom_resource_definition(kind: str) -> Path:
    """The manifest of a CustomResourceDefinition, from the pinned Go module."""
    folder, module, path = CUSTOM_RESOURCES[kind]
    command = ["go", "mod", "download", "-json", module]
    found = subprocess.run(command, cwd=MODULES / folder, capture_output=True, text=True, check=True)
    return Path(json.loads(found.stdout)["Dir"], path)
