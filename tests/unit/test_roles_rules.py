"""The chart and the CLI say the same, in the same words, of users, roles and the token server."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from privreg_values.errors import HelmError
from privreg_values.values import validate
from tests.cluster.paths import ROOT
from tests.unit.echo_chart import HELM

HASH = "$2y$05$Ze7wGyFf.atlGMpo6PQvLOCL48dUH92X8HIlzncKnC8zZfB4m0/Cy"
JANE = {"name": "jane", "hash": HASH}
ROLE = {"name": "jane", "role": "push"}
TOKEN = {"realm": "https://a.example/token", "service": "s", "issuer": "i", "existingSecret": "k"}

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a user with a role": ({"users": [{**JANE, "role": "pull", "repositories": ["team-a/**"]}]}, []),
    "users without roles": (
        {"users": [JANE, {**JANE, "name": "joe"}]},
        [
            "auth.users: jane has no role; set it to pull, push or admin",
            "auth.users: joe has no role; set it to pull, push or admin",
        ],
    ),
    "htpasswd needs no roles": ({"mode": "htpasswd", "users": [JANE]}, []),
    "a user twice": (
        {"users": [{**JANE, "role": "pull"}, {**JANE, "role": "push"}]},
        ["auth.users: the name jane is there twice; keep one of them"],
    ),
    "a Secret and its roles": ({"existingSecret": "s", "access": [ROLE]}, []),
    "a Secret without roles": (
        {"existingSecret": "s"},
        ["auth.access: gives nobody a role; name the users of s in it, each with a role"],
    ),
    "roles beside users": (
        {"users": [{**JANE, "role": "pull"}], "access": [ROLE]},
        ["auth.access: is for the users of auth.existingSecret; give the roles in auth.users"],
    ),
    "users beside a Secret": (
        {"users": [{**JANE, "role": "pull"}], "existingSecret": "s"},
        ["auth.existingSecret: is set together with auth.users; keep one of them"],
    ),
    "users beside a Secret and its roles": (
        {"users": [{**JANE, "role": "pull"}], "existingSecret": "s", "access": [ROLE]},
        ["auth.existingSecret: is set together with auth.users; keep one of them"],
    ),
    "a role twice": (
        {"existingSecret": "s", "access": [ROLE, ROLE, ROLE]},
        ["auth.access: the name jane is there twice; keep one of them"] * 2,
    ),
    "roles for htpasswd": (
        {"mode": "htpasswd", "existingSecret": "s", "access": [ROLE]},
        ["auth.access: needs auth.mode gateway; remove it, or set auth.mode to gateway"],
    ),
    "a token server": ({"mode": "token", "token": TOKEN}, []),
    "a token server that derives its realm": (
        {"mode": "token", "token": {**TOKEN, "realm": "", "autoredirect": True}},
        [],
    ),
    "a token server without anything": (
        {"mode": "token"},
        [
            "token.service: is required for auth.mode token; set it as the token server has it",
            "token.issuer: is required for auth.mode token; set it as the token server has it",
            "token.existingSecret: is required for auth.mode token; set it as the token server has it",
            "token.realm: is required for auth.mode token; "
            "set it to the token server's address, or set token.autoredirect to true",
        ],
    ),
    "users beside a token server": (
        {"mode": "token", "token": TOKEN, "users": [JANE]},
        [
            "auth.mode: is token, but auth.users, auth.existingSecret or auth.access is set; "
            "remove them, the token server knows the users"
        ],
    ),
}
REFUSED = {
    "a role of another name": ({**JANE, "role": "write"}, "auth.users[0].role", ""),
    "a role in capitals": ({**JANE, "role": "Push"}, "auth.users[0].role", '"push"'),
    "a key misspelled": ({**JANE, "role": "push", "repository": ["a"]}, "auth.users[0].repository", '"repositories"'),
    "no patterns at all": ({**JANE, "role": "push", "repositories": []}, "auth.users[0].repositories", ""),
    "a pattern with a capital": (
        {**JANE, "role": "push", "repositories": ["Team/*"]},
        "auth.users[0].repositories[0]",
        "",
    ),
}


def values_of(auth: dict[str, Any]) -> dict[str, Any]:
    token = auth.get("token", {})
    return {
        "host": "registry.example.com",
        "auth": {key: value for key, value in auth.items() if key != "token"},
        "token": token,
        "httpSecret": {"existingSecret": "h"},
        "pullSecrets": {"enabled": False},
    }


def by_helm(values: dict[str, Any]) -> str:
    try:
        HELM.template_text(ROOT / "charts" / "privreg", values=values)
    except HelmError as error:
        return str(error)
    return ""


def by_cli(values: dict[str, Any], folder: Path) -> list[validate.Problem]:
    (folder / "v.yaml").write_text(json.dumps(values))
    return validate.validate([str(folder / "v.yaml")]).problems


@pytest.mark.parametrize("name", CASES)
def test_helm_and_the_cli_say_the_same_of_roles(name: str, tmp_path: Path) -> None:
    auth, expected = CASES[name]
    values = values_of(auth)
    assert sorted(f"{it.path}: {it.message}" for it in by_cli(values, tmp_path)) == sorted(expected)
    said = by_helm(values)
    assert re.findall(r"^.*privreg: (.*?)\s*$", said, re.MULTILINE) == expected
    assert bool(said) == bool(expected)


@pytest.mark.parametrize("name", REFUSED)
def test_a_role_that_the_schema_refuses_is_refused_with_what_was_meant(name: str, tmp_path: Path) -> None:
    user, path, meant = REFUSED[name]
    values = values_of({"users": [user]})
    assert [(it.path, it.suggestion) for it in by_cli(values, tmp_path)] == [(path, meant)]
    assert by_helm(values)


def test_a_hash_whose_role_is_misspelled_is_not_shown(tmp_path: Path) -> None:
    problems = by_cli(values_of({"users": [{"name": "jane", "hash": "hunter2", "role": "pushh"}]}), tmp_path)
    assert len(problems) == 2
    assert "hunter2" not in " ".join(map(str, problems))
