"""`privreg-values migrate` leaves out what the chart has under the same name, and says so. Cases 5 and 10."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values.migrate.migrate import Outcome, Request, migrate

TWUNI = """
persistence: {enabled: true, size: 10Gi}
securityContext: {enabled: true, runAsUser: 0, fsGroup: 0}
extraEnvVars:
  - {name: OTEL_TRACES_EXPORTER, value: none}
  - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://traces:4318"}
  - {name: HTTPS_PROXY, value: "http://old:3128"}
  - {name: HTTPS_PROXY, value: "http://proxy:3128"}
extraVolumes: [{name: auth, emptyDir: {}}, {name: ca, emptyDir: {}}, {name: ca, emptyDir: {}}]
extraVolumeMounts:
  - {name: auth, mountPath: /x}
  - {name: ca, mountPath: /etc/ssl/own}
  - {name: ca, mountPath: /var/lib/registry/}
"""
HAND_MADE = """
apiVersion: v1
kind: Pod
metadata: {name: registry, namespace: reg}
spec:
  containers:
    - name: registry
      image: registry:2
      env: [{name: HTTPS_PROXY, value: "http://old:3128"}, {name: HTTPS_PROXY, value: "http://proxy:3128"}]
"""


def migrated(text: str, folder: Path) -> tuple[dict[str, Any], Outcome]:
    (folder / "in.yaml").write_text(text)
    outcome = migrate(Request(["in.yaml"], None, "credentials.yaml", host="registry.example.com"))
    return YAML(typ="safe").load((folder / "values.yaml").read_text()), outcome


@pytest.mark.parametrize("text", [TWUNI, HAND_MADE], ids=["twuni", "hand-made"])
def test_of_two_variables_with_one_name_the_last_is_carried_over(text: str, folder: Path) -> None:
    values, _ = migrated(text, folder)
    assert values["extraEnv"] == [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}]


def test_volumes_and_mounts_that_the_chart_has_as_well_are_left_out_and_told(folder: Path) -> None:
    values, outcome = migrated(TWUNI, folder)
    assert values["extraVolumes"] == [{"name": "ca", "emptyDir": {}}]
    assert values["extraVolumeMounts"] == [{"name": "ca", "mountPath": "/etc/ssl/own"}]
    told = [it.what for it in outcome.lost]
    for what in (
        "the variable OTEL_EXPORTER_OTLP_ENDPOINT",
        "the volume auth: its name is that of a volume of the chart",
        "the volume ca: its name is there twice",
        "the mount of the volume auth at /x",
        "the mount of the volume ca at /var/lib/registry/",
    ):
        assert what in told
    assert "the variable OTEL_TRACES_EXPORTER" not in told  # the chart has it so


def test_a_registry_that_ran_as_root_does_not_any_more_and_its_files_get_an_owner(folder: Path) -> None:
    values, outcome = migrated(TWUNI, folder)
    assert "podSecurityContext" not in values
    (told,) = (it for it in outcome.lost if "runAsUser 0" in it.what)
    assert "chown -R 1000:1000" in told.remedy


def test_another_user_is_carried_over(folder: Path) -> None:
    values, _ = migrated(TWUNI.replace("runAsUser: 0, fsGroup: 0", "runAsUser: 1001, fsGroup: 1002"), folder)
    assert values["podSecurityContext"] == {"runAsUser": 1001, "fsGroup": 1002}
