"""Finds the values of a chart within what deploys it: Flux, Argo CD, a chart that has it as a dependency."""

from __future__ import annotations

from collections.abc import Sequence

from privreg_values.migrate.sources.objects import items, value_at
from privreg_values.migrate.sources.registry_config import within
from privreg_values.values.nodes import Node, find

CHART = "docker-registry"
# Sources: helm.toolkit.fluxcd.io/v2 HelmRelease; argoproj.io/v1alpha1 Application, valuesObject before values.
_PLACES: dict[str, tuple[tuple[str, ...], ...]] = {
    "HelmRelease": (("spec", "values"),),
    "Application": (("spec", "source", "helm", "valuesObject"), ("spec", "source", "helm", "values")),
}


def unwrap(documents: Sequence[Node]) -> list[Node]:
    """Return documents, and instead of one that deploys twuni's chart the values in it.

    Raises:
        SyntaxProblem: values in a text are not YAML.
    """
    return [_values(it) or it for it in documents]


def _values(document: Node) -> Node | None:
    kind = str(value_at(document, "kind"))
    charts = (value_at(document, *path) for path in (("spec", "chart", "spec", "chart"), ("spec", "source", "chart")))
    if kind in _PLACES and CHART in charts:
        found = next((node for path in _PLACES[kind] if (node := find(document, path))), None)
        return within(found) if found and isinstance(found.value, str) else found
    below = items(document).get(CHART)
    return below if below and isinstance(below.value, dict) else None
