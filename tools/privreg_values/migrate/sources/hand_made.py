"""Reads the manifests of a registry that somebody set up by hand."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from privreg_values.migrate.found import Found, PullSecret
from privreg_values.migrate.sources import ingress_settings, workload
from privreg_values.migrate.sources.objects import Object, annotations_of, children, from_node, items, value_at
from privreg_values.pull_secret.docker_config import SECRET_KEY, host_of, logins
from privreg_values.values.nodes import Node, find, plain

KINDS = (*workload.KINDS, "ConfigMap", "Secret", "Service", "Ingress", "Certificate")
_KEEP_CLAIMS = {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain", "whenDeleted": "Retain"}}}
_LEFT_ALONE = (  # what the new release uses, or does not need, and does not own
    "ConfigMap",
    "Namespace",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "StorageClass",
    "IngressClass",
    "Issuer",
    "ClusterIssuer",
)


def read(documents: Sequence[Node]) -> Found:
    """Read manifests.

    Args:
        documents: The objects.

    Raises:
        FileError: none of them runs a registry, or several do, or its images are in a store that the chart cannot use.
        SyntaxProblem: the registry's configuration is not YAML.
    """
    objects = [it for it in map(from_node, documents) if it]
    found = Found("hand-made manifests")
    registry = workload.pick(objects)
    deployment = registry.workload
    found.namespace = deployment.namespace
    workload.read(registry, objects, found)
    _stop(deployment, found)
    services = [it for it in objects if it.kind == "Service" and _leads_to(it, deployment)]
    ingresses = [it for it in objects if it.kind == "Ingress" and _leads_to_one(it, services)]
    for it in ingresses:
        _ingress(it, found)
    for it in objects:
        if it in ingresses:
            continue
        if it.kind == "Certificate" and _is_for(it, found):
            _certificate(it, found)
        elif it in services:
            _service(it, found)
        elif it.kind == "Secret":
            _secret(it, found)
        elif it.kind == "ServiceAccount":
            _service_account(it, found)
        elif it is not deployment and it.kind not in _LEFT_ALONE:
            found.lose(it.mark, str(it), "keep it, or put it into extraManifests")
    if not ingresses:
        found.take(("ingress", "enabled"), False, deployment.mark)
    return found


def _stop(deployment: Object, found: Found) -> None:
    name = shlex.quote(f"{deployment.kind.lower()}/{deployment.name}")
    # Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
    policy = items(deployment.at("spec", "persistentVolumeClaimRetentionPolicy"))
    if deployment.kind == "StatefulSet" and any(it.value == "Delete" for it in policy.values()):
        patch = json.dumps(_KEEP_CLAIMS, separators=(",", ":"))
        found.stop.append(f"kubectl patch {name} --type merge -p {shlex.quote(patch)}")
    scaled = deployment.kind in ("Deployment", "StatefulSet", "ReplicaSet")
    found.stop.append(f"kubectl scale {name} --replicas=0" if scaled else f"kubectl delete {name}")


def _leads_to(service: Object, deployment: Object) -> bool:
    """Tell whether a Service selects the Pods of a workload."""
    inside = () if deployment.kind == "Pod" else ("spec", "template")
    labels = items(deployment.at(*inside, "metadata", "labels"))
    selector = items(service.at("spec", "selector"))
    return bool(selector) and all(key in labels and labels[key].value == it.value for key, it in selector.items())


def _leads_to_one(ingress: Object, services: Sequence[Object]) -> bool:
    """Tell whether an Ingress leads to one of these Services; where none is known, it may."""
    paths = [path for rule in children(ingress.at("spec", "rules")) for path in children(find(rule, ["http", "paths"]))]
    names = {str(value_at(path, "backend", "service", "name")) for path in paths}
    return not services or bool(names & {it.name for it in services})


def _is_for(certificate: Object, found: Found) -> bool:
    """Tell whether a Certificate has a name of the registry; where none is known, it may."""
    names = {str(it.value) for it in _names(certificate)}
    return not found.hosts or bool(names & found.hosts.keys())


def _names(certificate: Object) -> list[Node]:
    common = certificate.at("spec", "commonName")
    return [*([common] if common else []), *children(certificate.at("spec", "dnsNames"))]


def _ingress(ingress: Object, found: Found) -> None:
    """Take over host, class, certificate and annotations of an Ingress."""
    hosts = [host for rule in children(ingress.at("spec", "rules")) if (host := find(rule, ["host"]))]
    for host in hosts:
        found.hosts.setdefault(str(host.value), host.mark)
    ingress_settings.read(ingress.at("spec", "ingressClassName"), ingress.at("metadata", "annotations"), found)
    for entry in children(ingress.at("spec", "tls")):
        found.take_node(("tls", "secretName"), find(entry, ["secretName"]))
    for rule in children(ingress.at("spec", "rules")):
        for path in children(find(rule, ["http", "paths"])):
            if value_at(path, "path") not in (None, "/"):
                found.lose(path.mark, f"the path {value_at(path, 'path')}", "clients of a registry need /")
    found.stop.append(f"kubectl delete ingress/{ingress.name}")


def _certificate(certificate: Object, found: Found) -> None:
    """Let the chart's Certificate take the place of one: the same issuer, the same Secret."""
    for node in _names(certificate):
        found.hosts.setdefault(str(node.value), node.mark)
    if issuer := certificate.at("spec", "issuerRef"):
        name, kind = str(value_at(issuer, "name")), str(value_at(issuer, "kind") or "Issuer")
        ingress_settings.take_issuer(name, kind, issuer.mark, found)
    found.take_node(("tls", "secretName"), certificate.at("spec", "secretName"))
    found.stop.append(f"kubectl delete certificate/{certificate.name}")


