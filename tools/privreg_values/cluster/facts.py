"""What a cluster has that a registry can use: ways in, issuers of certificates, kinds of volumes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from privreg_values.cluster.kubectl import Kubectl, Object
from privreg_values.errors import ClusterError, ForbiddenError

PATIENCE = 4  # seconds; a cluster that has not answered by then is none
_ISSUER_KINDS = {"acme": "ACME", "ca": "a CA of its own", "selfSigned": "self-signed", "vault": "Vault"}


@dataclass(frozen=True)
class Class:
    """An IngressClass or a StorageClass.

    Args:
        name: Its name.
        program: What serves it: the controller or the provisioner.
        is_default: It serves those who name no class.
    """

    name: str
    program: str
    is_default: bool = False


@dataclass(frozen=True)
class Issuer:
    """A ClusterIssuer of cert-manager.

    Args:
        name: Its name.
        kind: How it makes certificates, in words.
        is_ready: It can make one now.
    """

    name: str
    kind: str
    is_ready: bool = True


@dataclass(frozen=True)
class Facts:
    """What was read. None is what the user may not see.

    Args:
        cluster: The context's name; empty when there is none.
        ingress_classes: Its IngressClasses.
        storage_classes: Its StorageClasses.
        issuers: Its ClusterIssuers.
        cert_manager: cert-manager is there.
        gateway_api: Gateway API is there.
        traefik: Traefik's own resources are there, such as Middleware.
    """

    cluster: str = ""
    ingress_classes: tuple[Class, ...] | None = ()
    storage_classes: tuple[Class, ...] | None = ()
    issuers: tuple[Issuer, ...] | None = ()
    cert_manager: bool = False
    gateway_api: bool = False
    traefik: bool = False


def read(context: str = "") -> Facts:
    """Read a cluster.

    Args:
        context: A context of the kubeconfig; the current one when empty.

    Raises:
        ClusterError: none answers within PATIENCE, or there is no kubectl.
    """
    kubectl = Kubectl(context=context, request_timeout=PATIENCE)
    names = _api_groups(kubectl)
    has_cert_manager = "cert-manager.io" in names
    return Facts(
        cluster=context or _current_context(kubectl),
        ingress_classes=_classes(kubectl, "ingressclasses.networking.k8s.io"),
        storage_classes=_classes(kubectl, "storageclasses.storage.k8s.io"),
        issuers=_issuers(kubectl) if has_cert_manager else (),
        cert_manager=has_cert_manager,
        gateway_api="gateway.networking.k8s.io" in names,
        traefik="traefik.io" in names,
    )


def _api_groups(kubectl: Kubectl) -> set[str]:
    """Give the names of the API groups, which whoever is logged in may see."""
    # The limit holds for what kubectl itself starts, too, such as a login.
    answer = kubectl.run(["get", "--raw=/apis"], timeout=2 * PATIENCE)
    try:
        return {group["name"] for group in json.loads(answer)["groups"]}
    except (ValueError, KeyError, TypeError):  # without a kubeconfig, kubectl asks whatever is at localhost:8080
        raise ClusterError("no cluster answers: what does is not Kubernetes") from None


def _current_context(kubectl: Kubectl) -> str:
    try:
        return kubectl.run(["config", "current-context"]).strip()
    except ClusterError:  # as in a Pod, which has a ServiceAccount instead
        return ""


def _classes(kubectl: Kubectl, resource: str) -> tuple[Class, ...] | None:
    try:
        found = kubectl.list(resource)
    except ForbiddenError:
        return None
    return tuple(sorted((_class(it) for it in found), key=lambda it: (not it.is_default, it.name)))


def _class(it: Object) -> Class:
    """Read a class; the annotation is <resource, singular>.kubernetes.io/is-default-class."""
    annotations, spec = it["metadata"].get("annotations") or {}, it.get("spec") or {}
    is_default = annotations.get(f"{it['kind'].lower()}.kubernetes.io/is-default-class") == "true"
    return Class(it["metadata"]["name"], it.get("provisioner") or spec.get("controller", ""), is_default)


def _issuers(kubectl: Kubectl) -> tuple[Issuer, ...] | None:
    try:
        found = kubectl.list("clusterissuers.cert-manager.io")
    except ForbiddenError:
        return None
    return tuple(sorted(map(_issuer, found), key=lambda it: it.name))


def _issuer(it: Object) -> Issuer:
    spec, conditions = it.get("spec") or {}, (it.get("status") or {}).get("conditions") or []
    kind = next((words for key, words in _ISSUER_KINDS.items() if key in spec), "another kind")
    return Issuer(it["metadata"]["name"], kind, ("Ready", "True") in _states(conditions))


def _states(conditions: list[Object]) -> Iterator[tuple[str, str]]:
    return ((it.get("type", ""), it.get("status", "")) for it in conditions)
