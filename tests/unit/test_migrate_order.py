"""`privreg-values migrate`: the order of variables, documents and keys does not change the result. Case 4."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values.migrate.migrate import Request, migrate
from tests.cluster.paths import ROOT

DATA = ROOT / "tests" / "data" / "migrate"
SAMPLES = {it.stem: it for it in sorted((DATA / "orders").iterdir())} | {
    "privateregistry": DATA / "hand-made" / "privateregistry.yaml",
    "values-of-twuni": DATA / "twuni" / "values.yaml",
}
UNORDERED = ("env", "extraEnvVars", "volumes", "volumeMounts", "extraVolumes", "extraVolumeMounts")


def shuffled(value: Any, choose: random.Random, name: str = "") -> Any:
    """The same with its keys, and what Kubernetes reads as a set, in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], choose, key) for key in choose.sample(list(value), len(value))}
    if isinstance(value, list):
        children = [shuffled(it, choose) for it in value]
        return choose.sample(children, len(children)) if name in UNORDERED else children
    return value


def outcome(documents: list[Any], folder: Path) -> tuple[Any, Any]:
    (folder / "in.yaml").write_text("\n---\n".join(json.dumps(it) for it in documents))
    done = migrate(Request(["in.yaml"], None, "credentials.yaml", host="registry.example.com"))
    values = YAML(typ="safe").load((folder / "values.yaml").read_text())
    for name in ("values.yaml", "credentials.yaml"):
        (folder / name).unlink()
    for user in values["auth"]["users"]:
        user.pop("hash")
    values.pop("httpSecret")
    values["pullSecrets"]["credential"].pop("password")
    for key in ("extraEnv", "extraVolumes", "extraVolumeMounts"):
        if key in values:
            values[key].sort(key=str)
    return values, sorted({(it.what, it.remedy) for it in done.lost})


@pytest.mark.parametrize("sample", SAMPLES)
def test_variables_documents_and_keys_in_any_order_give_one_result(sample: str, folder: Path) -> None:
    documents = list(YAML(typ="safe").load_all(SAMPLES[sample].read_text()))
    first = outcome(documents, folder)
    choose = random.Random(sample)
    for _ in range(3):
        assert outcome(shuffled(choose.sample(documents, len(documents)), choose), folder) == first


def read(sample: str, folder: Path) -> tuple[Any, Any]:
    return outcome(list(YAML(typ="safe").load_all(SAMPLES[sample].read_text())), folder)


def test_a_bucket_its_keys_its_users_and_deletion_are_read_whatever_comes_last(folder: Path) -> None:
    values, _ = read("envorder", folder)
    bucket = {"bucket": "images", "region": "eu-central-1", "accessKey": "AKIAEXAMPLE", "secretKey": "secretexample"}
    assert values["storage"] == {"type": "s3", "delete": {"enabled": True}, "s3": {**bucket, "redirect": True}}
    assert "alice" in [it["name"] for it in values["auth"]["users"]]


def test_redirects_that_are_off_stay_off_and_a_folder_of_images_is_found_in_its_volume(folder: Path) -> None:
    assert "redirect" not in read("redirect-disable", folder)[0]["storage"]["s3"]
    values, lost = read("filesystem-last", folder)
    assert values["storage"]["persistence"]["existingClaim"] == "data"
    assert not [what for what, _ in lost if "the images" in what]
    assert read("storage-delete-map", folder)[0]["storage"]["delete"] == {"enabled": True}


def test_of_two_variables_of_one_name_the_users_own_counts(folder: Path) -> None:
    values, _ = read("twuni", folder)
    assert values["storage"]["s3"]["bucket"] == "other"
    assert values["storage"]["s3"]["accessKey"] == "AKIA"
    assert values["storage"]["delete"] == {"enabled": True}
