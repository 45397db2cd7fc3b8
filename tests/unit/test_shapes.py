"""`gen` and `users` on one file, on a split pair and on a folder of manifests: they do the same there."""

import base64
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from privreg_values.cluster.kubectl import Kubectl
from privreg_values.shapes.manifests import PURPOSES
from privreg_values.users import credentials, htpasswd
from privreg_values.values import validate
from privreg_values.values.secret_scan import find_secrets
from privreg_values.values.yaml_reader import parse
from tests.chart.rendering import render
from tests.cluster.paths import BIN, ROOT
from tests.control_plane import ControlPlane
from tests.unit.conftest import Cli
from tests.unit.test_gen import HOST, load, passwords
from tests.unit.test_gen_again import lines_gone, replace

SHAPES = {"one file": [], "split pair": ["--split"], "manifests": ["--manifests=secrets"]}
NAME = "registry.example.com"


@pytest.fixture(params=SHAPES)
def made(request: pytest.FixtureRequest, cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has run, in each of the shapes."""
    ended = cli("gen", HOST, *SHAPES[request.param])
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture(params=["--split", "--manifests=secrets"])
def git_safe(request: pytest.FixtureRequest, cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has run, in those shapes whose values file is safe for git."""
    assert cli("gen", HOST, request.param).code == 0
    return folder


@pytest.fixture
def manifests(cli: Cli, folder: Path) -> Path:
    """A folder in which `gen` has made manifests."""
    assert cli("gen", HOST, "--manifests=secrets").code == 0
    return folder


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def secret(folder: Path, name: str, key: str) -> str:
    """What the Secret of a name would hold in the cluster."""
    for path in (folder / "secrets").iterdir():
        manifest = load(path)
        if manifest["metadata"]["name"] == name:
            found: str = manifest["stringData"][key]
            return found
    raise AssertionError(name)


def effective(folder: Path) -> dict[str, Any]:
    """Users by name, pull credential and HTTP secret, whatever the shape."""
    values = load(folder / "values.yaml")
    if (folder / "secrets").is_dir():
        lines = htpasswd.read(secret(folder, values["auth"]["existingSecret"], "htpasswd"))
        users = {it["name"]: {**it, "hash": lines[it["name"]].hash} for it in values["auth"]["access"]}
        docker = json.loads(secret(folder, values["pullSecrets"]["existingSecret"], ".dockerconfigjson"))
        login = docker["auths"][NAME]
        assert base64.b64decode(login.pop("auth")).decode() == f"{login['username']}:{login['password']}"
        http = secret(folder, values["httpSecret"]["existingSecret"], "httpSecret")
        return {"users": users, "pull": login, "http": http, "lines": lines}
    if (folder / "secrets.yaml").exists():
        values = load(folder / "secrets.yaml")
    users = {it["name"]: it for it in values["auth"]["users"]}
    return {"users": users, "pull": values["pullSecrets"]["credential"], "http": values["httpSecret"]["value"]}


def fits(folder: Path) -> bool:
    """Each user's hash is that of its password, and the cluster pulls with the password of its user."""
    found, known = effective(folder), passwords(folder)
    return (
        set(found["users"]) == set(known)
        and all(credentials.matches(known[name], user["hash"]) for name, user in found["users"].items())
        and (found["pull"]["username"], found["pull"]["password"]) == ("cluster", known["cluster"])
    )


# --- gen


def test_gen_makes_users_a_pull_credential_and_an_http_secret_that_fit_together(made: Path) -> None:
    found = effective(made)
    assert {name: user["role"] for name, user in found["users"].items()} == {
        "admin": "admin", "ci": "push", "cluster": "pull",
    }  # fmt: skip
    assert fits(made)
    assert len(found["http"]) == credentials.SECRET_LENGTH
    files = [name for name in ("values.yaml", "secrets.yaml") if (made / name).exists()]
    assert validate.validate(files).problems == []


def test_every_file_that_holds_a_secret_is_private(made: Path) -> None:
    for path in made.rglob("*"):
        if path.is_file() and path.name != ".gitignore":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    if (made / "secrets").exists():
        assert stat.S_IMODE((made / "secrets").stat().st_mode) == 0o700


def test_run_again_gen_changes_nothing_and_adds_what_is_missing(made: Path, cli: Cli) -> None:
    before = texts(made)
    assert "nothing to add" in cli("gen", HOST).out
    assert texts(made) == before
    assert cli("gen", "--user=alice:pull:a/*", "--namespace=team").code == 0
    for name, text in before.items():
        assert [it for it in lines_gone(text, texts(made)[name]) if "namespaces: [default]" not in it] == []
    assert effective(made)["users"]["alice"]["repositories"] == ["a/*"]
    assert fits(made)


MANIFESTS = [f"secrets/privreg-{it}.yaml" for it in ("users", "http-secret", "pull-credential")]


LOST = [
    ("one file", "values.yaml"),
    ("split pair", "values.yaml"),
    ("split pair", "secrets.yaml"),
    *(("manifests", it) for it in ("values.yaml", *MANIFESTS)),
]


@pytest.mark.parametrize(("made", "lost"), LOST, indirect=["made"])
def test_what_was_lost_is_made_again_and_no_password_changes(lost: str, made: Path, cli: Cli) -> None:
    known = passwords(made)
    (made / lost).unlink()
    ended = cli("gen", HOST, *(["--split"] if lost == "secrets.yaml" else []))
    assert ended.code == 0, ended.err
    assert passwords(made) == known
    assert fits(made)
    assert load(made / "values.yaml")["storage"]["type"] == "pvc"


def test_without_the_credentials_file_no_hash_changes(made: Path, cli: Cli) -> None:
    before = effective(made)
    (made / "credentials.yaml").unlink()
    ended = cli("gen", HOST)
    assert "admin, ci: password not in credentials.yaml; the hash is kept" in ended.err
    assert effective(made) == before
    assert passwords(made) == {"cluster": before["pull"]["password"]}


def test_a_lost_manifest_of_a_user_whose_password_nobody_knows_is_not_made_anew(cli: Cli, folder: Path) -> None:
    """The cluster may still have that Secret: its users would lose their passwords."""
    assert cli("gen", HOST, "--manifests=secrets").code == 0
    (folder / MANIFESTS[0]).unlink()
    replace(folder / "credentials.yaml", f"  ci: {passwords(folder)['ci']}\n", "")
    before = texts(folder)
    ended = cli("gen", HOST)
    assert ended.code == 0
    assert "the Secret privreg-users is not in secrets" in ended.err
    assert texts(folder) == before


def test_the_values_file_that_is_safe_for_git_holds_no_secret(git_safe: Path) -> None:
    text = (git_safe / "values.yaml").read_text()
    known = [*passwords(git_safe).values(), effective(git_safe)["http"]]
    assert find_secrets(parse(text, "values.yaml").root, text, known) == []
    for it in known:
        assert it not in text
    assert "$2y$" not in text


def test_gen_says_what_to_install_and_what_git_must_not_have(cli: Cli, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    for name in ("objects", "refs"):
        (folder / ".git" / name).mkdir()
    ended = cli("gen", HOST, "--manifests=secrets")
    commands = ended.out[ended.out.index("install ") :].splitlines()[:3]
    assert [it[12:] for it in commands] == [
        "kubectl create namespace privreg",
        "kubectl apply --server-side --namespace privreg -f secrets",
        "privreg-values apply values.yaml",
    ]
    assert (folder / ".gitignore").read_text() == "/secrets\n/credentials.yaml\n"


REFUSED = {
    "a hash": "auth:\n  users:\n    - {name: jo, hash: $2y$04$" + "a" * 53 + ", role: push}\n",
    "a pull credential": "pullSecrets: {credential: {username: cluster, password: not-a-good-one}}\n",
    "an HTTP secret": "httpSecret: {value: 0123456789012345678901234567890123456789}\n",
    "a comment": "# password: not-a-good-one\n",
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("shape", ["--split", "--manifests=secrets"])
def test_gen_refuses_a_values_file_that_would_not_be_safe(name: str, shape: str, cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(f"host: {NAME}\n{REFUSED[name]}")
    before = texts(folder)
    ended = cli("gen", HOST, shape)
    assert ended.code == 1
    assert "in a file that is to hold no secret; move it to secrets" in ended.err
    assert "not-a-good-one" not in ended.err
    assert texts(folder) == before
    assert not (folder / "secrets").exists()


def test_both_shapes_at_once_are_refused(cli: Cli) -> None:
    ended = cli("gen", HOST, "--split", "--manifests=secrets")
    assert (ended.code, "give one of them" in ended.err) == (2, True)


def test_a_folder_that_cannot_be_made_is_named(cli: Cli, folder: Path) -> None:
    ended = cli("gen", HOST, "--manifests=none/secrets")
    assert ended.code == 1
    assert "none/secrets: the folder cannot be made: No such file or directory" in ended.err
    assert list(folder.iterdir()) == []


def test_the_file_with_the_secrets_is_called_like_its_values_file(cli: Cli, folder: Path) -> None:
    for name in ("prod-values.yaml", "test.yaml"):
        assert cli("gen", HOST, "--split", "-o", name, "--credentials", f"c-{name}").code == 0
    assert {"prod-secrets.yaml", "test-secrets.yaml"} <= {path.name for path in folder.iterdir()}
    assert cli("users", "list", "-f", "test.yaml").out.count("\n") == 4


def test_a_file_of_that_name_with_something_else_in_it_is_not_taken_for_it(cli: Cli, folder: Path) -> None:
    (folder / "secrets.yaml").write_text("database: {user: x}\n")
    assert cli("gen", HOST).code == 0
    assert "hash:" in (folder / "values.yaml").read_text()
    assert (folder / "secrets.yaml").read_text() == "database: {user: x}\n"


# --- what Helm, Kubernetes and sops make of them


def test_helm_makes_the_same_of_each_shape(made: Path) -> None:
    values = [made / name for name in ("values.yaml", "secrets.yaml") if (made / name).exists()]
    rendering = render(*values)
    found = effective(made)
    if (made / "secrets").exists():
        volumes = json.dumps(rendering.pod_spec["volumes"])
        assert '"secretName": "privreg-users"' in volumes
        assert "privreg-http-secret" in json.dumps(rendering.pod_spec["containers"])
    else:
        lines = base64.b64decode(rendering.one("Secret", "privreg-htpasswd")["data"]["htpasswd"]).decode()
        assert lines == "".join(f"{name}:{user['hash']}\n" for name, user in found["users"].items())
    assert rendering.gateway_files["roles.map"] == "admin admin\nci push\ncluster pull\n"


def test_kubernetes_takes_the_manifests_and_has_what_they_say(
    manifests: Path, cli: Cli, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.write_kubeconfig(manifests / "kubeconfig")))
    kubectl = Kubectl(binary=str(BIN / "kubectl"))
    control_plane.create_namespace("shapes")
    for change in (["list"], ["rotate", "cluster", "--keep-old=1h"], ["remove", "ci"]):
        assert cli("users", *change).code == 0
        kubectl.run(["apply", "--server-side", "--namespace=shapes", "--filename=secrets"])
        for purpose in PURPOSES:
            there = kubectl.get("secrets", purpose.name, "shapes")
            assert there
            assert there["type"] == purpose.type
            in_cluster = base64.b64decode(there["data"][purpose.key]).decode()
            assert in_cluster == secret(manifests, purpose.name, purpose.key)


def sops_rules() -> list[dict[str, str]]:
    """Return the creation rules of the .sops.yaml in our documentation."""
    found = re.search(
        r"```yaml\n(# \.sops\.yaml\n.*?)```", (ROOT / "docs" / "secrets-in-git.md").read_text(), re.DOTALL
    )
    assert found
    rules: list[dict[str, str]] = YAML(typ="safe").load(found[1])["creation_rules"]
    return rules


def test_what_sops_leaves_as_it_is_holds_no_secret(git_safe: Path) -> None:
    """sops encrypts all values below a key that encrypted_regex matches, and nothing else."""
    known = [*passwords(git_safe).values(), effective(git_safe)["http"]]

    def encrypted(value: Any, keys: re.Pattern[str]) -> Any:
        if isinstance(value, dict):
            return {key: None if keys.search(key) else encrypted(child, keys) for key, child in value.items()}
        return [encrypted(child, keys) for child in value] if isinstance(value, list) else value

    private = [name for name in texts(git_safe) if name not in ("values.yaml", ".gitignore")]
    assert len(private) >= 2
    for name in private:
        keys = next(rule["encrypted_regex"] for rule in sops_rules() if re.search(rule["path_regex"], name))
        text = json.dumps(encrypted(load(git_safe / name), re.compile(keys)))
        comments = "\n".join(line for line in texts(git_safe)[name].splitlines() if "#" in line)
        assert find_secrets(parse(text, name).root, f"{text}\n{comments}", known) == [], name
        assert "users" in text or "name" in text  # what is no secret can be read and reviewed


# --- users


def test_a_user_is_added_given_another_role_and_removed_and_the_rest_is_as_before(made: Path, cli: Cli) -> None:
    before = texts(made)
    assert cli("users", "add", "jane", "--role=push", "--repository=a/*").code == 0
    jane = effective(made)["users"]["jane"]
    assert (jane["role"], jane["repositories"]) == ("push", ["a/*"])
    assert fits(made)
    assert cli("users", "role", "jane", "admin", "--all-repositories").code == 0
    assert effective(made)["users"]["jane"] == {"name": "jane", "hash": jane["hash"], "role": "admin"}
    assert cli("users", "remove", "jane").code == 0
    assert texts(made) == before


def test_rotation_with_the_old_password_kept_and_pruned(made: Path, cli: Cli) -> None:
    old = passwords(made)["cluster"]
    ended = cli("users", "rotate", "cluster", "--keep-old=1h")
    assert ended.code == 0, ended.err
    assert "kept: the old one works as well" in ended.out
    assert fits(made)
    assert cli("users", "verify", "cluster", "--password-stdin", stdin=old).out.startswith("cluster: this is the old")
    ended = cli("users", "prune")
    assert ended.out == "values.yaml: nothing to change\n"
    assert "the old password of cluster stays until" in ended.err
    ended = cli("users", "prune", "--all")
    assert "removed: old password of cluster" in ended.out
    assert cli("users", "verify", "cluster", "--password-stdin", stdin=old).code == 1
    assert "previous" not in "".join(texts(made).values())
    assert fits(made)


def test_a_user_is_shown_with_the_lines_it_is_written_at_and_without_secrets(made: Path, cli: Cli) -> None:
    ended = cli("users", "show", "ci", "--json")
    found = json.loads(ended.out)
    assert (found["name"], found["role"], found["hashCost"], found["pullCredential"]) == ("ci", "push", 4, False)
    for place in found["places"]:
        assert "ci" in (made / place["file"]).read_text().splitlines()[place["line"] - 1]
    assert len(found["places"]) == (2 if (made / "secrets").exists() else 1)
    text = cli("users", "show", "ci").out
    assert "$2y$" not in text + ended.out
    assert passwords(made)["ci"] not in text + ended.out


@pytest.mark.parametrize("command", [["list"], ["show", "ci"], ["role", "ci", "pull"], ["rotate", "ci"], ["prune"]])
def test_the_second_file_or_folder_may_be_named_and_lie_anywhere(command: list[str], git_safe: Path, cli: Cli) -> None:
    elsewhere = git_safe / "elsewhere"
    elsewhere.mkdir()
    second = next(path for path in git_safe.iterdir() if path.name.startswith("secrets"))
    second = second.rename(elsewhere / second.name)
    ended = cli("users", *command, "-f", "values.yaml", "-f", second)
    assert ended.code == 0, ended.err


def test_more_than_two_files_are_refused(made: Path, cli: Cli) -> None:
    assert made.exists()
    ended = cli("users", "list", "-f", "a", "-f", "b", "-f", "c")
    assert (ended.code, "more than two files" in ended.err) == (2, True)


def test_what_sops_has_encrypted_is_left_alone(cli: Cli, folder: Path) -> None:
    assert cli("gen", HOST, "--split").code == 0
    with (folder / "secrets.yaml").open("a") as file:
        file.write("sops:\n  version: 3.9.0\n")
    before = texts(folder)
    for command in (["list"], ["rotate", "ci"], ["show", "ci"]):
        ended = cli("users", *command)
        assert ended.code == 1
        assert "secrets.yaml: is encrypted by sops; decrypt it with `sops decrypt --in-place secrets.yaml`" in ended.err
    assert texts(folder) == before
