"""What `validate` finds that Helm would install without a word."""

import threading
from pathlib import Path

import pytest

from privreg_values.validation import dns, resources
from tests.unit.conftest import Cli
from tests.unit.test_validate import GOOD

WEAK = GOOD.replace("$2y$04$", "$2y$05$")


def warnings(cli: Cli, text: str, *options: str) -> list[str]:
    ended = cli("validate", "-", *options, stdin=text)
    assert ended.code == 0, ended.out
    return [line for line in ended.out.splitlines() if ": warning: " in line]


@pytest.mark.parametrize(
    ("lines", "warning"),
    [
        ("ingress: {className: nginx}", "10:22: warning: ingress.className: is nginx, and ingress.preset is none"),
        ("ingress: {className: nginx-internal, preset: traefik}", "warning: ingress.preset: is traefik, and ingre"),
        ("ingress: {annotations: {kubernetes.io/ingress.class: nginx}}", "some controllers do not look at it; set ing"),
        ("service: {type: NodePort, nodePort: 5000}", "service.nodePort: is not from 30000 to 32767"),
        ("storage: {persistence: {size: '10'}}", "storage.persistence.size: is 10 bytes; add the unit, such as 10Gi"),
        ("storage: {type: emptyDir}", "storage.type: is emptyDir: every image is lost"),
        ("resources: {requests: {memory: 1Gi}}", "10:32: warning: resources.requests.memory: the request of 1Gi is"),
        ("resources: {limits: {cpu: 50m}}", "10:27: warning: resources.limits.cpu: the request of 100m is "),
        ("gateway: {resources: {requests: {cpu: 2}}}", "gateway.resources.requests.cpu: the request of 2 is above"),
        ("storage: {hostPath: {path: /srv}}", "storage.hostPath.path: is for storage.type hostPath; set storage.type"),
        ("storage: {type: nfs, nfs: {server: a, path: /b}, persistence: {size: 1Gi}}", "storage.persistence.size: "),
        ("token: {realm: 'https://a.example.com'}", "token.realm: is for auth.mode token"),
        ("tls: {certManager: {issuerRef: {name: mine}}}", "tls.certManager.issuerRef.name: is for a Certificate; "),
        ("ingress: {enabled: false, preset: nginx}", "ingress.preset: is for an Ingress; set ingress.enabled to true"),
        ("podDisruptionBudget: {minAvailable: 1}", "podDisruptionBudget.minAvailable: is for a PodDisruptionBudget"),
    ],
)  # fmt: skip
def test_what_helm_does_not_notice_is_a_warning_at_its_place(lines: str, warning: str, cli: Cli) -> None:
    (found,) = warnings(cli, f"{GOOD}{lines}\n")
    assert warning in found


@pytest.mark.parametrize(
    "lines",
    [
        "ingress: {className: nginx, preset: nginx}",
        "ingress: {className: nginx, annotations: {nginx.ingress.kubernetes.io/proxy-body-size: '0'}}",
        "ingress: {className: internal}",
        "ingress: {className: null}",
        "service: {type: NodePort, nodePort: 30000}",
        "resources: {limits: null}",
        "resources: {requests: {cpu: 0.3}}",
        "storage: {type: hostPath, hostPath: {path: /srv}}",
        "storage: {nfs: {server: '', path: ''}}",  # as the chart has it
        "token: {}",
    ],
)
def test_what_is_as_it_should_be_is_no_warning(lines: str, cli: Cli) -> None:
    assert warnings(cli, f"{GOOD}{lines}\n") == []


@pytest.mark.parametrize("options", [(), ("--tls-secret=x", "--ingress-class=nginx", "--ingress-preset=nginx")])
def test_what_gen_writes_has_no_warning(options: tuple[str, ...], cli: Cli) -> None:
    assert cli("gen", "--yes", "--host=registry.example.com", *options).code == 0
    assert cli("validate", "values.yaml", "--strict").out == "values.yaml: ok\n"


