"""Finds the releases of the chart in a cluster."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from privreg_values.cluster.kubectl import Kubectl, Object
from privreg_values.errors import ClusterError

_SELECTOR = "app.kubernetes.io/component=programs"  # the ConfigMap that every release has


@dataclass(frozen=True)
class Release:
    """One release of the chart.

    Args:
        namespace: Its namespace.
        name: Its name.
        secret_name: The delivered Secret's name in each namespace; empty where delivery is off.
        source_secret: The Secret in the release's namespace that it is a copy of; empty likewise.
        namespaces: The namespaces that are named to get it.
        service_accounts: Those that get the reference, in each of them.
    """

    namespace: str
    name: str
    secret_name: str = ""
    source_secret: str = ""
    namespaces: tuple[str, ...] = ()
    service_accounts: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Give it as the annotation privreg.io/release names it."""
        return f"{self.namespace}/{self.name}"


def find(kubectl: Kubectl, *, name: str = "", namespace: str = "") -> list[Release]:
    """Give the releases in the cluster.

    Args:
        kubectl: The cluster.
        name: Only those of this name.
        namespace: Only those in this namespace.

    Raises:
        ClusterError: the cluster does not answer; ForbiddenError when the user may not read ConfigMaps there.
    """
    found = (_read(it) for it in kubectl.list("configmaps", namespace, labels=_SELECTOR))
    return [it for it in found if it and name in ("", it.name)]


def only(found: Sequence[Release]) -> Release:
    """Give the only one.

    Raises:
        ClusterError: there is none, or more than one.
    """
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise ClusterError(f"there are several releases: {names}", "name one with --release and --release-namespace")
    if not found:
        raise ClusterError(
            "no release of the chart is in this cluster", "choose the cluster with --context, or install it"
        )
    return found[0]


def _read(config_map: Object) -> Release | None:
    """Read the settings of the program that delivers Secrets (templates/programs/configmap.yaml)."""
    metadata, data = config_map["metadata"], config_map.get("data") or {}
    if "check_login.py" not in data:
        return None
    settings = json.loads(data.get("settings.json") or "{}")
    return Release(
        metadata["namespace"],
        metadata["labels"]["app.kubernetes.io/instance"],
        settings.get("secretName", ""),
        settings.get("sourceSecret", ""),
        _names(settings.get("namespaces")),
        _names(settings.get("serviceAccounts")),
    )


def _names(value: object) -> tuple[str, ...]:
    """Give the names of a list; patterns and other choices are not names."""
    return tuple(it for it in value if isinstance(it, str) and "*" not in it) if isinstance(value, list) else ()
