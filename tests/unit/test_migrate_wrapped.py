"""`privreg-values migrate` from values within a HelmRelease, an Application or a parent chart's values. Case 25."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from privreg_values.migrate.migrate import Request, migrate
from tests.cluster.paths import ROOT


@pytest.mark.parametrize("name", ["flux", "argo", "umbrella"])
def test_the_values_of_the_old_chart_are_read_where_they_are(name: str, folder: Path) -> None:
    source = ROOT / "tests" / "data" / "migrate" / "wrapped" / f"{name}.yaml"
    outcome = migrate(Request([str(source)], None, "credentials.yaml"))
    values = YAML(typ="safe").load((folder / "values.yaml").read_text())
    assert outcome.source == "values of the chart docker-registry"
    assert values["host"] == "registry.example.com"
    assert values["storage"]["type"] == "pvc"