def _service(service: Object, found: Found) -> None:
    """Take over how a Service is reached from outside; its name is the release's."""
    kind = service.get("spec", "type") or "ClusterIP"
    if kind != "ClusterIP":
        found.take_node(("service", "type"), service.at("spec", "type"))
        ports = children(service.at("spec", "ports"))
        found.take_node(("service", "port"), find(ports[0], ["port"]) if ports else None)
        found.take_node(("service", "nodePort"), find(ports[0], ["nodePort"]) if ports else None)
        for key in ("loadBalancerClass", "loadBalancerSourceRanges", "externalTrafficPolicy"):
            found.take_node(("service", key), service.at("spec", key))
        found.stop.append(f"kubectl delete service/{service.name}")
    if kept := annotations_of(service.at("metadata", "annotations")):
        first = next(iter(kept.values()))
        values = {key: plain(node) for key, node in kept.items()}
        found.take(("service", "annotations"), values, first.key_mark or first.mark)
    found.lose(
        service.mark,
        f"the name {service.name} of the Service: the new one is called like the release",
        "let whoever uses that name within the cluster use the registry's host",
    )


def _secret(secret: Object, found: Found) -> None:
    """Learn from a pull Secret who pulls, and where."""
    text = secret.data().get(SECRET_KEY)
    if text is None:
        return
    try:
        entries = logins(str(text.value))
    except ValueError:
        found.lose(secret.mark, f"{secret}: its {SECRET_KEY} names nobody", "nothing to do: it could not be used")
        return
    for address, login in entries.items():
        found.pull_secrets.append(
            PullSecret(host_of(address), login.user, login.password, secret.namespace or "default", secret.mark)
        )


def _service_account(account: Object, found: Found) -> None:
    """Have the chart deliver to the ServiceAccounts that were edited by hand."""
    if account.at("imagePullSecrets") is None:
        found.lose(account.mark, str(account), "nothing to do: the chart has one of its own")
        return
    path = ("pullSecrets", "serviceAccounts")
    there = found.values.pop(path, None)
    names = there.value if there else ["default"]
    found.namespaces.append(account.namespace or "default")
    found.take(path, list(dict.fromkeys([*names, account.name])), account.mark)
    found.lose(
        account.mark,
        f"{account}: the reference to the old Secret stays beside the new one",
        "take the old one out when every namespace pulls with the new one",
    )