@pytest.mark.parametrize(("cost", "weak"), [("04", False), ("05", True), ("09", True), ("10", False), ("12", False)])
def test_a_hash_of_a_password_that_can_be_guessed_is_weak(cost: str, weak: bool, cli: Cli) -> None:
    """Cost 4 is what `gen` gives to random passwords, which no one can guess."""
    found = warnings(cli, GOOD.replace("$2y$04$", f"$2y${cost}$"))
    assert bool(found) is weak
    assert all("`privreg-values users rotate admin`" in it for it in found)


@pytest.mark.parametrize(
    ("hashed", "kind"),
    [
        ("$apr1$n3Hhkd9C$hunter2hunter2hunter20", "Apache's MD5"),
        ("{SHA}hunter2hunter2hunter2hunt=", "SHA-1"),
        ("$6$rounds=5000$hunter2$hunter2", "SHA-512"),
        ("$argon2id$v=19$m=65536$hunter2", "Argon2"),
        ("hunter2", "something else"),
    ],
)
def test_a_hash_of_another_kind_is_refused_by_its_name(hashed: str, kind: str, cli: Cli) -> None:
    ended = cli("validate", "-", stdin=GOOD.replace("$2y$04$" + "a" * 53, f"'{hashed}'"))
    assert ended.code == 1
    assert f"this looks like {kind}; `privreg-values users rotate NAME` makes" in ended.out
    assert "hunter2" not in ended.out


def test_with_strict_a_warning_is_a_problem(cli: Cli) -> None:
    assert cli("validate", "-", stdin=WEAK).code == 0
    assert cli("validate", "-", "--strict", stdin=WEAK).code == 1
    assert cli("validate", "-", "--strict", stdin=GOOD).code == 0


def test_what_helm_refuses_is_told_alone(cli: Cli) -> None:
    assert "warning" not in cli("validate", "-", stdin=WEAK + "replicas: x\n").out


# --- The file with the secrets


def test_without_a_name_the_pair_of_the_folder_is_checked(cli: Cli, folder: Path) -> None:
    assert cli("validate").code == 2
    (folder / "values.yaml").write_text(GOOD)
    assert cli("validate").out == "values.yaml: ok\n"
    (folder / "values.yaml").write_text(SAFE)
    (folder / "secrets.yaml").write_text(SECRET)
    assert cli("validate").out == "values.yaml, secrets.yaml: ok\n"
    (folder / "secrets.yaml").write_text("kind: Secret\n")  # another one of that name
    assert "auth: nobody could log in" in cli("validate").out


def test_whoever_forgets_the_file_with_the_secrets_is_told(cli: Cli, folder: Path) -> None:
    (folder / "values-prod.yaml").write_text(SAFE)
    (folder / "secrets-prod.yaml").write_text(SECRET)
    said = "note: secrets-prod.yaml lies beside values-prod.yaml and was not read; name both: values-prod.yaml sec"
    for command in ("validate", "render"):
        ended = cli(command, "values-prod.yaml")
        assert ended.code == 1
        assert said in ended.err
    assert cli("validate", "values-prod.yaml", "secrets-prod.yaml").err == ""


