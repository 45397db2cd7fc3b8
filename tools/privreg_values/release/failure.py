"""What the cluster says about the Pods of an object that does not become ready."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from privreg_values.cluster.kubectl import Kubectl, Object
from privreg_values.cluster.pods import in_order, statuses, words
from privreg_values.doctor import server
from privreg_values.doctor.findings import Finding
from privreg_values.errors import ClusterError
from privreg_values.release.objects import metadata, title
from privreg_values.release.readiness import View, trouble_of

LINES = 10  # of a log
EVENTS = 5


@dataclass(frozen=True)
class Failure:
    """Why something is not ready.

    Args:
        title: The Pod, or the object itself where it has no Pod.
        reason: Its state, in Kubernetes' words; may be empty.
        events: Its last warnings, the newest last.
        log: The last lines that its failing containers wrote.
        opinion: What the doctor says is wrong; None where it does not know.
    """

    title: str
    reason: str
    events: list[str]
    log: list[str]
    opinion: Finding | None


def collect(kubectl: Kubectl, view: View, namespace: str) -> list[Failure]:
    """Ask the cluster about all that should become ready and is not. What it does not tell is left out."""
    seen = _events(kubectl, namespace)
    return [_failure(kubectl, namespace, item, pods, seen) for item, pods in view.unready()]


def _failure(kubectl: Kubectl, namespace: str, item: Object, pods: list[Object], seen: list[Object]) -> Failure:
    about = pods[0] if pods else item
    log = _log(kubectl, namespace, about) if pods else []
    events = _about(seen, str(metadata(about, "name")), with_children=not pods, or_last=not log)
    reason = trouble_of(about) or _waiting_of(about)
    opinion = server.likeliest(title(about), [*events, *([reason] if reason else [])], log)
    return Failure(title(about), reason, events, log, opinion)


def _waiting_of(item: Object) -> str:
    """Say what a Pod's containers wait for that is no trouble yet, such as their image."""
    waiting = {it["name"]: ((it.get("state") or {}).get("waiting") or {}).get("reason") for it in statuses(item)}
    return ", ".join(f"{name}: {reason}" for name, reason in waiting.items() if reason)


def _events(kubectl: Kubectl, namespace: str) -> list[Object]:
    try:
        return in_order(kubectl.list("events", namespace))
    except ClusterError:
        return []


def _about(events: list[Object], name: str, *, with_children: bool, or_last: bool) -> list[str]:
    """Give the last warnings about an object.

    Args:
        events: Those of the namespace, the oldest first.
        name: The object's.
        with_children: Those too that are about what was made for it, such as a ReplicaSet that makes no Pod.
        or_last: Its last event, if there is no warning.
    """
    mine: list[Object] = []
    for it in events:
        of = str((it.get("involvedObject") or {}).get("name"))
        if of == name or (with_children and of.startswith(f"{name}-")):
            mine.append(it)
    warnings = [it for it in mine if it.get("type") == "Warning"] or (mine[-1:] if or_last else [])
    lines = [words(it) for it in reversed(warnings)]
    return list(dict.fromkeys(lines))[:EVENTS][::-1]


def _log(kubectl: Kubectl, namespace: str, pod: Object) -> list[str]:
    return [line for name, previous in _failing(pod) for line in _lines(kubectl, namespace, pod, name, previous)]


def _failing(pod: Object) -> Iterator[tuple[str, bool]]:
    """Give the containers that are not ready and have run, and whether it is their last run that counts."""
    for it in statuses(pod):
        now, before = it.get("state") or {}, it.get("lastState") or {}
        if not it.get("ready") and (now.get("running") or now.get("terminated") or before):
            ended_well = (now.get("terminated") or {}).get("exitCode") == 0
            if not ended_well:
                yield it["name"], "waiting" in now


def _lines(kubectl: Kubectl, namespace: str, pod: Object, container: str, previous: bool) -> list[str]:
    try:
        text = kubectl.logs(str(metadata(pod, "name")), namespace, container=container, lines=LINES, previous=previous)
    except ClusterError:
        return []
    return [f"{container}: {line}" for line in text.splitlines() if line.strip()]
