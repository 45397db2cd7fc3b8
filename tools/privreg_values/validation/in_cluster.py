"""Compares values with a cluster: what they name must be there, and be of the right kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from privreg_values.cluster.kubectl import Kubectl, Object
from privreg_values.errors import ForbiddenError
from privreg_values.pull_secret.docker_config import SECRET_KEY, SECRET_TYPE
from privreg_values.values import chart
from privreg_values.values.nodes import Node, Path, Value, coalesce, locate, plain
from privreg_values.values.paths import render
from privreg_values.values.rules import is_pattern
from privreg_values.values.validate import Problem

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
DEFAULT_STORAGE = "storageclass.kubernetes.io/is-default-class"

# spec.controller of an IngressClass begins with one of these; F5's own controllers (nginx.org) read none of the
# annotations of the preset nginx.
_PRESETS = {
    "haproxy": ("haproxy.org/", "haproxy-ingress.github.io/"),
    "nginx": ("k8s.io/ingress-nginx",),
    "traefik": ("traefik.io/",),
}


@dataclass(frozen=True)
class Comparison:
    """What the cluster has against the values.

    Args:
        problems: What the registry would not work with.
        unseen: What this user may not look at.
    """

    problems: list[Problem]
    unseen: list[Problem]


@dataclass(frozen=True)
class _Site:
    """The values and the cluster, for the checks below; each yields a path and what is wrong there."""

    values: Value
    cluster: Kubectl
    namespace: str

    def secret(self, path: Path, name: str, *keys: str, kind: str = "") -> Iterator[tuple[Path, str]]:
        """Look for a Secret in the release's namespace."""
        found = self.cluster.get("secrets", name, self.namespace)
        if found is None:
            yield path, f"there is no Secret {name} in namespace {self.namespace}; make it, or name another"
            return
        if kind and found.get("type") != kind:
            yield path, f"the Secret {name} is of type {found.get('type')}; Kubernetes needs one of type {kind}"
        elif missing := [key for key in keys if key not in (found.get("data") or {})]:
            yield path, f"the Secret {name} has no key {missing[0]}; add it"

    def exists(
        self, path: Path, kind: str, resource: str, name: str, namespace: str = ""
    ) -> Iterator[tuple[Path, str]]:
        """Look for an object by its name."""
        if self.cluster.get(resource, name, namespace) is None:
            yield path, f"there is no {kind} {name}; {self._there_are(resource, kind, namespace)}"

    def _there_are(self, resource: str, kind: str, namespace: str) -> str:
        names = sorted(it["metadata"]["name"] for it in self.cluster.list(resource, namespace))
        return f"there is {', '.join(names[:8])}" if names else f"the cluster has no {kind} at all"


def compare(values: Node, cluster: Kubectl, namespace: str) -> Comparison:
    """Look for everything in the cluster that the values name.

    Args:
        values: What the user set, all files laid over each other; Helm accepts it.
        cluster: Where to look.
        namespace: The release's.

    Raises:
        ClusterError: no cluster answers.
    """
    site = _Site(plain(coalesce(chart.defaults(), values)), cluster, namespace)
    comparison = Comparison([], [])
    for check in (_namespaces, _ingress, _certificate, _storage, _pod_security, _secrets, _others):
        try:
            found = list(check(site))
        except ForbiddenError as error:
            message = f"not all could be compared with the cluster: {error.message}"
            comparison.unseen.append(Problem(values.mark, "", message, kind="cluster"))
            continue
        comparison.problems.extend(
            Problem(locate(values, path), render(path), message, kind="cluster") for path, message in found
        )
    return comparison


def _namespaces(site: _Site) -> Iterator[tuple[Path, str]]:
    delivery = site.values["pullSecrets"]
    for index, name in enumerate(delivery.get("namespaces") or [] if delivery["enabled"] else []):
        if not is_pattern(name) and site.cluster.get("namespaces", name) is None:
            path = ("pullSecrets", "namespaces", index)
            yield path, f"there is no namespace {name}; `kubectl create namespace {name}` makes it"


def _ingress(site: _Site) -> Iterator[tuple[Path, str]]:
    ingress = site.values["ingress"]
    if not ingress["enabled"]:
        return
    classes = {it["metadata"]["name"]: it for it in site.cluster.list("ingressclasses")}
    name, names = ingress.get("className"), ", ".join(sorted(classes)) or "none"
    chosen = (
        classes.get(name) if name else next((it for it in classes.values() if _is_default(it, DEFAULT_CLASS)), None)
    )
    if chosen is None:
        missing = f"there is no IngressClass {name}" if name else "is not set, and no IngressClass is the default"
        yield ("ingress", "className"), f"{missing}; set it to one of those that are there: {names}"
        return
    controller = str(chosen["spec"].get("controller"))
    preset = ingress["preset"]
    fitting = next((it for it, prefixes in _PRESETS.items() if controller.startswith(prefixes)), None)
    if preset not in ("none", fitting):
        remedy = f"set it to {fitting}" if fitting else "set it to none, and its limits by ingress.annotations"
        which = f"the controller of IngressClass {chosen['metadata']['name']} is {controller}"
        yield ("ingress", "preset"), f"is {preset}, and {which}; {remedy}"
    if preset == "traefik" and ingress["redirect"] and not _knows(site, "middlewares.traefik.io"):
        remedy = "install Traefik's, or set ingress.redirect to false"
        yield ("ingress", "redirect"), f"needs the custom resource Middleware of traefik.io; {remedy}"


