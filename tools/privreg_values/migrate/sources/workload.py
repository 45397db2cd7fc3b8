"""Reads the Deployment of a registry: its container, its files, its volume."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from privreg_values.errors import FileError
from privreg_values.migrate.found import Found
from privreg_values.migrate.sources import extras, htpasswd, registry_config
from privreg_values.migrate.sources.objects import Object, children, items, value_at
from privreg_values.migrate.sources.registry_config import PREFIX, Config
from privreg_values.values.nodes import Node, find, plain

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod")
_REGISTRY = re.compile(r"(^|/)(registry|distribution)([:@]|$)")
_CONFIG_FILES = ("/etc/docker/registry/config.yml", "/etc/distribution/config.yml")
_POD_VALUES = ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName")


@dataclass(frozen=True)
class Mount:
    """A place in the container's file system, and the volume that is there."""

    path: str
    sub_path: str
    volume: Node
    node: Node


@dataclass(frozen=True)
class Registry:
    """The workload that runs the registry, its Pod's spec and its container."""

    workload: Object
    pod: Node
    container: Node


def pick(objects: Sequence[Object]) -> Registry:
    """Give the workload that runs the registry.

    Raises:
        FileError: there is none, or there are several.
    """
    found = [registry for it in objects if it.kind in KINDS and (registry := _registry(it))]
    if not found:
        raise FileError(
            f"{objects[0].mark.file}: none of these manifests runs a registry (an image such as registry:2)",
            f"give its {KINDS[0]} as well, with what it mounts; known are {', '.join(KINDS)}",
        )
    if len(found) > 1:
        names = ", ".join(f"{it} ({it.mark.file}:{it.mark.line})" for it in (one.workload for one in found))
        raise FileError(f"several of these manifests run a registry: {names}", "give the manifests of one")
    return found[0]


def read(registry: Registry, objects: Sequence[Object], found: Found) -> None:
    """Take over what a workload says.

    Args:
        registry: It.
        objects: All manifests, among them what it mounts.
        found: Where it goes.

    Raises:
        FileError: the images are in an object store that the chart cannot use.
        SyntaxProblem: the registry's configuration is not YAML.
    """
    _Reading(registry, objects, found).read()


def _registry(workload: Object) -> Registry | None:
    pod = workload.at("spec") if workload.kind == "Pod" else workload.at("spec", "template", "spec")
    for container in children(find(pod, ["containers"]) if pod else None):
        if pod and _REGISTRY.search(str(value_at(container, "image") or "")):
            return Registry(workload, pod, container)
    return None


