"""Compares what containers ask for with their limits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privreg_values.values.nodes import Node, Path, Value, find

_CONTAINERS: tuple[Path, ...] = (("resources",), ("gateway", "resources"), ("jobs", "resources"))
_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip


def over_their_limits(effective: Value, values: Node) -> Iterator[tuple[Path, str]]:
    """Give each request that is above its limit, which Kubernetes refuses.

    Args:
        effective: The values over the chart's defaults.
        values: What the user set: a request that is not there is told at the limit.
    """
    for container in _CONTAINERS:
        node = effective
        for step in container:
            node = node.get(step) or {}
        requests, limits = node.get("requests") or {}, node.get("limits") or {}
        for name, request in requests.items():
            limit = limits.get(name)
            if request is None or limit is None or quantity(request) <= quantity(limit):
                continue
            path = (*container, "requests", name)
            if find(values, path) is None:
                path = (*container, "limits", name)
            message = f"the request of {request} is above the limit of {limit}, which Kubernetes refuses; change one"
            yield path, message


def quantity(text: str | float) -> float:
    """Give the number that a quantity such as 300Mi stands for (k8s.io/apimachinery/pkg/api/resource)."""
    found = re.fullmatch(r"([0-9.]+)([eE][-+]?[0-9]+)?([numkMGTPE]i?)?", str(text))
    if not found:
        return float("nan")
    return float(found[1] + (found[2] or "")) * _SUFFIXES[found[3] or ""]
