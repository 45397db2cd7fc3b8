"""`privreg-values migrate` from the manifests of a registry that somebody set up by hand."""

import base64
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values.users import credentials
from privreg_values.values import validate
from tests.cluster.paths import ROOT
from tests.unit import echo_chart
from tests.unit.conftest import Cli

DATA = ROOT / "tests" / "data" / "migrate" / "hand-made"
ONE_FILE = DATA / "privateregistry.yaml"
ALICE = "$2y$05$GC6lEjnK6ONtxbOCbWWeT.Icg7uSU/KZBgpdPkPUQZJpdiflyvgVW"
BOB = "$2y$05$3SFp/S4KuJ.HnGzPBg/mEOuQs3jfyift38.FMp0r.KmPARkR1BmbS"


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(path.read_text())
    return loaded


@pytest.fixture
def manifests(folder: Path) -> Path:
    """The usual set-up in one file of this folder, to be edited."""
    shutil.copy(ONE_FILE, folder / "registry.yaml")
    return Path("registry.yaml")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def test_the_usual_set_up_becomes_values_that_the_chart_accepts(cli: Cli, manifests: Path, folder: Path) -> None:
    ended = cli("migrate", manifests)
    assert ended.code == 0
    values = load(folder / "values.yaml")
    assert values["host"] == "registry.example.com"
    assert values["storage"] == {"type": "hostPath", "hostPath": {"path": "/tmp/privateregistry"}}
    assert values["ingress"] == {"className": "haproxy", "preset": "haproxy", "redirect": True}
    assert values["tls"] == {
        "secretName": "registry-example-com",
        "certManager": {"enabled": True, "issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt"}},
    }
    assert values["auth"]["realm"] == "basic-realm"
    assert values["httpSecret"]["value"] == "a-secret-that-stands-here-in-plain-text"
    assert values["resources"]["limits"] == {"cpu": "300m", "memory": "300Mi"}
    assert validate.validate(["values.yaml"]).problems == []
    objects = echo_chart.HELM.template(ROOT / "charts" / "privreg", files=[folder / "values.yaml"])
    assert "hostPath" in json.dumps([it for it in objects if it["kind"] == "Deployment"])


def test_users_keep_their_hash_and_the_cluster_gets_a_new_user_who_only_pulls(
    cli: Cli, manifests: Path, folder: Path
) -> None:
    cli("migrate", manifests)
    alice, cluster = load(folder / "values.yaml")["auth"]["users"]
    assert alice == {"name": "alice", "hash": ALICE, "role": "push"}
    assert (cluster["name"], cluster["role"]) == ("cluster", "pull")
    assert credentials.matches("alice-password", alice["hash"])
    passwords = load(folder / "credentials.yaml")["users"]
    assert list(passwords) == ["cluster"]
    credential = load(folder / "values.yaml")["pullSecrets"]["credential"]
    assert credential == {"username": "cluster", "password": passwords["cluster"]}