class _Reading:
    def __init__(self, registry: Registry, objects: Sequence[Object], found: Found) -> None:
        self.workload, self.pod, self.container = registry.workload, registry.pod, registry.container
        self.objects, self.found = objects, found
        volumes = {str(value_at(it, "name")): it for it in [*children(find(self.pod, ["volumes"])), *self._templates()]}
        self.mounts = [
            Mount(
                str(value_at(it, "mountPath") or "").rstrip("/"),
                str(value_at(it, "subPath") or ""),
                volumes[str(value_at(it, "name"))],
                it,
            )
            for it in children(find(self.container, ["volumeMounts"]))
            if str(value_at(it, "name")) in volumes
        ]
        self.used: list[Mount] = []

    def _templates(self) -> Iterator[Node]:
        """Give the volumes that a StatefulSet makes claims for: those of its first Pod."""
        for template in children(self.workload.at("spec", "volumeClaimTemplates")):
            name = str(value_at(template, "metadata", "name"))

            def same(value: str | dict[str, Node], template: Node = template) -> Node:
                return Node(value, template.mark, template.end)

            claim = same({"claimName": same(f"{name}-{self.workload.name}-0")})
            yield same({"name": same(name), "persistentVolumeClaim": claim})

    def read(self) -> None:
        config = self._config()
        self._users(config)
        self._data(config)
        self._image()
        self._replicas()
        self.found.take_node(("resources",), find(self.container, ["resources"]))
        for key in _POD_VALUES:
            self.found.take_node((key,), find(self.pod, [key]))
        self._environment()
        self._lose_the_rest()

    def _config(self) -> Config:
        path = self._config_path()
        text = self._text_at(path) if path else None
        overrides = registry_config.from_environment(self._variables())
        return registry_config.read(registry_config.within(text) if text else None, overrides, self.found)

    def _config_path(self) -> str | None:
        """Give the configuration file: the last argument of `serve`, or where the image has it."""
        words = [str(plain(it)) for key in ("command", "args") for it in children(find(self.container, [key]))]
        named = [word for word in words if word.endswith((".yml", ".yaml"))]
        mounted = [path for path in _CONFIG_FILES if self._mount_of(path)]
        return next(iter([*named, *mounted]), None)

    def _users(self, config: Config) -> None:
        if config.htpasswd is None:
            self.found.lose(
                self.container.mark,
                "the old registry asks nobody to log in, or elsewhere; the new one asks everybody",
                "give the passwords in the credentials file to those who push and pull",
            )
        elif text := self._text_at(config.htpasswd):
            htpasswd.read(text, self.found)

    def _variables(self) -> Iterator[tuple[str, Node]]:
        """Give the container's variables that have a value, those of Secrets and ConfigMaps with it."""
        for variable in children(find(self.container, ["env"])):
            name = str(value_at(variable, "name") or "")
            value = find(variable, ["value"])
            if value is None and name.startswith(PREFIX):
                value = self._referred(variable, name)
            if value:
                yield name, value

    def _referred(self, variable: Node, name: str) -> Node | None:
        for source, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
            if reference := find(variable, ["valueFrom", source]):
                return self._entry(kind, str(value_at(reference, "name")), str(value_at(reference, "key")), variable)
        self.found.lose(variable.mark, f"the variable {name}, whose value is elsewhere", "set it in extraEnv")
        return None

    def _text_at(self, path: str) -> Node | None:
        """Give the text that a ConfigMap or a Secret puts at a path."""
        mount = self._mount_of(path)
        if mount is None:
            self.found.lose(self.container.mark, f"{path}, which no volume holds", "copy it by hand")
            return None
        self.used.append(mount)
        inside = mount.sub_path or posixpath.relpath(path, mount.path)
        for key, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
            if source := find(mount.volume, [key]):
                keys = {str(value_at(it, "path")): str(value_at(it, "key")) for it in children(find(source, ["items"]))}
                return self._entry(kind, str(value_at(source, name)), keys.get(inside, inside), mount.node)
        self.found.lose(mount.node.mark, f"{path}, which is in neither a ConfigMap nor a Secret", "copy it by hand")
        return None

    def _entry(self, kind: str, name: str, key: str, asked: Node) -> Node | None:
        """Give what an object holds under a key."""
        for it in self.objects:
            if (it.kind, it.name) == (kind, name):
                if key in it.data():
                    return it.data()[key]
                self.found.lose(it.mark, f"{kind} {name} has no key {key}", "add it, and migrate again")
                return None
        self.found.lose(
            asked.mark,
            f"{kind} {name} is not among the manifests, and with it {key}",
            f"add what `kubectl get {kind.lower()} {name} --output yaml` prints, and migrate again",
        )
        return None

    def _mount_of(self, path: str) -> Mount | None:
        """Give the mount that a path lies in: the deepest one."""
        fitting = [it for it in self.mounts if path == it.path or path.startswith(it.path + "/")]
        return max(fitting, key=lambda it: len(it.path), default=None)

    def _data(self, config: Config) -> None:
        """Adopt the volume of the images."""
        if config.in_bucket:
            return
        mount = None if config.in_memory else self._mount_of(config.root)
        if mount is None:
            self.found.lose(
                self.container.mark,
                f"the images: {config.root} is in no volume, they are lost when the old Pod ends",
                "copy them first with `skopeo sync`",
            )
            return
        self.used.append(mount)
        below = posixpath.normpath(posixpath.join(mount.sub_path, posixpath.relpath(config.root, mount.path)))
        adopt = {
            "hostPath": self._host_path,
            "nfs": self._nfs,
            "persistentVolumeClaim": self._claim,
            "emptyDir": self._empty_dir,
        }
        for kind, source in items(mount.volume).items():
            if kind in adopt:
                adopt[kind](source, "" if below == "." else below)
                return
        self.found.lose(
            mount.volume.mark,
            f"the images: their volume is none of {', '.join(adopt)}",
            "make a PersistentVolume of it, and name its claim in storage.persistence.existingClaim",
        )

    def _host_path(self, source: Node, below: str) -> None:
        path = posixpath.join(str(value_at(source, "path")), below).rstrip("/")
        self.found.take(("storage", "type"), "hostPath", source.mark)
        self.found.take(("storage", "hostPath", "path"), path, source.mark)
        if not find(self.pod, ["nodeSelector"]):
            self.found.lose(
                source.mark,
                f"the node that has {path}: the manifests do not name one",
                "set nodeSelector to it, unless the cluster has only one "
                "(`kubectl get pods --output wide` shows where the old Pod runs)",
            )
        if path.startswith("/tmp/"):  # noqa: S108 - a path of the node
            self.found.lose(
                source.mark, f"{path} may be emptied when the node starts", "move it while no registry runs"
            )

    def _nfs(self, source: Node, below: str) -> None:
        self.found.take(("storage", "type"), "nfs", source.mark)
        self.found.take(("storage", "nfs", "server"), value_at(source, "server"), source.mark)
        path = posixpath.join(str(value_at(source, "path")), below).rstrip("/")
        self.found.take(("storage", "nfs", "path"), path, source.mark)
        if value_at(self.pod, "securityContext", "runAsUser") != 1000:
            self.found.lose(
                source.mark,
                "the owner of the files on NFS: the new registry runs as 1000:1000",
                f"give them to it on the server with `chown -R 1000:1000 {path}`, while no registry runs",
            )

    def _claim(self, source: Node, below: str) -> None:
        name = str(value_at(source, "claimName"))
        self.found.take(("storage", "type"), "pvc", source.mark)
        self.found.take(("storage", "persistence", "existingClaim"), name, source.mark)
        claims = [it for it in self.objects if (it.kind, it.name) == ("PersistentVolumeClaim", name)]
        if claims:
            self.found.take_node(("storage", "persistence", "accessModes"), claims[0].at("spec", "accessModes"))
        if not ({"runAsUser", "fsGroup"} & items(find(self.pod, ["securityContext"])).keys()):
            self.found.lose(
                source.mark,
                f"the owner of the files in the claim {name}: the new registry runs as 1000:1000",
                "nothing to do where the volume honours fsGroup; else give them to it with `chown -R 1000:1000`, while "
                "no registry runs",
            )
        if below:
            self.found.lose(
                source.mark,
                f"the images are in {below} of the claim {name}, and the new registry looks for them at its top",
                f"move {below}/docker to docker on that volume, while no registry runs",
            )

    def _empty_dir(self, source: Node, _: str) -> None:
        self.found.take(("storage", "type"), "emptyDir", source.mark)
        self.found.lose(
            source.mark,
            "the images: an emptyDir is lost when the old Pod ends",
            "copy them first with `skopeo sync`, and choose another storage.type",
        )

    def _image(self) -> None:
        image = find(self.container, ["image"])
        name = str(value_at(self.container, "image"))
        if image and not re.fullmatch(r"(docker\.io/)?(library/)?registry(:[23][^/]*)?", name):
            self.found.lose(
                image.mark,
                f"the image {name}: the chart runs docker.io/library/registry 3, which reads the same data",
                "set image.registry (or global.imageRegistry) if the nodes cannot pull from there",
            )

    def _replicas(self) -> None:
        node = self.workload.at("spec", "replicas")
        if node is None or node.value in (0, 1):
            return
        kind = self.found.values.get(("storage", "type"))
        modes = self.found.values.get(("storage", "persistence", "accessModes"))
        if (kind and kind.value in ("nfs", "s3")) or (modes and "ReadWriteMany" in modes.value):
            self.found.take_node(("replicas",), node)
        else:
            self.found.lose(node.mark, f"{node.value} replicas, which cannot share the volume", "nothing to do")

    def _environment(self) -> None:
        extras.take_variables(find(self.container, ["env"]), self.found)

    def _lose_the_rest(self) -> None:
        lose = self.found.lose
        for mount in self.mounts:
            if mount not in self.used:
                lose(mount.node.mark, f"the volume at {mount.path}", "if you need it, use extraVolumes")
        for it in children(find(self.pod, ["containers"])):
            if it is not self.container:
                lose(it.mark, f"the container {value_at(it, 'name')}", "run it in a Pod of its own")
        for it in children(find(self.pod, ["initContainers"])):
            lose(it.mark, f"the init container {value_at(it, 'name')}", "the chart prepares the volume itself")
        if source := find(self.container, ["envFrom"]):
            lose(source.key_mark or source.mark, "the variables of envFrom", "set those you need in extraEnv")
        ports = [find(it, ["hostPort"]) for it in children(find(self.container, ["ports"]))]
        for name, node in (("hostNetwork", find(self.pod, ["hostNetwork"])), *(("hostPort", it) for it in ports)):
            if node and node.value:
                remedy = "without an Ingress, set service.type to NodePort or LoadBalancer"
                lose(node.key_mark or node.mark, f"{name}: the new registry has no port of the node itself", remedy)
        secrets = find(self.pod, ["imagePullSecrets"])
        if secrets and secrets.value:
            lose(
                secrets.key_mark or secrets.mark,
                "the Pod's imagePullSecrets",
                "if the nodes need one for the chart's images, name it in imagePullSecrets",
            )
