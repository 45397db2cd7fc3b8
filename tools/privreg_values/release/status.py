"""How a release is: its objects, its users, its certificate, its gateway."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from privreg_values.cluster.kubectl import Kubectl, Object
from privreg_values.cluster.revisions import Revision
from privreg_values.errors import ClusterError, PrivregError
from privreg_values.registry.certificates import SOON
from privreg_values.release import certificate
from privreg_values.release.objects import metadata, placed
from privreg_values.release.readiness import State, View, look
from privreg_values.release.target import Target
from privreg_values.values.nodes import Value

GATEWAY = "gateway"  # the container


@dataclass(frozen=True)
class Finding:
    """Something that was looked at.

    Args:
        ok: It is as it should be; None where that could not be seen.
        detail: What was seen, or why nothing was.
    """

    ok: bool | None
    detail: str


@dataclass(frozen=True)
class Status:
    """How a release is.

    Args:
        revision: Its last revision.
        status: What helm calls that.
        updated: When it was made, in ISO 8601, in UTC.
        chart: Name and version of its chart.
        host: The registry's name.
        roles: How many users have which role; users without roles count as "any", unknown ones are not in it.
        states: The objects' states.
        hooks: How the hooks went last, by name.
        certificate: Until when the certificate is good.
        gateway: Whether the gateway runs the configuration that it has; None where there is no gateway.
    """

    revision: int
    status: str
    updated: str
    chart: str
    host: str
    roles: dict[str, int]
    states: list[State]
    hooks: dict[str, str]
    certificate: Finding
    gateway: Finding | None

    @property
    def ok(self) -> bool:
        """Tell whether nothing was found that needs somebody."""
        found = [self.certificate, *([self.gateway] if self.gateway else [])]
        fine = all(it.ready for it in self.states) and all(it.ok is not False for it in found)
        return fine and self.status == "deployed" and "Failed" not in self.hooks.values()


def status(target: Target) -> Status:
    """Ask the cluster.

    Raises:
        PrivregError: there is no such release.
        HelmError: helm cannot tell.
        ClusterError: the cluster does not answer.
    """
    helm, kubectl = target.helm, target.kubectl
    there = helm.status(target.release, target.namespace)
    if not there:
        remedy = "name another --release or --namespace, or run `privreg-values apply`"
        raise PrivregError(f"there is no {target}", remedy)
    values = helm.values(target.release, target.namespace, defaults=True)
    last = helm.history(target.release, target.namespace).last
    view = look(kubectl, placed(there.objects, target.namespace), target.namespace)
    return Status(
        there.number,
        there.status,
        there.updated,
        last.chart if last else "",
        str(values.get("host") or ""),
        _roles(values),
        view.states(),
        _hooks(there),
        _certificate(kubectl, view, values, target.namespace),
        _gateway(kubectl, view, target.namespace) if _at(values, "auth", "mode") == "gateway" else None,
    )


def _roles(values: Object) -> dict[str, int]:
    """Count the users by role; those of an existing Secret are known by what auth.access gives them."""
    users = [*(_at(values, "auth", "users") or []), *(_at(values, "auth", "access") or [])]
    return dict(Counter(str(it.get("role") or "any") for it in users))


def _hooks(revision: Revision) -> dict[str, str]:
    return {str(metadata(it.object, "name")): it.phase for it in revision.hooks if it.phase and "test" not in it.events}


def _certificate(kubectl: Kubectl, view: View, values: Object, namespace: str) -> Finding:
    name = _tls_secret(view, values)
    if not name:
        return Finding(None, "the release serves none itself")
    try:
        secret = kubectl.get("secrets", name, namespace)
    except ClusterError as error:
        return Finding(None, f"the Secret {name} cannot be read: {error}")
    if not secret:
        return Finding(False, f"there is no TLS Secret {name}: make it, or see why cert-manager does not")
    try:
        pem = base64.b64decode((secret.get("data") or {}).get("tls.crt") or "").decode("utf-8", "replace")
    except binascii.Error:
        pem = ""
    end = certificate.end_of(pem)
    if not end:
        return Finding(False, f"the Secret {name} holds no certificate in tls.crt: replace it")
    days = (end - datetime.now(UTC)).days
    if days < 0:
        return Finding(False, f"the one in Secret {name} ended on {end:%Y-%m-%d}: renew it")
    soon = f", in {days} days: renew it" if days < SOON else ""
    return Finding(True, f"good until {end:%Y-%m-%d} (Secret {name}){soon}")


def _tls_secret(view: View, values: Object) -> str:
    """Give the TLS Secret that the Ingress or the gateway serves."""
    for item in view.wanted:
        if item["kind"] == "Ingress":
            for entry in (item.get("spec") or {}).get("tls") or []:
                return str(entry.get("secretName") or "")
    return str(_at(values, "gateway", "tls", "secretName") or "")


def _gateway(kubectl: Kubectl, view: View, namespace: str) -> Finding:
    pods = [pod for it in view.live.values() for pod in view.pods_of(it) if _port_of(pod)]
    if not pods:
        return Finding(None, "no Pod of it runs")
    for pod in pods:
        name = str(metadata(pod, "name"))
        path = f"/api/v1/namespaces/{namespace}/pods/{name}:{_port_of(pod)}/proxy/metrics"
        try:
            metrics = kubectl.run(["get", f"--raw={path}"])
        except ClusterError as error:
            return Finding(None, f"its metrics cannot be read: {error}")
        if _refuses(metrics):
            reason = _refusal(kubectl, name, namespace)
            return Finding(False, f"Pod {name} refused a changed configuration, the one before is active: {reason}")
    return Finding(True, "the configuration is the current one")


def _port_of(pod: Object) -> int:
    """Give the port of the gateway's metrics; 0 where the Pod has none, or cannot be reached yet."""
    for container in (pod.get("spec") or {}).get("containers") or []:
        if container["name"] == GATEWAY and (pod.get("status") or {}).get("podIP"):
            return next((int(it["containerPort"]) for it in container.get("ports") or [] if it["name"] == "metrics"), 0)
    return 0


def _refuses(metrics: str) -> bool:
    """Read the state that files/gateway.sh shows: the server of the proxy "configuration" is in maintenance."""
    up = r'^haproxy_server_status\{[^}]*proxy="configuration"[^}]*state="MAINT"[^}]*\} 1'
    return re.search(up, metrics, re.MULTILINE) is not None


def _refusal(kubectl: Kubectl, pod: str, namespace: str) -> str:
    try:
        log = kubectl.logs(pod, namespace, container=GATEWAY, lines=2000)
    except ClusterError:
        return "see its log"
    said = re.findall(r"REFUSED, the old one stays: ([^\"\n]+)", log)
    return str(said[-1]).strip() if said else "see its log"


def _at(values: Object, *path: str) -> Value:
    here: Value = values
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return here