def test_both_files_are_private_and_each_block_is_explained(cli: Cli, manifests: Path, folder: Path) -> None:
    cli("migrate", manifests)
    for name in ("values.yaml", "credentials.yaml"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    lines = (folder / "values.yaml").read_text().splitlines()
    for number, line in enumerate(lines):
        if line and not line.startswith((" ", "#")):
            assert lines[number - 1].startswith("# "), line


def test_the_next_commands_end_the_old_registry_before_the_new_one_writes(cli: Cli, manifests: Path) -> None:
    commands = json.loads(cli("migrate", manifests, "--json").out)["next"]
    assert commands == [
        "kubectl scale deployment/privateregistry --replicas=0 --namespace default",
        "kubectl delete ingress/privateregistry --namespace default",
        "kubectl delete certificate/registry-example-com --namespace default",
        "privreg-values apply values.yaml --namespace default",
        "privreg-values check values.yaml --credentials credentials.yaml --user alice",
    ]


def test_what_is_not_carried_over_is_told_with_its_line_and_what_to_do(cli: Cli, manifests: Path) -> None:
    ended = cli("migrate", manifests)
    lines = manifests.read_text().splitlines()
    told = [line for line in ended.err.splitlines() if "not carried over" in line]
    for message, written in (
        ("log.fields", "environment: production"),
        ("may be emptied", "path: /tmp/privateregistry"),
        ("the manifests do not name one", "path: /tmp/privateregistry"),
        ("kubernetes.io/ingress.class", "kubernetes.io/ingress.class: haproxy"),
        ("the name privateregistry", "apiVersion: v1"),
    ):
        (line,) = [line for line in told if message in line]
        file, number, _ = line.split(":", 2)
        assert file == "registry.yaml"
        assert lines[int(number) - 1].strip() == written
        assert "; " in line
    assert "not carried over" not in ended.out


def test_neither_passwords_nor_hashes_nor_the_http_secret_are_shown(cli: Cli, folder: Path) -> None:
    shutil.copytree(DATA / "folder", folder / "manifests")
    for arguments in ((), ("--json",)):
        ended = cli("migrate", "manifests", *arguments)
        assert ended.code == 0
        text = ended.out + ended.err
        for secret in ("bob-password", "$2y$", "short", load(folder / "credentials.yaml")["users"]["cluster-pull"]):
            assert secret not in text.replace("is shorter than", "")
        for name in ("values.yaml", "credentials.yaml"):
            (folder / name).unlink()


def test_a_folder_of_manifests_lists_and_json_are_read(cli: Cli, folder: Path) -> None:
    shutil.copytree(DATA / "folder", folder / "manifests")
    ended = cli("migrate", "manifests", "--json")
    values = load(folder / "values.yaml")
    assert values["storage"] == {
        "type": "pvc",
        "delete": {"enabled": True},
        "persistence": {"existingClaim": "images", "accessModes": ["ReadWriteMany"]},
    }
    assert values["replicas"] == 2
    assert values["nodeSelector"] == {"disk": "large"}
    assert values["extraEnv"] == [{"name": "TZ", "value": "Europe/Berlin"}]
    assert values["ingress"]["annotations"] == {"nginx.ingress.kubernetes.io/proxy-body-size": "500m"}
    assert values["ingress"]["redirect"] is False
    assert values["tls"]["certManager"]["issuerRef"] == {"name": "internal", "kind": "ClusterIssuer"}
    assert validate.validate(["values.yaml"]).problems == []
    lost = " ".join(it["what"] for it in json.loads(ended.out)["lost"])
    for what in ("hub.example.com", "carol", "HTTP secret", "mirror.example.com", "backup", "/etc/ssl/more", "CronJob"):
        assert what in lost


def test_several_users_come_over_with_comments_after_their_hashes(cli: Cli, folder: Path) -> None:
    shutil.copytree(DATA / "folder", folder / "manifests")
    cli("migrate", "manifests", "--role", "alice:admin", "--role", "bob:push:team/**")
    users = {user["name"]: user for user in load(folder / "values.yaml")["auth"]["users"]}
    assert users["alice"] == {"name": "alice", "hash": ALICE, "role": "admin"}
    assert users["bob"] == {"name": "bob", "hash": BOB, "role": "push", "repositories": ["team/**"]}
    assert users["cluster"]["role"] == "push"  # a person of that name; the puller is another one
    assert users["cluster-pull"]["role"] == "pull"
    assert "carol" not in users


def test_the_old_pull_secret_tells_its_password_and_its_namespace(cli: Cli, folder: Path) -> None:
    shutil.copytree(DATA / "folder", folder / "manifests")
    cli("migrate", "manifests")
    assert load(folder / "credentials.yaml")["users"]["bob"] == "bob-password"
    pulling = load(folder / "values.yaml")["pullSecrets"]
    assert pulling["namespaces"] == ["team-a", "team-b"]
    assert pulling["serviceAccounts"] == ["default", "builder"]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"auths": {"registry.example.com": {"username": "bob", "password": "old"}}}, "the password of bob"),
        ({"auths": {"registry.example.com": {"auth": "!"}}}, "names nobody"),
        ({"auths": {"other.example.com": {"username": "bob", "password": "x"}}}, "a pull Secret for other.example.com"),
        ({"auths": {"registry.example.com": None}}, ""),
        ({"auths": None}, "names nobody"),
        ([], "names nobody"),
    ],
)
def test_a_pull_secret_that_does_not_work_is_told_and_left_out(
    config: object, told: str, cli: Cli, manifests: Path
) -> None:
    data = {".dockerconfigjson": base64.b64encode(json.dumps(config).encode()).decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull"}, "data": data}
    Path("secret.json").write_text(json.dumps(secret))
    ended = cli("migrate", manifests, "secret.json")
    assert ended.code == 0
    assert told in " ".join(line for line in ended.err.splitlines() if line.startswith("secret.json:1"))
    assert list(load(Path("credentials.yaml"))["users"]) == ["cluster"]


def test_the_cluster_can_go_on_pulling_with_the_user_that_it_has(cli: Cli, folder: Path) -> None:
    shutil.copytree(DATA / "folder", folder / "manifests")
    cli("migrate", "manifests", "--keep-pull-user")
    values = load(folder / "values.yaml")
    assert values["pullSecrets"]["credential"] == {"username": "bob", "password": "bob-password"}
    assert [user["name"] for user in values["auth"]["users"]] == ["alice", "bob", "cluster"]


def test_to_keep_the_pull_user_its_secret_is_needed(cli: Cli, manifests: Path, folder: Path) -> None:
    ended = cli("migrate", manifests, "--keep-pull-user")
    assert ended.code == 2
    assert "kubectl get secret" in ended.err
    assert [path.name for path in folder.iterdir()] == ["registry.yaml"]


def test_a_volume_on_nfs_is_adopted_below_the_folder_that_was_mounted(cli: Cli, manifests: Path, folder: Path) -> None:
    volume = "hostPath:\n            path: /tmp/privateregistry\n            type: DirectoryOrCreate"
    edit(manifests, volume, "nfs: {server: nas.example.com, path: /export}")
    edit(manifests, "mountPath: /var/lib/registry\n", "mountPath: /var/lib\n")
    ended = cli("migrate", manifests)
    assert load(folder / "values.yaml")["storage"] == {
        "type": "nfs",
        "nfs": {"server": "nas.example.com", "path": "/export/registry"},
    }
    assert "chown -R 1000:1000 /export/registry" in ended.err


def test_the_claim_that_a_stateful_set_made_is_adopted(cli: Cli, manifests: Path, folder: Path) -> None:
    edit(manifests, "kind: Deployment", "kind: StatefulSet")
    text = manifests.read_text()
    start = text.index("        - name: storage\n          hostPath")
    volume = text[start : text.index("        - name: auth\n          configMap")]
    edit(manifests, volume, "")
    edit(manifests, "  replicas: 1\n", "  replicas: 1\n  volumeClaimTemplates: [{metadata: {name: storage}}]\n")
    ended = cli("migrate", manifests)
    claim = {"existingClaim": "storage-privateregistry-0"}
    assert load(folder / "values.yaml")["storage"] == {"type": "pvc", "persistence": claim}
    assert "no volume" not in ended.err


def test_what_belongs_to_other_applications_in_the_folder_is_left_alone(
    cli: Cli, manifests: Path, folder: Path
) -> None:
    rest = manifests.read_text()
    for old, new in (
        ("registry.example.com", "app.example.com"),
        ("privateregistry", "app"),
        ("haproxy", "nginx"),
        ("image: registry:2", "image: example.com/app:1"),
    ):
        rest = rest.replace(old, new)
    (folder / "a-app.yaml").write_text(rest)
    ended = cli("migrate", "a-app.yaml", manifests, "--json")
    values = load(folder / "values.yaml")
    assert values["host"] == "registry.example.com"
    assert values["ingress"]["className"] == "haproxy"
    told = [it["what"] for it in json.loads(ended.out)["lost"] if it["file"] == "a-app.yaml"]
    assert sorted(told) == ["Certificate registry-example-com", "Deployment app", "Ingress app", "Service app"]


def test_a_certificate_that_was_made_by_hand_stays(cli: Cli, manifests: Path, folder: Path) -> None:
    text = manifests.read_text()
    manifests.write_text(text[text.index("---\n") :])
    cli("migrate", manifests)
    assert load(folder / "values.yaml")["tls"] == {"secretName": "registry-example-com"}


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("nginx.ingress.kubernetes.io/auth-type", "basic", "auth.users of the new file"),
        ("nginx.ingress.kubernetes.io/auth-secret", "old-users", "htpasswd lines of the Secret old-users"),
        ("nginx.ingress.kubernetes.io/auth-realm", "ours", "auth.users of the new file"),
        ("nginx.ingress.kubernetes.io/auth-url", "https://sso.example.com", "auth.users of the new file"),
        ("haproxy.org/auth-secret", "old-users", "htpasswd lines of the Secret old-users"),
        ("nginx.org/basic-auth-secret", "old-users", "htpasswd lines of the Secret old-users"),
        ("nginx.ingress.kubernetes.io/backend-protocol", "HTTPS", "plain HTTP"),
        ("nginx.ingress.kubernetes.io/secure-backends", "true", "plain HTTP"),
        ("haproxy-ingress.github.io/backend-protocol", "h1-ssl", "plain HTTP"),
        ("haproxy.org/server-ssl", "true", "plain HTTP"),
    ],
)
def test_annotations_that_would_stand_in_front_of_the_new_registry_are_lost(
    key: str, value: str, told: str, cli: Cli, manifests: Path
) -> None:
    redirect = '    ingress.kubernetes.io/ssl-redirect: "true"\n'
    edit(manifests, redirect, f'{redirect}    {key}: "{value}"\n')
    ended = cli("migrate", manifests)
    (line,) = [line for line in ended.err.splitlines() if key in line]
    assert told in line
    assert "annotations" not in load(manifests.with_name("values.yaml"))["ingress"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nginx.ingress.kubernetes.io/auth-tls-secret", "default/ca"),
        ("nginx.ingress.kubernetes.io/backend-protocol", "HTTP"),
        ("example.com/auth-type", "basic"),
    ],
)
def test_annotations_that_suit_the_new_registry_stay(
    key: str, value: str, cli: Cli, manifests: Path, folder: Path
) -> None:
    redirect = '    ingress.kubernetes.io/ssl-redirect: "true"\n'
    edit(manifests, redirect, f'{redirect}    {key}: "{value}"\n')
    assert cli("migrate", manifests).code == 0
    assert load(folder / "values.yaml")["ingress"]["annotations"] == {key: value}


