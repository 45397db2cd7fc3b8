"""`privreg-values migrate` from a values file of twuni's chart docker-registry."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values.values import validate
from tests.cluster.paths import ROOT
from tests.unit.conftest import Cli

SAMPLE = ROOT / "tests" / "data" / "migrate" / "twuni" / "values.yaml"
ALICE = "$2y$05$GC6lEjnK6ONtxbOCbWWeT.Icg7uSU/KZBgpdPkPUQZJpdiflyvgVW"


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(path.read_text())
    return loaded


@pytest.fixture
def old(folder: Path) -> Path:
    """The sample, in the current folder."""
    shutil.copy(SAMPLE, folder / "old.yaml")
    return Path("old.yaml")


def test_its_values_become_ours(cli: Cli, old: Path, folder: Path) -> None:
    assert cli("migrate", old).code == 0
    values = load(folder / "values.yaml")
    users = [(user["name"], user["role"]) for user in values.pop("auth")["users"]]
    assert users == [("alice", "push"), ("bob", "push"), ("cluster", "pull")]
    del values["pullSecrets"]
    assert values == {
        "host": "registry.example.com",
        "httpSecret": {"value": "0123456789abcdef0123456789abcdef"},
        "storage": {
            "type": "pvc",
            "delete": {"enabled": True},
            "persistence": {"existingClaim": "docker-registry", "accessModes": ["ReadWriteOnce"]},
        },
        "ingress": {
            "enabled": True,
            "className": "traefik",
            "preset": "traefik",
            "annotations": {"example.com/team": "platform"},
        },
        "tls": {"secretName": "registry-tls"},
        "log": {"level": "debug", "formatter": "json"},
        "resources": {"limits": {"memory": "1Gi"}},
        "podSecurityContext": {"runAsUser": 1000, "fsGroup": 1000},
        "nodeSelector": {"disk": "large"},
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}],
    }
    assert validate.validate(["values.yaml"]).problems == []


def test_what_is_not_carried_over_is_told(cli: Cli, old: Path) -> None:
    lost = {it["what"].split(" of ")[0]: it for it in json.loads(cli("migrate", old, "--json").out)["lost"]}
    lines = old.read_text().splitlines()
    for what, written in (
        ("notifications", "- name: hook"),
        ("garbageCollect", "garbageCollect:"),
        ("metrics.serviceMonitor", "serviceMonitor:"),
        ("image", "image:"),
    ):
        assert written in (lines[lost[what]["line"] - 1].strip(), lines[lost[what]["line"]].strip())
        assert lost[what]["remedy"]


def test_the_claim_of_the_old_release_is_adopted_and_its_owner_told_not_to_delete_it(
    cli: Cli, old: Path, folder: Path
) -> None:
    ended = cli("migrate", old, "--old-release", "hub")
    claim = load(folder / "values.yaml")["storage"]["persistence"]["existingClaim"]
    assert claim == "hub-docker-registry"
    assert "`helm uninstall hub` deletes it" in ended.err
    assert "kubectl scale deployment/hub-docker-registry --replicas=0" in ended.out


@pytest.mark.parametrize(
    ("written", "release", "name"),
    [
        ("nameOverride: registry", "prod", "prod-registry"),
        ("nameOverride: registry", "my-registry", "my-registry"),
        ("fullnameOverride: hub", "prod", "hub"),
        ("nameOverride: registry\nfullnameOverride: hub", "prod", "hub"),
        (f"nameOverride: {'n' * 57}-x", "prod", f"prod-{'n' * 57}"),
    ],
)
def test_names_that_were_overridden_are_those_of_the_old_objects_and_not_of_the_new(
    written: str, release: str, name: str, cli: Cli, old: Path
) -> None:
    old.write_text(f"{written}\n{old.read_text()}")
    ended = cli("migrate", old, "--old-release", release)
    values = load(old.with_name("values.yaml"))
    assert values["storage"]["persistence"]["existingClaim"] == name
    assert f"kubectl scale deployment/{name} --replicas=0" in ended.out
    assert f"kubectl delete ingress/{name}\n" in ended.out
    for number, line in enumerate(written.splitlines(), 1):
        key = line.split(":")[0]
        assert key not in values
        assert f"old.yaml:{number}: not carried over: {key}; " in ended.err
        assert f"the name {name} belongs to the old release" in ended.err


def test_a_claim_that_was_brought_along_stays_in_use(cli: Cli, old: Path, folder: Path) -> None:
    old.write_text(old.read_text().replace("  size: 50Gi\n", "  existingClaim: images\n"))
    ended = cli("migrate", old)
    assert load(folder / "values.yaml")["storage"]["persistence"]["existingClaim"] == "images"
    assert "helm uninstall" not in ended.err


def test_what_the_file_does_not_say_is_that_charts_default(cli: Cli, folder: Path) -> None:
    (folder / "old.yaml").write_text("replicaCount: 2\ntlsSecretName: hub-tls\nservice: {type: NodePort}\n")
    ended = cli("migrate", "old.yaml", "--host", "registry.example.com")
    values = load(folder / "values.yaml")
    assert values["storage"] == {"type": "emptyDir"}
    assert values["ingress"] == {"enabled": False}
    assert values["gateway"] == {"tls": {"secretName": "hub-tls"}}
    assert values["service"] == {"type": "NodePort", "port": 5000}
    for told in ("asks nobody to log in", "lost when the old Pod ends", "replicaCount"):
        assert told in ended.err


@pytest.mark.parametrize("written", ["", "  className: ''\n"])
def test_a_class_among_the_annotations_becomes_the_class(written: str, cli: Cli, old: Path, folder: Path) -> None:
    text = old.read_text().replace("  className: traefik\n", written)
    old.write_text(text.replace("example.com/team: platform", "kubernetes.io/ingress.class: haproxy"))
    ended = cli("migrate", old)
    assert ended.code == 0, ended.err
    assert load(folder / "values.yaml")["ingress"] == {"enabled": True, "className": "haproxy", "preset": "haproxy"}
    assert "kubectl get ingressclass haproxy" in ended.err
    assert validate.validate(["values.yaml"]).problems == []


def test_the_login_and_the_tls_of_the_old_ingress_are_lost(cli: Cli, old: Path, folder: Path) -> None:
    prefix = "nginx.ingress.kubernetes.io"
    added = f"\n    {prefix}/auth-type: basic\n    {prefix}/auth-secret: theirs\n    {prefix}/backend-protocol: HTTPS"
    old.write_text(old.read_text().replace("team: platform", f"team: platform{added}"))
    ended = cli("migrate", old)
    assert load(folder / "values.yaml")["ingress"]["annotations"] == {"example.com/team": "platform"}
    for told in ("auth-type", "the htpasswd lines of the Secret theirs are the users", "backend-protocol"):
        assert told in ended.err


def test_without_an_ingress_the_host_has_to_be_given(cli: Cli, folder: Path) -> None:
    (folder / "old.yaml").write_text("persistence: {enabled: true}\n")
    ended = cli("migrate", "old.yaml")
    assert ended.code == 2
    assert "--host registry.example.com" in ended.err
    assert [path.name for path in folder.iterdir()] == ["old.yaml"]


S3 = """\
replicaCount: 3
storage: s3
s3:
  region: eu-west-1
  regionEndpoint: minio.example.com:9000
  bucket: images
  rootdirectory: /prod
  encrypt: true
  secure: false
  forcepathstyle: true
  skipverify: true
