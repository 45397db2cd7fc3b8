"""The images in a bucket: what the registry and its Pod are made of then."""

import base64
import json
from pathlib import Path

import pytest

from tests.chart.rendering import CHART, MINIMAL, Json, Rendering, ci, notes, render, title

KEYS = {"accessKey": "marked-access-key", "secretKey": "marked-secret-key-of-the-bucket"}
BUCKET = {"bucket": "images", "region": "eu-west-1"}


def in_bucket(**s3: object) -> Rendering:
    """The least that a registry needs, with a bucket."""
    return render(MINIMAL, values={"storage": {"type": "s3", "s3": {**BUCKET, **s3}}})


def test_the_registry_is_told_of_the_bucket_and_clients_are_not_sent_there() -> None:
    storage = ci("storage-s3").config["storage"]
    assert storage == {
        "s3": {
            "bucket": "images",
            "region": "us-east-1",
            "regionendpoint": "https://minio.example.com:9000",
            "forcepathstyle": True,
            "rootdirectory": "prod",
            "encrypt": False,
            "chunksize": 5 << 20,
            "accesskey": KEYS["accessKey"],
            "secretkey": KEYS["secretKey"],
        },
        "redirect": {"disable": True},
        "delete": {"enabled": False},
    }
    amazon = ci("storage-s3-existing-secret").config["storage"]
    driver = {"bucket": "images", "region": "eu-central-1", "forcepathstyle": False, "encrypt": True}
    assert amazon["s3"] == {**driver, "chunksize": 5 << 20}
    assert amazon["redirect"] == {"disable": False}


@pytest.mark.parametrize(
    ("endpoint", "chosen", "told"),
    [
        ("", None, False),
        ("", True, True),
        ("https://s3.example.com", None, True),
        ("https://s3.example.com", False, False),
    ],
)
def test_the_bucket_is_in_the_path_where_the_store_is_not_amazons(
    endpoint: str, chosen: bool | None, told: bool
) -> None:
    driver = in_bucket(regionEndpoint=endpoint, forcePathStyle=chosen).config["storage"]["s3"]
    assert driver["forcepathstyle"] is told


def test_there_is_no_volume_for_the_images() -> None:
    for rendering in (ci("storage-s3"), ci("storage-s3-existing-secret")):
        assert rendering.all("PersistentVolumeClaim") == []
        assert "storage" not in {it["name"] for it in rendering.pod_spec["volumes"]}
        assert "/var/lib/registry" not in {it["mountPath"] for it in rendering.registry["volumeMounts"]}


def test_several_registries_may_write_and_none_remembers_what_another_one_may_have_deleted() -> None:
    rendering = ci("storage-s3")
    assert rendering.deployment["spec"]["replicas"] == 2
    assert rendering.deployment["spec"]["strategy"]["type"] == "RollingUpdate"
    assert "cache" not in rendering.config["storage"]
    assert "cache" not in ci("replicas").config["storage"]
    assert in_bucket().config["storage"]["cache"] == {"blobdescriptor": "inmemory"}


def test_a_registry_that_cannot_reach_the_bucket_does_not_replace_one_that_can() -> None:
    """A new Pod must stay ready for longer than the first check, and the probes after it, can take."""
    rendering = ci("storage-s3")
    check = rendering.config["health"]["storagedriver"]
    probe = rendering.registry["readinessProbe"]
    unready = int(check["interval"].removesuffix("s")) * check["threshold"]
    unready += probe["periodSeconds"] * (probe["failureThreshold"] - 1)
    assert rendering.deployment["spec"]["minReadySeconds"] > unready
    assert rendering.deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert "minReadySeconds" not in ci("users").deployment["spec"]


@pytest.mark.parametrize("name", ["storage-s3", "storage-nfs", "replicas"])
def test_a_registry_that_goes_serves_until_nobody_asks_it_any_more(name: str) -> None:
    rendering = ci(name)
    for container in (rendering.registry, rendering.gateway):
        assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    drain = int(rendering.config["http"]["draintimeout"].removesuffix("s"))
    assert 5 + drain < rendering.pod_spec["terminationGracePeriodSeconds"]
    short = ci(name, terminationGracePeriodSeconds=10)
    assert short.config["http"]["draintimeout"] == "1s"  # with 0 nothing could end


@pytest.mark.parametrize("name", ["users", "storage-hostpath", "storage-emptydir"])
def test_a_registry_that_ends_before_the_next_one_starts_does_not_wait(name: str) -> None:
    assert "lifecycle" not in ci(name).registry
    assert ci(name).config["http"]["draintimeout"] == "55s"


def holders(rendering: Rendering, secret: str) -> list[str]:
    """The objects with a secret in them, as it is or in base64."""
    found = []
    for item in rendering.objects:
        data = (
            [base64.b64decode(it).decode() for it in item.get("data", {}).values()] if item["kind"] == "Secret" else []
        )
        if secret in json.dumps([item, data]):
            found.append(title(item))
    return found


@pytest.mark.parametrize("secret", KEYS.values())
def test_the_keys_are_in_the_secret_of_the_configuration_and_nowhere_else(secret: str) -> None:
    assert holders(ci("storage-s3"), secret) == ["Secret registry/privreg-config"]
    assert secret not in notes(CHART / "ci" / "storage-s3-values.yaml")


def test_changed_keys_change_that_secret_and_restart_nothing() -> None:
    before, after = (in_bucket(**(KEYS | more)) for more in ({}, {"secretKey": "another"}))
    assert [title(it) for it in after.objects if it not in before.objects] == ["Secret registry/privreg-config"]


def test_keys_of_a_bucket_that_is_not_used_are_nowhere() -> None:
    rendering = render(MINIMAL, values={"storage": {"s3": {**BUCKET, **KEYS, "existingSecret": ""}}})
    assert holders(rendering, KEYS["secretKey"]) == []
    assert "s3" not in rendering.config["storage"]


def test_an_existing_secret_is_a_file_for_the_registry_and_never_in_its_environment() -> None:
    rendering = ci("storage-s3-existing-secret")
    volume = {
        "name": "s3",
        "secret": {
            "secretName": "ci-s3",
            "defaultMode": 0o440,
            "items": [{"key": "credentials", "path": "credentials"}],
        },
    }
    assert volume in rendering.pod_spec["volumes"]
    mount = {"name": "s3", "mountPath": "/etc/privreg/s3", "readOnly": True}
    assert mount in rendering.registry["volumeMounts"]
    assert mount not in rendering.gateway["volumeMounts"]
    environment: list[Json] = rendering.registry["env"]
    assert {"name": "AWS_SHARED_CREDENTIALS_FILE", "value": "/etc/privreg/s3/credentials"} in environment
    assert not any("valueFrom" in it for it in environment)


@pytest.mark.parametrize("name", ["storage-s3", "storage-s3-existing-secret"])
def test_the_notes_warn_of_a_bucket_without_keys_only(name: str, tmp_path: Path) -> None:
    assert "names no keys" not in notes(CHART / "ci" / f"{name}-values.yaml")
    without = tmp_path / "values.yaml"
    without.write_text(json.dumps({"storage": {"type": "s3", "s3": BUCKET}}))
    assert "storage.s3 names no keys: the registry reaches the bucket only if" in notes(MINIMAL, without)
