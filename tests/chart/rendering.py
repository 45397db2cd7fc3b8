"""The chart rendered by Helm, each rendering once, and what the tests look for in it."""

import functools
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.paths import BIN, ROOT

Json = dict[str, Any]
CHART = ROOT / "charts" / "privreg"
CI_FILES = sorted((CHART / "ci").glob("*-values.yaml"))
EVERYTHING = Path(__file__).with_name("everything-values.yaml")
MINIMAL = CHART / "ci" / "users-values.yaml"
HELMS = ("helm", "helm3")
RELEASE, NAMESPACE = "privreg", "registry"


class RenderError(Exception):
    """Helm refused the values; the text is what it said."""


@dataclass(frozen=True)
class Rendering:
    """What Helm made of some values.

    Attributes:
        text: the manifests.
        name: the last values file's, for messages.
    """

    text: str
    name: str

    @functools.cached_property
    def objects(self) -> list[Json]:
        """The objects, read as Kubernetes does (YAML 1.1)."""
        return [item for item in yaml.load_all(self.text, yaml.CSafeLoader) if item]

    @functools.cached_property
    def own_objects(self) -> list[Json]:
        """The chart's objects, without the user's own extraManifests."""
        by_the_user = f"# Source: {CHART.name}/templates/extra-manifests.yaml\n"
        documents = [text for text in self.text.split("---\n") if not text.startswith(by_the_user)]
        return [item for text in documents if (item := yaml.load(text, yaml.CSafeLoader))]

    def all(self, kind: str) -> list[Json]:
        """The objects of a kind."""
        return [item for item in self.objects if item["kind"] == kind]

    def one(self, kind: str, name: str | None = None) -> Json:
        """The only object of a kind, or of a kind and name."""
        found = [item for item in self.all(kind) if name in (None, item["metadata"]["name"])]
        assert len(found) == 1, f"{kind} {name or ''}: {[title(item) for item in found]}"
        return found[0]

    @property
    def registry(self) -> Json:
        """The registry's container."""
        container: Json = self.one("Deployment")["spec"]["template"]["spec"]["containers"][0]
        return container


def render(
    *values: Path | Json,
    helm: str = "helm",
    release: str = RELEASE,
    namespace: str = NAMESPACE,
    options: tuple[str, ...] = (),
) -> Rendering:
    """Render the chart with values files, or values, the later over the earlier.

    Raises:
        RenderError: Helm refused them.
    """
    given = tuple(str(each) if isinstance(each, Path) else json.dumps(each) for each in values)
    return _render(given, helm, release, namespace, options)


def run_helm(helm: str, *arguments: str, stdin: str = "") -> str:
    """Run helm or helm3 without the caller's plugins, repositories and cluster; returns what it printed."""
    with tempfile.TemporaryDirectory() as home:
        folders = {f"HELM_{name}_HOME": f"{home}/{name}" for name in ("CACHE", "CONFIG", "DATA")}
        environment = {**os.environ, "KUBECONFIG": f"{home}/none", **folders}
        ended = subprocess.run(
            [BIN / helm, *arguments], input=stdin, capture_output=True, text=True, env=environment, check=False
        )
    if ended.returncode:
        raise RenderError(ended.stderr)
    return ended.stdout


@functools.cache
def _render(values: tuple[str, ...], helm: str, release: str, namespace: str, options: tuple[str, ...]) -> Rendering:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, each in enumerate(values):
            path = Path(each)
            if each.startswith("{"):
                path = Path(folder, f"{number}.yaml")
                path.write_text(each)
            files.append(f"--values={path}")
        text = run_helm(helm, "template", release, str(CHART), f"--namespace={namespace}", *files, *options)
    return Rendering(text, Path(values[-1]).name if values and not values[-1].startswith("{") else "given values")


def everything() -> list[Rendering]:
    """All that the chart can make: everything at once, and each feature."""
    return [render(EVERYTHING), *(render(path) for path in CI_FILES)]


def title(item: Json) -> str:
    """What a message calls an object."""
    metadata = item["metadata"]
    return f"{item['kind']} {metadata.get('namespace', '')}/{metadata['name']}"


@dataclass(frozen=True)
class Pod:
    """A Pod, or the template of one.

    Attributes:
        owner: the object that it is in, for messages.
        metadata: its own.
        spec: its own.
    """

    owner: str
    metadata: Json
    spec: Json

    @property
    def containers(self) -> list[Json]:
        """All containers, those that initialize first."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def pods(rendering: Rendering) -> Iterator[Pod]:
    """Every Pod that comes out of a rendering."""
    for item in rendering.objects:
        template = item if item["kind"] == "Pod" else item.get("spec", {}).get("template")
        if template:
            yield Pod(f"{rendering.name}: {title(item)}", template.get("metadata", {}), template["spec"])