secrets:
  s3: {accessKey: AKIAEXAMPLE, secretKey: sEcReT/kEy}
configData: {storage: {redirect: {disable: true}}}
"""


def test_a_bucket_is_taken_over_with_its_keys_and_the_images_stay_there(cli: Cli, folder: Path) -> None:
    (folder / "old.yaml").write_text(S3)
    ended = cli("migrate", "old.yaml", "--host", "registry.example.com")
    assert ended.code == 0, ended.err
    values = load(folder / "values.yaml")
    assert values["storage"] == {
        "type": "s3",
        "s3": {
            "bucket": "images",
            "region": "eu-west-1",
            "encrypt": True,
            "regionEndpoint": "http://minio.example.com:9000",
            "forcePathStyle": True,
            "rootDirectory": "prod",
            "accessKey": "AKIAEXAMPLE",
            "secretKey": "sEcReT/kEy",
        },
    }
    assert values["replicas"] == 3
    assert validate.validate(["values.yaml"]).problems == []
    assert "sEcReT/kEy" not in ended.out + ended.err
    again = cli("migrate", "old.yaml", "--host=a.example.com", "-o", "b.yaml", "--credentials=c.yaml", "--json")
    assert "sEcReT/kEy" not in again.out + again.err
    assert "REGISTRY_STORAGE_S3_SKIPVERIFY" in ended.err
    assert "lost when the old Pod ends" not in ended.err


@pytest.mark.parametrize(
    ("written", "style"),
    [("", {}), ("  forcepathstyle:\n", {}), ("  forcepathstyle: false\n", {"forcePathStyle": False})],
)
def test_path_style_is_left_to_the_default_where_nothing_was_said(
    written: str, style: dict[str, bool], cli: Cli, folder: Path
) -> None:
    (folder / "old.yaml").write_text(S3.replace("  forcepathstyle: true\n", written))
    assert cli("migrate", "old.yaml", "--host", "registry.example.com").code == 0
    bucket = load(folder / "values.yaml")["storage"]["s3"]
    assert bucket["regionEndpoint"] == "http://minio.example.com:9000"
    assert {key: value for key, value in bucket.items() if key == "forcePathStyle"} == style


def test_keys_of_a_bucket_that_are_in_a_secret_have_to_be_given_another_form(cli: Cli, folder: Path) -> None:
    keys = "{accessKey: AKIAEXAMPLE, secretKey: sEcReT/kEy}"
    (folder / "old.yaml").write_text(S3.replace(keys, "{secretRef: theirs}"))
    ended = cli("migrate", "old.yaml", "--host", "registry.example.com")
    assert ended.code == 0, ended.err
    assert "secrets.s3.secretRef" in ended.err
    assert "kubectl create secret generic privreg-s3 --from-file=credentials" in ended.err


def test_clients_are_sent_to_the_bucket_where_they_were_before(cli: Cli, folder: Path) -> None:
    (folder / "old.yaml").write_text(S3.replace("disable: true", "disable: false"))
    assert cli("migrate", "old.yaml", "--host", "registry.example.com").code == 0
    assert load(folder / "values.yaml")["storage"]["s3"]["redirect"] is True


@pytest.mark.parametrize("driver", ["azure", "swift"])
def test_images_in_an_object_store_are_not_left_behind_in_silence(driver: str, cli: Cli, folder: Path) -> None:
    (folder / "old.yaml").write_text(f"replicaCount: 1\nstorage: {driver}\n")
    ended = cli("migrate", "old.yaml", "--host", "registry.example.com")
    assert ended.code == 1
    assert f"old.yaml:2: the images are kept in {driver}" in ended.err
    assert [path.name for path in folder.iterdir()] == ["old.yaml"]


def test_a_value_that_our_chart_refuses_is_told_and_left_out(cli: Cli, old: Path, folder: Path) -> None:
    old.write_text(old.read_text().replace("level: debug", "level: loud"))
    ended = cli("migrate", old)
    assert ended.code == 0
    assert "old.yaml:30: not carried over: log.level: expected error, warn" in ended.err
    assert "level" not in load(folder / "values.yaml")["log"]
