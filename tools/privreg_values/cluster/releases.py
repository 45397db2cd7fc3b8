"""Finds the releases of the chart in a cluster."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from privreg_values.cluster import choice
from privreg_values.cluster.choice import Choice
from privreg_values.cluster.kubectl import Kubectl, Object, is_name
from privreg_values.errors import ClusterError

_SELECTOR = "app.kubernetes.io/component=programs"  # the ConfigMap that every release has


@dataclass(frozen=True)
class Release:
    """One release of the chart.

    Args:
        namespace: Its namespace.
        name: Its name.
        secret_name: The delivered Secret's name in each namespace; empty where delivery is off.
        source_secret: The Secret in the release's namespace that it is a copy of.
        choice: Who gets it.
        watcher: What serves namespaces that come later, as kubectl names it: deployment/NAME; empty for nothing.
    """

    namespace: str
    name: str
    secret_name: str = ""
    source_secret: str = ""
    choice: Choice = field(default_factory=Choice)
    watcher: str = ""

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
    """Read the settings of the program that delivers Secrets (templates/programs/configmap.yaml).

    None where they are somebody else's, who may have given the ConfigMap our labels.
    """
    metadata, data = config_map["metadata"], config_map.get("data") or {}
    if "check_login.py" not in data:
        return None
    try:
        settings = json.loads(data.get("settings.json") or "{}")
        chosen = choice.read(settings)
        return Release(
            metadata["namespace"],
            metadata["labels"]["app.kubernetes.io/instance"],
            "" if chosen.is_nothing() else _name(settings.get("secretName", "")),
            _name(settings.get("sourceSecret", "")),
            chosen,
            _watcher(settings.get("watcher", "")),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _name(text: str) -> str:
    """Give a name back; it becomes part of commands.

    Raises:
        ValueError: it is none.
    """
    if text and not is_name(text):
        raise ValueError(text)
    return text


def _watcher(path: str) -> str:
    """Name a Deployment by its API path; a CronJob does not count, whose log kubectl does not give by its name."""
    _, _, name = path.partition("/deployments/")
    return f"deployment/{_name(name)}" if name else ""