def _certificate(site: _Site) -> Iterator[tuple[Path, str]]:
    tls, path = site.values["tls"], ("tls", "certManager", "issuerRef")
    if not tls["certManager"]["enabled"]:
        if site.values["ingress"]["enabled"] and tls.get("secretName"):
            keys = ("tls.crt", "tls.key")
            yield from site.secret(("tls", "secretName"), tls["secretName"], *keys, kind="kubernetes.io/tls")
        return
    if not _knows(site, "certificates.cert-manager.io"):
        yield path[:2], "cert-manager is not installed in the cluster; install it, or set tls.secretName"
        return
    issuer = tls["certManager"]["issuerRef"]
    kind, name, group = issuer["kind"], issuer["name"], issuer["group"]
    if group != "cert-manager.io":
        return  # an external issuer, known to its own controller
    namespace = site.namespace if kind == "Issuer" else ""
    resource = f"{kind.lower()}s.{group}"
    found = site.cluster.get(resource, name, namespace)
    if found is None:
        yield from site.exists((*path, "name"), kind, resource, name, namespace)
        return
    conditions: list[Object] = found.get("status", {}).get("conditions", [])
    ready = next((it for it in conditions if it["type"] == "Ready"), {})
    if ready.get("status") != "True":
        reason = ready.get("message") or "cert-manager has not said anything yet"
        yield (*path, "name"), f"the {kind} {name} is not ready: {reason}; `kubectl describe` tells more"


def _storage(site: _Site) -> Iterator[tuple[Path, str]]:
    storage, path = site.values["storage"], ("storage", "persistence")
    persistence = storage["persistence"]
    if storage["type"] != "pvc":
        return
    if claim := persistence.get("existingClaim"):
        yield from site.exists(
            (*path, "existingClaim"), "PersistentVolumeClaim", "persistentvolumeclaims", claim, site.namespace
        )
    elif (name := persistence.get("storageClass")) and name != "-":
        yield from site.exists((*path, "storageClass"), "StorageClass", "storageclasses", name)
    elif not name:
        classes = site.cluster.list("storageclasses")
        if not any(_is_default(it, DEFAULT_STORAGE) for it in classes):
            names = ", ".join(sorted(it["metadata"]["name"] for it in classes)) or "none"
            yield (*path, "storageClass"), f"is not set, and no StorageClass is the default; there is: {names}"


def _pod_security(site: _Site) -> Iterator[tuple[Path, str]]:
    """Look whether the release's namespace refuses the volume of the images.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    kind, refused = site.values["storage"]["type"], {"hostPath": ("baseline", "restricted"), "nfs": ("restricted",)}
    if kind not in refused:
        return
    namespace = site.cluster.get("namespaces", site.namespace) or {}
    level = ((namespace.get("metadata") or {}).get("labels") or {}).get("pod-security.kubernetes.io/enforce")
    if level in refused[kind]:
        volume = "a PersistentVolume of type local" if kind == "hostPath" else "a PersistentVolume of type nfs"
        yield (
            ("storage", "type"),
            f"is {kind}, and namespace {site.namespace} enforces the Pod Security Standard {level}, which refuses such "
            f"Pods; set it to pvc, and storage.persistence.existingClaim to a claim on {volume}",
        )


def _secrets(site: _Site) -> Iterator[tuple[Path, str]]:
    values = site.values
    keys = {"jwks": "jwks.json", "certificates": "bundle.pem"}
    if values["auth"]["mode"] != "token" and (name := values["auth"].get("existingSecret")):
        yield from site.secret(("auth", "existingSecret"), name, "htpasswd")
    if values["auth"]["mode"] == "token" and (name := values["token"].get("existingSecret")):
        yield from site.secret(("token", "existingSecret"), name, keys[values["token"]["keys"]])
    if values["auth"]["mode"] == "gateway" and (name := values["gateway"]["tls"].get("secretName")):
        yield from site.secret(("gateway", "tls", "secretName"), name, "tls.crt", "tls.key", kind="kubernetes.io/tls")
    if name := values["httpSecret"].get("existingSecret"):
        yield from site.secret(("httpSecret", "existingSecret"), name, "httpSecret")
    if values["pullSecrets"]["enabled"] and (name := values["pullSecrets"].get("existingSecret")):
        yield from site.secret(("pullSecrets", "existingSecret"), name, SECRET_KEY, kind=SECRET_TYPE)
    if values["storage"]["type"] == "s3" and (name := values["storage"]["s3"].get("existingSecret")):
        yield from site.secret(("storage", "s3", "existingSecret"), name, "credentials")
    for index, name in enumerate(values.get("imagePullSecrets") or []):
        yield from site.secret(("imagePullSecrets", index), name, kind=SECRET_TYPE)


def _others(site: _Site) -> Iterator[tuple[Path, str]]:
    if name := site.values.get("priorityClassName"):
        yield from site.exists(("priorityClassName",), "PriorityClass", "priorityclasses", name)
    account = site.values["serviceAccount"]
    if not account["create"] and (name := account.get("name")):
        yield from site.exists(("serviceAccount", "name"), "ServiceAccount", "serviceaccounts", name, site.namespace)


def _is_default(item: Object, annotation: str) -> bool:
    annotations: Mapping[str, str] = item["metadata"].get("annotations") or {}
    return annotations.get(annotation) == "true"


def _knows(site: _Site, resource: str) -> bool:
    return site.cluster.get("customresourcedefinitions", resource) is not None
