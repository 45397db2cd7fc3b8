"""Finds values that were set and that nothing reads, because another value says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from privreg_values.values import chart
from privreg_values.values.nodes import Node, Path, Value, find, plain

# The section, whether it is read, and what to say when it is not.
_SECTIONS: list[tuple[str, Callable[[Value], bool], str]] = [
    *(
        (
            f"storage.{section}",
            lambda values, kind=kind: values["storage"]["type"] == kind,
            f"is for storage.type {kind}; set storage.type to {kind}, or remove it",
        )
        for section, kind in (
            ("persistence", "pvc"),
            ("hostPath", "hostPath"),
            ("nfs", "nfs"),
            ("s3", "s3"),
            ("emptyDir", "emptyDir"),
        )
    ),
    (
        "token",
        lambda values: values["auth"]["mode"] == "token",
        "is for auth.mode token; set auth.mode to token, or remove it",
    ),
    *(
        (
            section,
            lambda values: values["auth"]["mode"] == "gateway",
            "is for auth.mode gateway; set auth.mode to gateway, or remove it",
        )
        for section in ("gateway", "metrics")
    ),
    (
        "tls.certManager.issuerRef",
        lambda values: values["tls"]["certManager"]["enabled"],
        "is for a Certificate; set tls.certManager.enabled to true, or remove it",
    ),
    *(
        (
            f"ingress.{key}",
            lambda values: values["ingress"]["enabled"],
            "is for an Ingress; set ingress.enabled to true, or remove it",
        )
        for key in ("className", "preset", "annotations")
    ),
    *(
        (
            f"pullSecrets.{key}",
            lambda values: values["pullSecrets"]["enabled"],
            "is for the delivery of pull Secrets; set pullSecrets.enabled to true, or remove it",
        )
        for key in ("existingSecret", "namespaces", "namespaceSelector", "serviceAccounts", "name")
    ),
    *(
        (
            f"podDisruptionBudget.{key}",
            lambda values: values["podDisruptionBudget"]["enabled"],
            "is for a PodDisruptionBudget; set podDisruptionBudget.enabled to true, or remove it",
        )
        for key in ("minAvailable", "maxUnavailable")
    ),
]


def check(values: Node, effective: Value) -> Iterator[tuple[Path, str]]:
    """Give the first value of each section that was set and is not read.

    Args:
        values: What the user set; what is as the chart has it does not count.
        effective: The same over the chart's defaults.
    """
    for section, is_read, message in _SECTIONS:
        path: Path = tuple(section.split("."))
        node = find(values, path)
        if node and not is_read(effective) and (changed := _changed(node, path)):
            yield changed, message


def _changed(node: Node, path: Path) -> Path | None:
    """Give the path of the first value that differs from the chart's default."""
    if isinstance(node.value, dict):
        found = (_changed(child, (*path, key)) for key, child in node.value.items())
        return next((it for it in found if it), None)
    default = find(chart.defaults(), path)
    same = plain(node) == (plain(default) if default else None)
    return None if same else path
