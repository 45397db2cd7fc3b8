"""secrets.py: each secret is found in each place, and nothing else is taken for one."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from privreg_values.users.credentials import generate_password, generate_secret
from privreg_values.values import chart
from privreg_values.values.secret_scan import Found, find_secrets
from privreg_values.values.secrets import secret_names
from privreg_values.values.yaml_reader import parse
from tests.cluster.paths import ROOT

PASSWORD, HTTP_SECRET = generate_password(), generate_secret()
CHOSEN = "correct horse battery"  # that a person thought of: only found where it is known, or where a secret belongs
HASH = "$2y$12$" + "aB3./" * 10 + "xyz"
LOGIN = {"username": "ci", "password": "chosen-by-me", "auth": base64.b64encode(b"ci:chosen-by-me").decode()}
SECRETS = {
    "bcrypt hash": HASH,
    "generated password": PASSWORD,
    "HTTP secret": HTTP_SECRET,
    "known password": CHOSEN,
    "docker configuration": json.dumps({"auths": {"registry.example.com": LOGIN}}),
    "docker configuration without spaces": json.dumps({"auths": {"r": {"auth": LOGIN["auth"]}}}, separators=(",", ":")),
    "htpasswd line with MD5": "jo:$apr1$abcdefgh$0123456789abcdefghijkl",
    "htpasswd line with SHA": "jo:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "private key": "-----BEGIN EC PRIVATE KEY-----",
    "address with a password": "https://jo:chosen-by-me@proxy.example.com/",
}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": lambda it: it,
    "in base64": encoded,
    "in base64 twice": lambda it: encoded(encoded(it)),
    "in base64 of a file": lambda it: encoded(f"# a file\nof lines\n{it}\n"),
}
PLACES = {
    "a value": "log: {level: %s}\n",
    "a value that nobody knows": "unknown:\n  deep:\n    - [1, %s]\n",
    "a list": "extraEnv:\n  - name: X\n    value: %s\n",
    "a key": "commonLabels:\n  ? %s\n  : x\n",
    "a block": "extra: |\n  some text\n  %r\n  more\n",
    "a folded text": "extra: >-\n  some text %r\n",
    "a comment": "# was: %r\nhost: x\n",
    "a comment beside": "host: x # was %r\n",
    "a second document that is a comment": "host: x\n# ---\n#   key: %r\n",
}


def found(text: str, *known: str) -> list[Found]:
    return find_secrets(parse(text, "values.yaml").root, text, known)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found(secret: str, place: str, disguise: str) -> None:
    hidden = DISGUISES[disguise](SECRETS[secret])
    text = PLACES[place].replace("%s", json.dumps(hidden)).replace("%r", hidden)
    line = next(number for number, it in enumerate(text.split("\n"), 1) if hidden in it.replace('\\"', '"'))
    there = found(text, CHOSEN)
    assert len(there) == 1, there
    assert abs(there[0].mark.line - line) <= 2  # of a text in a block, its beginning
    for it in ("chosen-by-me", CHOSEN, PASSWORD, hidden):
        assert it not in str(there[0])


@pytest.mark.parametrize("secret", ["bcrypt hash", "generated password", "known password", "docker configuration"])
def test_base64_over_several_lines_is_found(secret: str) -> None:
    lines = "\n".join(f"    {encoded(SECRETS[secret])[at : at + 24]}" for at in range(0, 400, 24)).rstrip()
    assert found(f"a:\n  b: |\n{lines}\nc: 1\n", CHOSEN)


@pytest.mark.parametrize("text", [r'a: "\x242y$12$%s"' % ("a" * 53), f"a: !!binary {encoded(HASH)}"])
def test_a_secret_that_yaml_hides_is_found(text: str) -> None:
    assert [it.path for it in found(text + "\n")] == ["a"]


SECRET_VALUES = {
    "auth.users[0].hash": "auth: {users: [{name: jo, hash: short}]}",
    "auth.users[1].previous.hash": "auth: {users: [{name: a}, {name: b, previous: {hash: x, until: y}}]}",
    "extraManifests[0].data.x": "extraManifests: [{kind: Secret, data: {x: aGk=}}]",
    "httpSecret.value": "httpSecret:\n  value: short",
    "pullSecrets.credential.password": "pullSecrets:\n  credential:\n    username: jo\n    password: 1234",
}


@pytest.mark.parametrize("path", SECRET_VALUES)
def test_whatever_stands_where_the_schema_has_a_secret_is_one(path: str) -> None:
    assert [(it.path, it.what) for it in found(SECRET_VALUES[path] + "\n")] == [(path, "a secret")]


def test_the_place_is_the_line_and_the_column() -> None:
    (it,) = found("httpSecret:\n  # why\n  value: short\n")
    assert str(it) == "values.yaml:3:10: httpSecret.value: a secret"


@pytest.mark.parametrize(
    "comment",
    ["# password: hunter2", "#   hash: x12345", "# - {name: x, password: hunter2}", "#value: 'abcdefgh'"],
)
def test_a_secret_value_that_was_commented_out_is_found(comment: str) -> None:
    assert [it.what for it in found(f"host: x\n{comment}\n")] == ["a secret, in a comment"]


def test_the_keys_that_hold_secrets_are_those_that_the_schema_marks() -> None:
    assert secret_names() == {"hash", "value", "password", "accessKey", "secretKey"}
    text = json.dumps(chart.schema())
    assert text.count('"writeOnly": true') == 7  # hash is a definition


@pytest.mark.parametrize(
    "text",
    [
        "",
        "auth: {users: []}\nhttpSecret: {value: ''}\npullSecrets: {credential: {username: '', password: ''}}\n",
        "image: {digest: sha256:%s}\n" % ("0123456789abcdef" * 4),
        "auth: {existingSecret: privreg-users, access: [{name: jo.doe@example.com, role: push}]}\n",
        "commonAnnotations: {example.com/a-rather-long-annotation-name: Some text with Words and 123 numbers}\n",
        "# The passwords are in credentials.yaml; the hash of each is in secrets.yaml.\nhost: x\n",
        "# password: ...\n#   hash: $2y$05$...          (bcrypt)\nhost: x\n",
        "tracing: {otlpEndpoint: 'http://collector.observability.svc.cluster.local:4318'}\n",
        "ingress: {annotations: {a: nginx.ingress.kubernetes.io/proxy-body-size}}\n",
        "host: registry.example.com\nstorage: {nfs: {server: nas, path: /export/Images2024/Registry1/x}}\n",
        "x: dGhpcyBpcyBvbmx5IHNvbWUgdGV4dCBpbiBiYXNlNjQ=\n",
    ],
)
def test_what_is_no_secret_is_not_taken_for_one(text: str) -> None:
    assert found(text, "ci", "short") == []


def test_the_charts_own_values_hold_none() -> None:
    path = ROOT / "charts" / "privreg" / "values.yaml"
    assert found(path.read_text()) == []


SAMPLES = sorted((ROOT / "charts" / "privreg" / "ci").glob("*.yaml"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_in_the_charts_samples_exactly_the_secrets_are_found(path: Path) -> None:
    text = path.read_text()
    values = yaml.load(text, yaml.CSafeLoader)
    users = values.get("auth", {}).get("users", [])
    expected = len(users) + sum("previous" in it for it in users)
    expected += bool(values.get("httpSecret", {}).get("value"))
    expected += bool(values.get("pullSecrets", {}).get("credential", {}).get("password"))
    expected += sum(bool(values.get("storage", {}).get("s3", {}).get(key)) for key in ("accessKey", "secretKey"))
    manifests = [it for it in values.get("extraManifests", []) if isinstance(it, dict) and it["kind"] == "Secret"]
    expected += sum(len(it["stringData"]) for it in manifests)
    assert len(found(text)) == expected
