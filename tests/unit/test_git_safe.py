"""A file for git: whoever hides a secret in it is told where it is, and the line that is shown does not show it."""

import base64
import json
from pathlib import Path

import pytest

from privreg_values.validation.judge import Wishes, judge
from privreg_values.validation.report import as_json
from tests.unit.conftest import Cli
from tests.unit.test_validate import GOOD

HASH = "$2y$05$" + "hunter2" * 7 + "abcd"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


LOGIN = json.dumps({"auths": {"registry.example.com": {"username": "a", "password": "hunter2"}}})
INDENTED = json.dumps({"auths": {"r": {"auth": encoded("a:hunter2")}}}, indent=2).replace("\n", "\n        ")
WRAPPED = "\n".join(f"#   {encoded(LOGIN)[at : at + 40]}" for at in range(0, len(encoded(LOGIN)), 40))
CONFIG_MAP = "extraManifests:\n- kind: ConfigMap\n  data:\n    x: |\n"
SECRETS = {
    "a comment": "# password: hunter2\n",
    "a comment in a flow map": "# - {name: a, password: hunter2}, \n",
    "a comment about another key": "# registryPassword: hunter2\n",
    "a comment beside a value": "replicas: 1  # hash: hunter2\n",
    "a hash in a comment": f"# htpasswd: a:{HASH}\n",
    "base64 in a comment": f"# {encoded('a:hunter2')}\n",
    "base64 in a comment of several lines": f"{WRAPPED}\n",
    "an address in a comment": "# curl https://a:hunter2@registry.example.com/v2/\n",
    "an anchor": "podAnnotations: {a: &it hunter2}\npullSecrets: {credential: {username: a, password: *it}}\n",
    "the anchor of a map": "global: {x: &it {username: a, password: hunter2}}\npullSecrets: {credential: *it}\n",
    "a merged map": "global: {x: &it {password: hunter2}}\npullSecrets: {credential: {<<: *it, username: a}}\n",
    "a block": "pullSecrets:\n  credential:\n    username: a\n    password: |-\n      hunter2\n",
    "a key": f"podLabels:\n  ? {HASH}\n  : x\n",
    "a key that comes again": "pullSecrets:\n  credential:\n    username: a\n    password: hunter2\n    password: ''\n",
    "a key in braces that comes again": "httpSecret: {value: hunter2}\nhttpSecret: {existingSecret: x}\n",
    "a document that another one replaces": "httpSecret: {value: hunter2}\n---\nhttpSecret: {value: ''}\n",
    "a Secret": "extraManifests:\n- kind: Secret\n  stringData: {x: hunter2}\n",
    "a Secret in base64": f"extraManifests:\n- kind: Secret\n  data: {{x: {encoded('hunter2')}}}\n",
    "a Secret in a List": "extraManifests:\n- kind: List\n  items: [{kind: Secret, stringData: {x: hunter2}}]\n",
    "a Secret as text": "extraManifests:\n- |\n  kind: Secret\n  stringData:\n    x: hunter2\n",
    "a Secret as a template": "extraManifests:\n- |\n  kind: Secret\n  stringData:\n    x: hunter2{{ .Values.x }}\n",
    "a docker configuration": f"extraManifests:\n- kind: Secret\n  stringData:\n    .dockerconfigjson: '{LOGIN}'\n",
    "a docker configuration in base64": f"extraManifests:\n- data:\n    .dockerconfigjson: {encoded(LOGIN)}\n",
    "a docker configuration in a ConfigMap": f"{CONFIG_MAP}        {INDENTED}\n",
    "an htpasswd line in a ConfigMap": f"extraManifests:\n- kind: ConfigMap\n  data: {{htpasswd: 'a:{HASH}'}}\n",
    "an htpasswd file in a ConfigMap": f"{CONFIG_MAP}      # a\n      a:{HASH}\n",
    "a configuration in a ConfigMap": f"{CONFIG_MAP}      a:\n        password: hunter2\n",
    "a variable": "extraEnv: [{name: REGISTRY_REDIS_PASSWORD, value: hunter2}]\n",
    "a variable of digits": "extraEnv:\n- name: PIN_TOKEN\n  value: 'hunter2'\n",
    "an address in a variable": "extraEnv: [{name: REDIS_URL, value: 'redis://:hunter2@redis:6379'}]\n",
    "a variable in a Pod": "extraManifests:\n- kind: Pod\n  spec: {env: [{name: DB_PASSWORD, value: hunter2}]}\n",
    "a value of a parent chart": "global: {registryPassword: hunter2}\n",
    "a private key": "global:\n  x: |\n    -----BEGIN RSA PRIVATE KEY-----\n    hunter2\n",
}  # fmt: skip


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_it_is_found_and_not_shown(text: str, cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(f"{text}")
    (folder / "secrets.yaml").write_text(GOOD)
    ended = cli("validate", "values.yaml", "secrets.yaml")
    assert ended.code == 1
    assert ended.err == ""
    assert " a secret in a file for git" in ended.out, ended.out
    shown = [line for line in ended.out.splitlines() if not line.startswith("values.yaml:")]
    for it in ("hunter2", encoded("a:hunter2"), encoded("hunter2"), encoded(LOGIN)[:40], encoded(LOGIN)[40:80], HASH):
        assert not any(it in line for line in shown), ended.out
        assert it not in as_json(judge(["values.yaml", "secrets.yaml"], Wishes()))


HARMLESS = {
    "a variable": "extraEnv: [{name: GOMEMLIMIT, value: 200MiB}, {name: OTEL_TOKEN_FILE, value: /run/token}]\n",
    "a variable that names another": "extraEnv: [{name: PROXY_PASSWORD, value: $(OTHER)}]\n",
    "a variable from a Secret": "extraEnv: [{name: P_TOKEN, valueFrom: {secretKeyRef: {name: a, key: password}}}]\n",
    "names of Secrets": "tls: {secretName: my-secret}\nauth: {existingSecret: my-passwords}\n",
    "an annotation with the name of a Secret": "ingress: {annotations: {nginx.ingress.kubernetes.io/auth-secret: a}}\n",
    "a certificate": "extraManifests:\n- kind: ConfigMap\n  data:\n    ca.crt: |\n      -----BEGIN CERTIFICATE-----\n",
    "an ExternalSecret": "extraManifests:\n- kind: ExternalSecret\n  spec: {data: [{secretKey: a, remoteRef: {}}]}\n",
    "a manifest as text": "extraManifests:\n- |\n  kind: ConfigMap\n  data:\n    host: {{ .Values.host }}\n",
    "what sops encrypted": "global: {registryPassword: 'ENC[AES256_GCM,data:pNs=,iv:bGFr,tag:x,type:str]'}\n",
    "a comment that tells a form": "# password: <yours>\n# hash: $2y$05$...\n# The password: see credentials.yaml\n",
}  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_secret_is_let_pass(text: str, cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text(text)
    (folder / "secrets.yaml").write_text(GOOD)
    ended = cli("validate", "values.yaml", "secrets.yaml")
    assert "file for git" not in ended.out


@pytest.mark.parametrize(
    ("values", "overlay"), [("values.yaml", "secrets.yaml"), ("values-prod.yml", "secrets-prod.yml"),
                            ("prod.yaml", "prod-secrets.yaml"), ("./values.yaml", "secrets.yaml")],
)  # fmt: skip
def test_the_file_to_move_it_to_is_the_one_that_gen_makes(values: str, overlay: str, cli: Cli, folder: Path) -> None:
    (folder / values).write_text("httpSecret: {value: hunter2hunter2hunter2hunter2hunter2}\n")
    (folder / overlay).write_text(GOOD)
    ended = cli("validate", values, overlay)
    assert f"httpSecret.value: is a secret in a file for git; move it to {overlay}" in ended.out


def test_of_a_list_all_is_to_be_moved_because_helm_replaces_lists(cli: Cli, folder: Path) -> None:
    (folder / "values.yaml").write_text("extraEnv: [{name: DB_PASSWORD, value: hunter2}]\n")
    (folder / "secrets.yaml").write_text(GOOD)
    ended = cli("validate", "values.yaml", "secrets.yaml")
    assert "extraEnv[0].value: is a secret in a file for git; move all of extraEnv to secrets.yaml" in ended.out