def test_a_service_that_is_reached_from_outside_stays_so(cli: Cli, manifests: Path, folder: Path) -> None:
    edit(manifests, "type: ClusterIP", "type: NodePort")
    edit(manifests, "      port: 80\n", "      port: 443\n      nodePort: 30443\n")
    ended = cli("migrate", manifests)
    assert load(folder / "values.yaml")["service"] == {"type": "NodePort", "port": 443, "nodePort": 30443}
    assert "kubectl delete service/privateregistry" in ended.out


def test_users_in_a_config_map_that_is_missing_are_asked_for(cli: Cli, manifests: Path, folder: Path) -> None:
    text = manifests.read_text()
    manifests.write_text(text[: text.rindex("---\n")])
    ended = cli("migrate", manifests)
    assert ended.code == 0
    assert "kubectl get configmap privateregistry-auth --output yaml" in ended.err
    assert [user["name"] for user in load(folder / "values.yaml")["auth"]["users"]] == ["admin", "ci", "cluster"]


def test_a_bucket_with_its_keys_in_variables_of_a_secret_is_taken_over(cli: Cli, manifests: Path, folder: Path) -> None:
    edit(manifests, "filesystem:\n        rootdirectory: /var/lib/registry", "s3:\n        bucket: images")
    edit(manifests, "image: registry:2", """image: registry:2
          env:
            - {name: REGISTRY_STORAGE_S3_REGION, value: eu-west-1}
            - name: REGISTRY_STORAGE_S3_ACCESSKEY
              valueFrom: {secretKeyRef: {name: keys, key: id}}
            - name: REGISTRY_STORAGE_S3_SECRETKEY
              valueFrom: {secretKeyRef: {name: keys, key: secret}}""")  # fmt: skip
    manifests.write_text(
        manifests.read_text()
        + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {id: AKIA, secret: sEcReT/kEy}\n"
    )
    ended = cli("migrate", manifests)
    assert ended.code == 0, ended.err
    storage = load(folder / "values.yaml")["storage"]
    assert storage["type"] == "s3"
    assert storage["s3"] == {
        "bucket": "images", "region": "eu-west-1", "accessKey": "AKIA", "secretKey": "sEcReT/kEy", "redirect": True,
    }  # fmt: skip
    assert "sEcReT/kEy" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("filesystem:\n        rootdirectory: /var/lib/registry", "gcs:\n        bucket: images", "kept in gcs"),
        ("    auth:\n      htpasswd:", "    auth: [\n      htpasswd:", "registry.yaml:13"),
        ("image: registry:2", "image: example.com/app:1", "none of these manifests runs a registry"),
        ("kind: Deployment", "kind: Deployment\n  also: [", "registry.yaml:5"),
    ],
)
def test_what_cannot_be_migrated_is_refused_and_nothing_is_written(
    old: str, new: str, message: str, cli: Cli, manifests: Path
) -> None:
    edit(manifests, old, new)
    ended = cli("migrate", manifests)
    assert ended.code == 1
    assert message in ended.err
    assert [path.name for path in Path().iterdir()] == ["registry.yaml"]


