"""Reads a values file of twuni's docker-registry chart (github.com/twuni/docker-registry.helm: README, values.yaml).

What the file does not say is that chart's default: no Ingress, no volume, port 5000.
"""

from __future__ import annotations

from collections.abc import Iterator

from privreg_values.migrate.found import Found
from privreg_values.migrate.sources import extras, htpasswd, ingress_settings, registry_config
from privreg_values.migrate.sources.objects import children, items, value_at
from privreg_values.values.nodes import Mark, Node, Path, Value, find

# Top-level keys that this chart does not have, or has as something else.
KEYS = frozenset(
    {
        "replicaCount", "updateStrategy", "deployment", "persistence", "tlsSecretName", "secrets", "s3", "swift",
        "configData", "proxy", "containerSecurityContext", "extraEnvVars", "initContainers", "garbageCollect",
    }
)  # fmt: skip
_SAME = (
    "podAnnotations", "podLabels", "priorityClassName", "nodeSelector", "affinity",
    "tolerations", "resources",
)  # fmt: skip
_SERVICE = ("nodePort", "loadBalancerSourceRanges", "annotations")
_SECURITY = ("runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "supplementalGroups", "sysctls")


def fits(values: Node) -> bool:
    """Tell whether a values file is one of that chart."""
    keys = items(values)
    ingress = items(keys.get("ingress"))
    storage = keys.get("storage")
    return bool(KEYS & keys.keys() or {"hosts", "tls"} & ingress.keys() or (storage and isinstance(storage.value, str)))


def read(values: Node, release: str) -> Found:
    """Read a values file.

    Args:
        values: What it says.
        release: The name of the old release.

    Raises:
        FileError: the images are in an object store that the chart cannot use.
    """
    return _Values(values, release).read()


class _Values:
    def __init__(self, values: Node, release: str) -> None:
        self.root = values
        self.found = Found("values of the chart docker-registry")
        self.release = release
        self.name = self._fullname()
        self.in_bucket = False

    def read(self) -> Found:
        self._users()
        self._config()
        for key in ("nameOverride", "fullnameOverride"):
            self._lose(key, f"nothing to do: the name {self.name} belongs to the old release; the new one has its own")
        for key in _SAME:
            self.found.take_node((key,), self.at(key))
        extras.take_volumes(self.at("extraVolumes"), self.at("extraVolumeMounts"), self.found)
        self._data()
        self._exposure()
        self._pod()
        self._operation()
        self.found.stop.insert(0, f"kubectl scale deployment/{self.name} --replicas=0")
        return self.found

    def at(self, *path: str | int) -> Node | None:
        return find(self.root, path)

    def get(self, *path: str | int) -> Value:
        return value_at(self.root, *path)

    def mark(self, *path: str | int) -> Mark:
        node = self.at(*path)
        return (node.key_mark or node.mark) if node else self.root.mark

    def _fullname(self) -> str:
        """Give the name of the old objects, as docker-registry.fullname does in that chart's _helpers.tpl."""
        name = str(self.get("nameOverride") or "docker-registry")
        composed = self.release if name in self.release else f"{self.release}-{name}"
        return str(self.get("fullnameOverride") or composed)[:63].removesuffix("-")

    def _users(self) -> None:
        node = self.at("secrets", "htpasswd")
        if node and node.value:
            htpasswd.read(node, self.found)
        else:
            self.found.lose(
                self.mark("secrets"),
                "the old registry asks nobody to log in; the new one asks everybody",
                "give the passwords in the credentials file to those who push and pull",
            )
        if (secret := self.at("secrets", "haSharedSecret")) and secret.value:
            self.found.set_http_secret(secret.value, self.mark("secrets", "haSharedSecret"))

    def _config(self) -> None:
        overrides = [*self._overrides(), *self._given()]
        overrides.sort(key=lambda it: "_".join(map(str, it[0])))  # that chart sets them by variables, too
        config = registry_config.read(self.at("configData"), overrides, self.found)
        self.in_bucket = config.in_bucket

    def _overrides(self) -> Iterator[tuple[Path, Node]]:
        """Return what that chart sets by variables over its configData."""
        if (storage := self.at("storage")) and isinstance(storage.value, str):
            yield ("storage", storage.value), Node({}, storage.mark, storage.end, storage.key_mark)
            yield from self._bucket() if storage.value == "s3" else ()
        if delete := self.at("persistence", "deleteEnabled"):
            yield ("storage", "delete", "enabled"), delete

    def _given(self) -> Iterator[tuple[Path, Node]]:
        """Return what extraEnvVars sets over that."""
        pairs = [(str(value_at(it, "name")), find(it, ["value"])) for it in children(self.at("extraEnvVars"))]
        return registry_config.from_environment([(name, value) for name, value in pairs if value])

    def _bucket(self) -> Iterator[tuple[Path, Node]]:
        """Give what that chart says about a bucket: the rest of it in s3, the keys in secrets.s3."""
        for section in (self.at("s3"), self.at("secrets", "s3")):
            for key, node in items(section).items():
                if key != "secretRef":
                    yield ("storage", "s3", key.lower()), node

    def _data(self) -> None:
        """Adopt the volume claim; a Helm release deletes its own when it is uninstalled."""
        if self.in_bucket:
            self._lose(
                "secrets.s3.secretRef",
                "name another one in storage.s3.existingSecret, made with `kubectl create secret generic privreg-s3 "
                "--from-file=credentials`; that file is as Amazon's tools have it",
            )
            return
        if not self.get("persistence", "enabled"):
            self.found.take(("storage", "type"), "emptyDir", self.mark("persistence"))
            self.found.lose(
                self.mark("persistence"),
                "the images: without persistence.enabled they are lost when the old Pod ends",
                "copy them first with `skopeo sync`, and choose another storage.type",
            )
            return
        claim = self.get("persistence", "existingClaim")
        mark = self.mark("persistence", "existingClaim")
        self.found.take(("storage", "type"), "pvc", mark)
        self.found.take(("storage", "persistence", "existingClaim"), str(claim or self.name), mark)
        if mode := self.get("persistence", "accessMode"):
            self.found.take(("storage", "persistence", "accessModes"), [mode], self.mark("persistence", "accessMode"))
        if not claim:
            self.found.lose(
                mark,
                f"the claim {self.name} belongs to the old release: `helm uninstall {self.release}` deletes it, and "
                "with it the images",
                f"do not uninstall; let Helm forget it with `kubectl delete secret -l owner=helm,name={self.release}`, "
                "and delete its other objects by kubectl",
            )

    def _exposure(self) -> None:
        """Take over Ingress, Service and certificate."""
        enabled = bool(self.get("ingress", "enabled"))
        self.found.take(("ingress", "enabled"), enabled, self.mark("ingress"))
        if enabled:
            self._ingress()
            self.found.stop.append(f"kubectl delete ingress/{self.name}")
        elif secret := self.at("tlsSecretName"):
            self.found.take_node(("gateway", "tls", "secretName"), secret)
        kind = self.at("service", "type")
        if kind and kind.value != "ClusterIP":
            self.found.take_node(("service", "type"), kind)
            self.found.take(("service", "port"), self.get("service", "port") or 5000, self.mark("service"))
            self.found.stop.append(f"kubectl delete service/{self.name}")
        for key in _SERVICE:
            self.found.take_node(("service", key), self.at("service", key))
        for key in ("name", "clusterIP", "loadBalancerIP", "sessionAffinity", "sessionAffinityConfig"):
            self._lose(f"service.{key}", "let whoever uses the Service use the registry's host")

    def _ingress(self) -> None:
        for number, host in enumerate(children(self.at("ingress", "hosts"))):
            self.found.hosts.setdefault(str(self.get("ingress", "hosts", number)), host.mark)
        if not ingress_settings.read(self.at("ingress", "className"), self.at("ingress", "annotations"), self.found):
            ingress_settings.take_class("nginx", self.mark("ingress", "className"), self.found)
        for entry in children(self.at("ingress", "tls")):
            self.found.take_node(("tls", "secretName"), find(entry, ["secretName"]))
        if self.get("ingress", "path") not in (None, "/"):
            self.found.lose(self.mark("ingress", "path"), "ingress.path", "clients of a registry need /")
        self._lose("ingress.labels", "set them by commonLabels")

    def _pod(self) -> None:
        names = [str(value_at(it, "name")) for it in children(self.at("imagePullSecrets"))]
        if names:
            self.found.take(("imagePullSecrets",), names, self.mark("imagePullSecrets"))
        if self.get("serviceAccount", "create"):
            for key in ("name", "annotations"):
                self.found.take_node(("serviceAccount", key), self.at("serviceAccount", key))
        self._security()
        extras.take_variables(self.at("extraEnvVars"), self.found)
        self._lose("image", "nothing to do: the chart runs docker.io/library/registry 3, which reads the same data")
        self._lose("containerSecurityContext", "nothing to do: ours is as strict; securityContext changes it")
        self._lose("updateStrategy", "nothing to do: the chart chooses it by the volume")
        self._lose("deployment", "set it by commonAnnotations")
        self._lose("initContainers", "nothing to do, or run them in a Pod of their own")

    def _security(self) -> None:
        """Take over who the Pod runs as; the chart's Pods never run as root."""
        root = self.get("securityContext", "runAsUser") == 0
        if root:
            self._lose(
                "securityContext",
                "nothing to do where the volume honours fsGroup; else give the files to the new registry with "
                "`chown -R 1000:1000`, while no registry runs",
                "securityContext.runAsUser 0: the new registry runs as 1000:1000",
            )
        for key in () if root else _SECURITY:
            self.found.take_node(("podSecurityContext", key), self.at("securityContext", key))

    def _operation(self) -> None:
        replicas = self.at("replicaCount")
        shared = self.in_bucket or self.get("persistence", "accessMode") == "ReadWriteMany"
        if replicas and replicas.value != 1 and shared:
            self.found.take_node(("replicas",), replicas)
        elif replicas and replicas.value != 1:
            self._lose("replicaCount", "nothing to do: the volume has one writer")
        for key in ("minAvailable", "maxUnavailable"):
            if node := self.at("podDisruptionBudget", key):
                self.found.take(("podDisruptionBudget", "enabled"), True, self.mark("podDisruptionBudget"))
                self.found.take_node(("podDisruptionBudget", key), node)
        wanted: dict[str, str] = {
            "proxy": "a pull-through cache is a registry of its own: keep the old one for it",
            "autoscaling": "choose a fixed number in replicas",
            "garbageCollect": "nothing to do: the chart does not run that unsafe job",
        }
        for key, remedy in wanted.items():
            if self.get(key, "enabled"):
                self._lose(key, remedy)
        for key in ("serviceMonitor", "prometheusRule"):
            if self.get("metrics", key, "enabled"):
                self._lose(f"metrics.{key}", "let Prometheus read metrics.port of the new Pod")
        self._lose("namespace", "give it to Helm with --namespace")

    def _lose(self, key: str, remedy: str, what: str = "") -> None:
        path = key.split(".")
        if self.get(*path) not in (None, "", [], {}):
            self.found.lose(self.mark(*path), what or key, remedy)
