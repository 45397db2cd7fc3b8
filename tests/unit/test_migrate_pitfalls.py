"""`privreg-values migrate` from manifests that would lead a person, or the new registry, into a trap."""

import json
import shutil
from pathlib import Path

import pytest

from tests.unit.conftest import Cli
from tests.unit.test_migrate_hand_made import ONE_FILE, edit, load


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


@pytest.fixture
def without_a_name(manifests: Path) -> Path:
    """The usual set-up with neither Ingress nor Certificate: nothing in it says what it is called."""
    text = manifests.read_text()
    manifests.write_text(text[text.index("---\napiVersion: v1\nkind: Service") :])
    edit(manifests, "type: ClusterIP", "type: NodePort")
    return manifests


def pull_secret(address: str, user: str, password: str) -> Path:
    data = {".dockerconfigjson": json.dumps({"auths": {address: {"username": user, "password": password}}})}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull"}, "stringData": data}
    path = Path("secret.json")
    path.write_text(json.dumps(secret))
    return path


@pytest.mark.parametrize("user", ["somebody", "alice"])
def test_a_pull_secret_for_another_registry_does_not_name_this_one(
    user: str, cli: Cli, without_a_name: Path, folder: Path
) -> None:
    ended = cli("migrate", without_a_name, pull_secret("https://index.docker.io/v1/", user, "of-docker-hub"))
    assert ended.code == 2
    assert "--host registry.example.com" in ended.err
    assert sorted(path.name for path in folder.iterdir()) == ["registry.yaml", "secret.json"]


def test_a_pull_secret_with_the_login_of_an_old_user_names_the_registry(
    cli: Cli, without_a_name: Path, folder: Path
) -> None:
    ended = cli("migrate", without_a_name, pull_secret("images.example.com", "alice", "alice-password"))
    assert ended.code == 0, ended.err
    assert load(folder / "values.yaml")["host"] == "images.example.com"


def test_what_the_old_pod_had_and_the_chart_does_otherwise_is_named_with_the_value_to_set(
    cli: Cli, manifests: Path
) -> None:
    edit(
        manifests,
        "      addr: :5000\n",
        "      addr: :5000\n      prefix: /images/\n      tls: {certificate: /c.pem}\n",
    )
    edit(manifests, "containerPort: 5000", "containerPort: 5000\n              hostPort: 5443")
    edit(
        manifests,
        "      containers:\n",
        "      hostNetwork: true\n      imagePullSecrets: [{name: hub}]\n      containers:\n",
    )
    ended = cli("migrate", manifests, "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)["lost"]
    lines = manifests.read_text().splitlines()
    for what, written, remedy in (
        ("http.tls ", "tls: {certificate", "gateway.tls.secretName"),
        ("http.prefix ", "prefix: /images/", "host's root"),
        ("hostNetwork", "hostNetwork: true", "service.type to NodePort or LoadBalancer"),
        ("hostPort", "hostPort: 5443", "service.type to NodePort or LoadBalancer"),
        ("imagePullSecrets", "imagePullSecrets: [", "in imagePullSecrets"),
    ):
        (lost,) = [it for it in told if what in it["what"]]
        assert remedy in lost["remedy"]
        assert "extraEnv" not in lost["remedy"]
        assert lines[lost["line"] - 1].strip().startswith(written)


@pytest.mark.parametrize("own", [{}, {"example.com/team": "a"}])
def test_what_kubectl_noted_on_the_old_service_is_not_put_on_the_new_one(
    own: dict[str, str], cli: Cli, manifests: Path, folder: Path
) -> None:
    noted = json.dumps({**own, "kubectl.kubernetes.io/last-applied-configuration": '{"kind":"Service"}'})
    edit(manifests, "spec:\n  type: ClusterIP", f"  annotations: {noted}\nspec:\n  type: ClusterIP")
    ended = cli("migrate", manifests)
    assert ended.code == 0, ended.err
    assert load(folder / "values.yaml").get("service", {}).get("annotations", {}) == own
