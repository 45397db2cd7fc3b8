"""Whether an object in the cluster is ready, and if not, why.

The rules for Deployments are those of `kubectl rollout status`, for Jobs and claims those of `helm --wait`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from privreg_values.cluster.kubectl import Kubectl, Object
from privreg_values.cluster.pods import statuses
from privreg_values.release.objects import identity, metadata, title

_REPLICATED = ("Deployment", "StatefulSet", "ReplicaSet")
_FINE_SOON = ("ContainerCreating", "PodInitializing")
_NO_IMAGE = ("ErrImagePull", "ImagePullBackOff")  # Kubernetes goes from one to the other and back


@dataclass(frozen=True)
class State:
    """What became of one object.

    Args:
        title: Its kind and name.
        namespace: Its namespace.
        ready: It does what it is there for.
        detail: In what state it is, or why it is not ready.
        waited: It is of a kind that becomes ready, not one that only has to be there.
    """

    title: str
    namespace: str
    ready: bool
    detail: str
    waited: bool


@dataclass(frozen=True)
class View:
    """What was seen of a release at one moment.

    Args:
        wanted: Its objects, as they should be.
        live: Those that are there, by identity.
        pods: The Pods in the release's namespace that are not ending.
    """

    wanted: list[Object]
    live: dict[tuple[str, str, str], Object]
    pods: list[Object]

    def states(self) -> list[State]:
        """Give the state of each object."""
        return [self._state(it) for it in self.wanted]

    def unready(self) -> Iterator[tuple[Object, list[Object]]]:
        """Give each object that should become ready and is not, with its own Pods that are not, newest first."""
        for item, state in zip(self.wanted, self.states(), strict=True):
            live = self._live(item)
            if live and state.waited and not state.ready:
                yield live, [pod for pod in self.pods_of(live) if not _pod_is_ready(pod)]

    def pods_of(self, item: Object) -> list[Object]:
        """Give the Pods of an object, newest first."""
        wanted = ((item.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        mine = [it for it in self.pods if wanted and wanted.items() <= (metadata(it, "labels") or {}).items()]
        return sorted(mine, key=lambda it: str(metadata(it, "creationTimestamp")), reverse=True)

    def _live(self, item: Object) -> Object | None:
        """Return an object as it is in the cluster, where a ClusterRole and its like have no namespace."""
        kind, namespace, name = identity(item)
        return self.live.get((kind, namespace, name)) or self.live.get((kind, "", name))

    def _state(self, item: Object) -> State:
        live = self._live(item)
        waited = item.get("kind") in (*_REPLICATED, *_OTHERS)
        ready, detail = self._judge(live) if live else (False, "is not there")
        return State(title(item), str(metadata(item, "namespace") or ""), ready, detail, waited)

    def _judge(self, live: Object) -> tuple[bool, str]:
        kind, status = str(live["kind"]), live.get("status") or {}
        if kind in _REPLICATED:
            return self._replicated(live, status)
        if kind == "Job":
            return self._job(live, status)
        return _OTHERS[kind](live, status) if kind in _OTHERS else (True, "is there")

    def _replicated(self, live: Object, status: Object) -> tuple[bool, str]:
        wanted = int((live.get("spec") or {}).get("replicas", 1))
        if int(status.get("observedGeneration", 0)) < int(metadata(live, "generation") or 0):
            return False, "is being changed"
        updated, total = int(status.get("updatedReplicas", 0)), int(status.get("replicas", 0))
        available = int(status.get("availableReplicas", 0))
        if updated >= wanted and total <= updated and available >= updated:
            return True, f"{available} of {wanted} ready"
        count = f"{available} of {wanted} ready" if updated >= wanted else f"{updated} of {wanted} replaced"
        return False, ": ".join(it for it in (count, self._reason(live) or _failure_of(status)) if it)

    def _job(self, live: Object, status: Object) -> tuple[bool, str]:
        conditions = {it["type"]: it for it in status.get("conditions") or [] if it.get("status") == "True"}
        if "Complete" in conditions:
            return True, "has ended well"
        if "Failed" in conditions:
            return False, f"has failed: {conditions['Failed'].get('message') or conditions['Failed'].get('reason')}"
        return False, ": ".join(it for it in ("is running", self._reason(live)) if it)

    def _reason(self, live: Object) -> str:
        return next((reason for pod in self.pods_of(live) if (reason := trouble_of(pod))), "")


def look(kubectl: Kubectl, wanted: Sequence[Object], namespace: str) -> View:
    """Look at a release's objects and Pods.

    Args:
        kubectl: The cluster.
        wanted: The objects, each with its namespace.
        namespace: The release's namespace.

    Raises:
        ClusterError: the cluster does not answer, or refuses.
    """
    live = {identity(it): it for it in kubectl.find(wanted)}
    pods = [it for it in kubectl.list("pods", namespace) if not metadata(it, "deletionTimestamp")]
    return View(list(wanted), live, pods)


def trouble_of(pod: Object) -> str:
    """Say why a Pod is not ready; empty where it is, or where it has only begun."""
    for it in statuses(pod):
        for state in (it.get("state") or {}, it.get("lastState") or {}):
            waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
            if waiting.get("reason") in _NO_IMAGE:
                return f"{it['name']} cannot pull {it.get('image')}"
            if (waiting.get("reason") or "ContainerCreating") not in _FINE_SOON:
                return f"{it['name']}: " + ", ".join(filter(None, (waiting["reason"], waiting.get("message"))))
            if ended and ended.get("exitCode") and not it.get("ready"):
                return f"{it['name']} ended with {ended.get('reason') or 'an error'} (exit code {ended['exitCode']})"
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return str(condition.get("message") or condition.get("reason"))
    return ""


def _pod_is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(it.get("type") == "Ready" and it.get("status") == "True" for it in conditions)


def _failure_of(status: Object) -> str:
    for it in status.get("conditions") or []:
        if it.get("type") == "ReplicaFailure" and it.get("status") == "True":
            return str(it.get("message"))
    return ""


def _daemon_set(_live: Object, status: Object) -> tuple[bool, str]:
    wanted, ready = int(status.get("desiredNumberScheduled", 0)), int(status.get("numberReady", 0))
    return ready >= wanted and int(status.get("updatedNumberScheduled", 0)) >= wanted, f"{ready} of {wanted} ready"


def _claim(_live: Object, status: Object) -> tuple[bool, str]:
    phase = str(status.get("phase") or "Pending")
    return phase == "Bound", "is bound" if phase == "Bound" else f"is {phase.lower()}"


def _service(live: Object, status: Object) -> tuple[bool, str]:
    if (live.get("spec") or {}).get("type") != "LoadBalancer":
        return True, "is there"
    given = _addresses(status)
    return bool(given), f"has {given}" if given else "waits for an address of the load balancer"


def _ingress(live: Object, status: Object) -> tuple[bool, str]:
    hosts = ", ".join(str(it.get("host")) for it in (live.get("spec") or {}).get("rules") or [])
    given = _addresses(status)
    return True, f"{hosts} at {given}" if given else hosts


def _addresses(status: Object) -> str:
    given = (status.get("loadBalancer") or {}).get("ingress") or []
    return ", ".join(str(it.get("ip") or it.get("hostname")) for it in given)


def _certificate(_live: Object, status: Object) -> tuple[bool, str]:
    for it in status.get("conditions") or []:
        if it.get("type") == "Ready":
            return it.get("status") == "True", str(it.get("message") or it.get("reason"))
    return False, "waits for cert-manager"


_OTHERS = {
    "Job": lambda _live, _status: (False, ""),  # by its Pods: View._job
    "DaemonSet": _daemon_set,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "Ingress": _ingress,
    "Certificate": _certificate,
}
