"""Reads Pods and events as the API server gives them."""

from __future__ import annotations

from collections.abc import Iterable

from privreg_values.cluster.kubectl import Object


def statuses(pod: Object, *, debugging: bool = False) -> list[Object]:
    """Give the statuses of a Pod's containers, on demand of those too that `kubectl debug` has added."""
    kinds = ("initContainerStatuses", "containerStatuses", *(["ephemeralContainerStatuses"] if debugging else []))
    return [each for kind in kinds for each in (pod.get("status") or {}).get(kind) or ()]


def in_order(events: Iterable[Object]) -> list[Object]:
    """Give events, the latest last."""
    return sorted(events, key=lambda it: str(it.get("lastTimestamp") or it.get("eventTime") or ""))


def words(event: Object) -> str:
    """Give what an event says: its reason and its message."""
    return f"{event.get('reason') or ''}: {str(event.get('message') or '').strip()}"
