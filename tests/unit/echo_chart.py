"""A chart that prints its values: what Helm makes of a file, to hold this project's reader against."""

import json
from pathlib import Path
from typing import Any

from privreg_values.cluster.helm import Helm
from privreg_values.errors import HelmError
from tests.cluster.paths import BIN

HELM = Helm(str(BIN / "helm"))


def make(folder: Path, defaults: str = "") -> Path:
    """Write the chart into a folder, with the text of its values.yaml."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: echo\nversion: 0.1.0\n")
    (folder / "templates" / "values.txt").write_text("{{ toJson .Values }}\n")
    (folder / "values.yaml").write_text(defaults)
    return folder


def values_by_helm(chart: Path, *files: Path) -> dict[str, Any] | None:
    """The values that Helm renders the chart with; None where it refuses the files."""
    try:
        text = HELM.template_text(chart, files=files)
    except HelmError:
        return None
    values: dict[str, Any] = json.loads(text.partition("values.txt\n")[2])
    return values