def test_two_registries_at_once_are_told_apart_by_their_lines(cli: Cli, manifests: Path) -> None:
    manifests.write_text(manifests.read_text() + "---\n" + ONE_FILE.read_text())
    ended = cli("migrate", manifests)
    assert ended.code == 1
    assert "(registry.yaml:55), " in ended.err
    assert "give the manifests of one" in ended.err


@pytest.mark.parametrize("name", ["values.yaml", "credentials.yaml"])
def test_a_file_that_is_there_is_never_overwritten(name: str, cli: Cli, manifests: Path, folder: Path) -> None:
    (folder / name).write_text("host: other.example.com\n")
    ended = cli("migrate", manifests)
    assert ended.code == 1
    assert f"{name}: is there already" in ended.err
    assert (folder / name).read_text() == "host: other.example.com\n"
    assert sorted(path.name for path in folder.iterdir()) == sorted(["registry.yaml", name])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--role", "alice"), "names no role"),
        (("--role", "alice:root"), "is not a role"),
        (("--role", "zoe:pull"), "there is alice"),
        (("--role", "alice:pull", "--role", "alice:push"), "twice"),
        (("--host", "https://registry.example.com"), 'did you mean "registry.example.com"?'),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(
    arguments: tuple[str, ...], message: str, cli: Cli, manifests: Path, folder: Path
) -> None:
    ended = cli("migrate", manifests, *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert [path.name for path in folder.iterdir()] == ["registry.yaml"]


@pytest.mark.parametrize(
    "text", ["", "just text\n", "- 1\n", "image: {}\nfoo: {}\n", "host: a.example.com\n---\nb: 2\n"], ids=range(5)
)
def test_an_unknown_source_is_told_what_is_known(text: str, cli: Cli, folder: Path) -> None:
    (folder / "what.yaml").write_text(text)
    ended = cli("migrate", "what.yaml")
    assert ended.code == 1
    for kind in ("manifests", "docker-registry", "this chart"):
        assert kind in ended.err


def test_a_missing_file_and_an_empty_folder_are_named(cli: Cli, folder: Path) -> None:
    (folder / "empty").mkdir()
    assert "missing.yaml: there is no such file" in cli("migrate", "missing.yaml").err
    assert "empty: holds no .yaml" in cli("migrate", "empty").err


def test_manifests_come_from_standard_input_as_well(cli: Cli, folder: Path) -> None:
    assert cli("migrate", "-", stdin=ONE_FILE.read_text()).code == 0
    assert load(folder / "values.yaml")["host"] == "registry.example.com"
