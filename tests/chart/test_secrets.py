"""Secrets are in Secrets, and nowhere else."""

import base64
import json
from collections.abc import Iterator

import yaml

from tests.chart.rendering import CHART, EVERYTHING, NAMESPACE, Json, notes, render, title

VALUES: Json = yaml.load(EVERYTHING.read_text(), yaml.CSafeLoader)
SECRETS = [
    VALUES["httpSecret"]["value"],
    VALUES["pullSecrets"]["credential"]["password"],
    *(user["hash"] for user in VALUES["auth"]["users"]),
]


def disguises(secret: str) -> Iterator[str]:
    """A text as it is, in JSON, and in base64 at each of its three offsets."""
    yield secret
    yield json.dumps(secret)[1:-1]
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + secret.encode()).decode()
        # What comes before and after the secret changes the characters at both ends.
        yield encoded[4:-4]


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if any(disguise in text for disguise in disguises(secret))]


def test_the_search_finds_a_secret_in_each_disguise() -> None:
    for secret in SECRETS:
        for text in (secret, f"pull:{secret}", f"pull:{secret}@", f'{{"auth": "x:{secret}"}}'):
            assert leaks(text) == [secret]
            assert leaks(base64.b64encode(text.encode()).decode()) == [secret]


def test_no_secret_is_in_any_other_object_or_in_metadata() -> None:
    rendering = render(EVERYTHING)
    found = [title(item) for item in rendering.objects if leaks(json.dumps(item))]
    assert sorted(found) == [f"Secret {NAMESPACE}/privreg-{name}" for name in ("config", "credential", "htpasswd")]
    for item in rendering.objects:
        assert leaks(json.dumps(item["metadata"])) == [], title(item)


def test_the_gateways_configuration_names_the_users_and_holds_no_secret() -> None:
    files = render(EVERYTHING).gateway_files
    assert all(f"{user['name']} " in files["roles.map"] for user in VALUES["auth"]["users"])
    assert leaks(json.dumps(files)) == []


def test_no_secret_is_in_the_notes() -> None:
    said = notes(EVERYTHING)
    assert "docker login registry.example.com -u admin" in said
    assert leaks(said) == []


def test_the_secrets_hold_what_they_should() -> None:
    rendering = render(EVERYTHING)

    def content(name: str, key: str) -> str:
        return base64.b64decode(rendering.one("Secret", name)["data"][key]).decode()

    lines = [f"{user['name']}:{user['hash']}\n" for user in VALUES["auth"]["users"]]
    assert content("privreg-htpasswd", "htpasswd") == "".join(lines)
    config = yaml.load(content("privreg-config", "config.yml"), yaml.CSafeLoader)
    assert config["http"]["secret"] == VALUES["httpSecret"]["value"]
    login = VALUES["pullSecrets"]["credential"]
    pair = base64.b64encode(f"{login['username']}:{login['password']}".encode()).decode()
    assert json.loads(content("privreg-credential", ".dockerconfigjson")) == {
        "auths": {"registry.example.com": {**login, "auth": pair}}
    }


def test_a_previous_password_is_a_comment_in_the_secret_of_the_users_and_nowhere_else() -> None:
    path = CHART / "ci" / "rotation-values.yaml"
    user = yaml.load(path.read_text(), yaml.CSafeLoader)["auth"]["users"][1]
    secret = f"{user['previous']['hash']}:{user['previous']['until']}"
    found = [item for item in render(path).objects if any(it in json.dumps(item) for it in disguises(secret))]
    assert [title(item) for item in found] == [f"Secret {NAMESPACE}/privreg-htpasswd"]
    lines = base64.b64decode(found[0]["data"]["htpasswd"]).decode().splitlines()
    assert lines[1:] == [f"ci:{user['hash']}", f"#previous:ci:{secret}"]
