"""`privreg-values migrate` from manifests that would lead a person, or the new registry, into a trap."""

import json
import shutil
from pathlib import Path

import pytest

from tests.unit.conftest import Cli
from tests.unit.test_migrate_hand_made import ONE_FILE, edit


@pytest.fixture
def manifests(folder: Path) -> Path:
    """The usual set-up in one file of this folder, to be edited."""
    shutil.copy(ONE_FILE, folder / "registry.yaml")
    return Path("registry.yaml")


@pytest.mark.parametrize("policy", ["{whenScaled: Delete}", "{whenDeleted: Delete, whenScaled: Retain}"])
def test_a_stateful_set_that_deletes_its_claims_is_told_to_keep_them_before_it_ends(
    policy: str, cli: Cli, manifests: Path
) -> None:
    edit(manifests, "kind: Deployment", "kind: StatefulSet")
    edit(manifests, "  replicas: 1\n", f"  replicas: 1\n  persistentVolumeClaimRetentionPolicy: {policy}\n")
    commands = json.loads(cli("migrate", manifests, "--json").out)["next"]
    assert commands[:2] == [
        "kubectl patch statefulset/privateregistry --type merge -p "
        '\'{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Retain","whenDeleted":"Retain"}}}\' '
        "--namespace default",
        "kubectl scale statefulset/privateregistry --replicas=0 --namespace default",
    ]


def test_a_stateful_set_that_keeps_its_claims_is_only_scaled(cli: Cli, manifests: Path) -> None:
    edit(manifests, "kind: Deployment", "kind: StatefulSet")
    policy = "{whenScaled: Retain, whenDeleted: Retain}"
    edit(manifests, "  replicas: 1\n", f"  replicas: 1\n  persistentVolumeClaimRetentionPolicy: {policy}\n")
    commands = json.loads(cli("migrate", manifests, "--json").out)["next"]
    assert commands[0] == "kubectl scale statefulset/privateregistry --replicas=0 --namespace default"