def test_a_file_that_sops_has_encrypted_is_to_be_given_decrypted(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(SAFE)
    (folder / "secrets.yaml").write_text(SECRET + "sops: {mac: 'ENC[x]'}\n")
    decrypted = "give it decrypted: `sops decrypt secrets.yaml | privreg-values ... values.yaml -`"
    assert cli("render").err == f"error: secrets.yaml: is encrypted by sops; {decrypted}\n"
    assert "sops has encrypted the file; give it decrypted: `sops decrypt" in cli("validate").out


# --- Secrets in a file for git

SAFE = "host: registry.example.com\nauth: {mode: gateway}\nreplicas: 1\n"
SECRET = GOOD.partition("\n")[2]


def test_of_a_pair_the_values_file_must_hold_no_secret(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(SAFE + "httpSecret:\n  value: " + "hunter2" * 5 + "\n")
    (folder / "secrets.yaml").write_text(SECRET)
    ended = cli("validate", "values.yaml", "secrets.yaml")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "values.yaml:5:10: httpSecret.value: is a secret in a file for git; move it to secrets.yaml",
        "    5 |   value: ********",
        "      |          ^",
    ]
    (folder / "values.yaml").write_text(SAFE)
    assert cli("validate", "values.yaml", "secrets.yaml").out == "values.yaml, secrets.yaml: ok\n"


@pytest.mark.parametrize(
    "line",
    [
        f"auth: {{users: [{{name: a, role: pull, hash: $2y$04${'a' * 53}}}]}}",
        f"httpSecret: {{value: {'hunter2' * 5}}}",
        "pullSecrets: {credential: {username: a, password: hunter2}}",
        "extraEnv: [{name: REGISTRY_STORAGE_S3_SECRETKEY, value: hunter2}]",
        "commonAnnotations: {note: '$2y$04$hunter2'}",
        "global: {registryPassword: hunter2}",
    ],
)
def test_a_file_that_is_said_to_be_for_git_must_hold_no_secret(line: str, cli: Cli, folder: Path) -> None:
    (folder / "a.yaml").write_text(GOOD)
    (folder / "b.yaml").write_text(f"{line}\n")
    ended = cli("validate", "b.yaml", "a.yaml", "--git-safe", "b.yaml")
    assert ended.code == 1
    assert "b.yaml:1:" in ended.out
    assert "is a secret in a file for git" in ended.out
    assert "hunter2" not in ended.out
    assert cli("validate", "b.yaml", "a.yaml").code == 0


def test_a_file_for_git_must_be_one_of_those_that_are_checked(cli: Cli, folder: Path) -> None:
    (folder / "a.yaml").write_text(GOOD)
    ended = cli("validate", "a.yaml", "--git-safe", "b.yaml")
    assert ended.code == 2
    assert "b.yaml is not among the files" in ended.err


# --- DNS


@pytest.mark.parametrize(("host", "known"), [("registry.invalid", False), ("localhost.localdomain", True)])
def test_a_host_that_cannot_be_resolved_is_a_warning_when_asked_for(
    host: str, known: bool, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns, "_is_known", lambda name: name == "localhost.localdomain")
    found = warnings(cli, GOOD.replace("registry.example.com", host), "--dns")
    assert bool(found) is not known
    assert all("1:7: warning: host: registry.invalid is not known in DNS here" in it for it in found)
    assert not warnings(cli, GOOD.replace("registry.example.com", host))


def test_a_name_below_invalid_is_not_known_and_the_own_machine_is() -> None:
    """RFC 6761: .invalid never resolves."""
    assert not dns._is_known("registry.invalid")
    assert dns._is_known("localhost")


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()
    monkeypatch.setattr(dns, "PATIENCE", 0.05)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: [end.wait(30)])
    assert not dns._is_known("registry.example.com")
    end.set()


@pytest.mark.parametrize(
    ("text", "number"),
    [("300Mi", 300 * 2**20), ("100m", 0.1), ("1", 1), (2, 2), (0.5, 0.5), ("1e3", 1000), ("1.5G", 1.5e9), ("5E", 5e18)],
)
def test_a_quantity_is_read_as_kubernetes_does(text: str | float, number: float) -> None:
    assert resources.quantity(text) == pytest.approx(number)


def test_a_selector_without_delivery_is_a_warning(cli: Cli) -> None:
    lines = "  namespaceSelector: {matchLabels: {env: dev}}\n"  # goes on with pullSecrets, whose enabled is false
    (found,) = warnings(cli, f"{GOOD}{lines}")
    assert "pullSecrets.namespaceSelector.matchLabels.env: is for the delivery of pull Secrets" in found
