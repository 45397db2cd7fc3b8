"""What a release would be: its objects, without a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from privreg_values.cluster.kubectl import Object
from privreg_values.release.objects import placed
from privreg_values.release.sources import Difference, Sources, differences
from privreg_values.release.target import Chart, Target


@dataclass(frozen=True)
class Rendered:
    """A release as it would be.

    Args:
        objects: Its objects, hooks and tests among them.
        differences: The values that are not the chart's defaults.
    """

    objects: list[Object]
    differences: list[Difference]


def render(target: Target, chart: Chart, sources: Sources) -> Rendered:
    """Render the chart with the values.

    Raises:
        HelmError: helm refuses the chart or the values.
    """
    items = target.helm.template(
        chart.path,
        values=sources.values,
        release=target.release,
        namespace=target.namespace,
        chart_version=chart.version,
    )
    return Rendered(placed(items, target.namespace), differences(sources))
