"""The chart rendered by Helm, each rendering once, and what the tests look for in it."""

import base64
import functools
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from privreg_values.cluster.helm import Helm
from tests.cluster.paths import BIN, ROOT

Json = dict[str, Any]
CHART = ROOT / "charts" / "privreg"
CI_FILES = sorted((CHART / "ci").glob("*-values.yaml"))
EVERYTHING = Path(__file__).with_name("everything-values.yaml")
# Values that exclude what everything-values.yaml has, and go over it.
HTPASSWD, TOKEN, HTTPS = (EVERYTHING.with_name(f"everything-{it}-values.yaml") for it in ("htpasswd", "token", "https"))
# All that the chart can make: everything at once, in each mode, and each feature.
ALL = [(EVERYTHING,), *((EVERYTHING, over) for over in (HTPASSWD, TOKEN, HTTPS)), *((path,) for path in CI_FILES)]
MINIMAL = CHART / "ci" / "users-values.yaml"
HELMS = ("helm", "helm3")
RELEASE, NAMESPACE = "privreg", "registry"


class Loader(yaml.CSafeLoader):  # type: ignore[misc]  # its stubs say Any
    """PyYAML gives a lone = the type `value` of YAML 1.1 and then cannot make one; elsewhere it is a string."""


Loader.add_constructor("tag:yaml.org,2002:value", Loader.construct_yaml_str)


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
        return [item for item in yaml.load_all(self.text, Loader) if item]

    @functools.cached_property
    def own_objects(self) -> list[Json]:
        """The chart's objects, without the user's own extraManifests."""
        by_the_user = f"# Source: {CHART.name}/templates/extra-manifests.yaml\n"
        documents = [text for text in self.text.split("---\n") if not text.startswith(by_the_user)]
        return [item for text in documents if (item := yaml.load(text, Loader))]

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
        return self._container("registry")

    @property
    def gateway(self) -> Json:
        """The gateway's container."""
        return self._container("gateway")

    @property
    def gateway_files(self) -> dict[str, str]:
        """The gateway's configuration, by file name."""
        (item,) = (each for each in self.all("ConfigMap") if each["metadata"]["name"].endswith("-gateway"))
        files: dict[str, str] = item["data"]
        return files

    @property
    def config(self) -> Json:
        """The registry's configuration."""
        (item,) = (each for each in self.all("Secret") if each["metadata"]["name"].endswith("-config"))
        config: Json = yaml.load(base64.b64decode(item["data"]["config.yml"]), Loader)
        return config

    @property
    def deployment(self) -> Json:
        """The registry's Deployment."""
        (found,) = (each for each in self.all("Deployment") if not each["metadata"]["name"].endswith("-pull-secrets"))
        return found

    @property
    def pod_spec(self) -> Json:
        """The registry's Pod."""
        spec: Json = self.deployment["spec"]["template"]["spec"]
        return spec

    def _container(self, name: str) -> Json:
        (container,) = (each for each in self.pod_spec["containers"] if each["name"] == name)
        found: Json = container
        return found


_rendered: dict[tuple[tuple[Path, ...], str], Rendering] = {}


def render(
    *files: Path,
    values: Json | None = None,
    helm: str = "helm",
    release: str = RELEASE,
    namespace: str = NAMESPACE,
    kube_version: str | None = None,
) -> Rendering:
    """Render the chart with values files, the later over the earlier, and `values` over them all.

    Raises:
        HelmError: Helm refused them.
    """
    key = json.dumps([values or {}, helm, release, namespace, kube_version])
    if (files, key) not in _rendered:
        options: dict[str, Any] = {
            "values": values,
            "release": release,
            "namespace": namespace,
            "kube_version": kube_version,
        }
        text = template(*files, helm=helm, **options)
        _rendered[files, key] = Rendering(text, files[-1].name if files else "no file")
    return _rendered[files, key]


def ci(name: str, **values: Any) -> Rendering:
    """Render one of the chart's ci files, with values over it."""
    return render(CHART / "ci" / f"{name}-values.yaml", values=values)


def template(*files: Path, helm: str = "helm", chart: Path = CHART, **options: Any) -> str:
    """Render anew, in a process of its own; the options are those of Helm.template_text."""
    options = {"release": RELEASE, "namespace": NAMESPACE, **options}
    return Helm(str(BIN / helm)).template_text(chart, files=files, **options)


def notes(*files: Path) -> str:
    """What `helm install` says in the end."""
    options = ("--dry-run=client", "--output=json", f"--namespace={NAMESPACE}", *(f"--values={file}" for file in files))
    command = [f"{BIN}/helm", "install", RELEASE, str(CHART), *options]
    ended = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "KUBECONFIG": os.devnull})
    text: str = json.loads(ended.stdout)["info"]["notes"]
    return text


def everything(values: Json | None = None, release: str = RELEASE) -> list[Rendering]:
    """All that the chart can make."""
    return [render(*files, values=values, release=release) for files in ALL]


def label(files: tuple[Path, ...]) -> str:
    """What a test is called that renders these values files."""
    return files[-1].name


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
        spec = item.get("spec", {})
        template = item if item["kind"] == "Pod" else spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield Pod(f"{rendering.name}: {title(item)}", template.get("metadata", {}), template["spec"])
