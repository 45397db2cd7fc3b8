"""`privreg-values check` and what the gateway answers."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from privreg_values.registry import image
from privreg_values.registry.check import Check, Login
from privreg_values.registry.client import Client, Site
from privreg_values.registry.connection import trust
from privreg_values.registry.reach import Step
from tests.unit.conftest import Cli
from tests.unit.scripted_server import Scripted, serving

CHALLENGE = Scripted(401, headers={"WWW-Authenticate": 'Basic realm="privreg"'})
IN = Scripted(200, headers={"Privreg-Configuration": "current"})


def refusal(status: int, code: str, message: str, **headers: str) -> Scripted:
    return Scripted(status, json.dumps({"errors": [{"code": code, "message": message}]}), headers)


def denied(message: str) -> Scripted:
    return refusal(403, "DENIED", message)


def steps_of(folder: Path, answers: Sequence[Scripted]) -> list[Step]:
    with serving(*answers, certificates=folder) as server:
        site = Site("127.0.0.1", "127.0.0.1", server.port, trust(str(folder / "ca.crt")))
        return list(Check(site, Login("jane", "x", "a test"), "team/check", resolve=False).steps())


def test_a_current_configuration_is_a_step_that_is_well(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, [CHALLENGE, IN, Scripted(500)])
    assert [(step.name, step.ok) for step in steps][3:] == [("login", True), ("gateway", True), ("push", False)]


def test_a_refused_configuration_is_a_failed_step_that_names_the_log(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, [CHALLENGE, Scripted(200, headers={"Privreg-Configuration": "refused"})])
    assert (steps[-1].name, steps[-1].ok) == ("gateway", False)
    assert "a changed configuration was refused, the one before is still active" in steps[-1].detail
    assert "-c gateway" in steps[-1].remedy


def test_a_registry_without_a_gateway_has_no_such_step(tmp_path: Path) -> None:
    assert "gateway" not in [step.name for step in steps_of(tmp_path, [CHALLENGE, Scripted(200), Scripted(500)])]


DENIED = {
    "this user may not push": ("jane may only pull", "--user"),
    "this user may not use this repository": ("jane may not use team/check", "--repository"),
    "this user has no role": ("jane has no role", "auth.access"),
}


@pytest.mark.parametrize("message", DENIED)
def test_a_user_who_may_not_push_is_told_so_and_the_registry_is_not_blamed(message: str, tmp_path: Path) -> None:
    detail, remedy = DENIED[message]
    step = steps_of(tmp_path, [CHALLENGE, IN, denied(message)])[-1]
    assert (step.name, step.ok) == ("push", False)
    assert detail in step.detail
    assert remedy in step.remedy
    assert "HTTP 403" not in step.detail


def test_another_refusal_of_a_push_is_shown_as_it_came(tmp_path: Path) -> None:
    step = steps_of(tmp_path, [CHALLENGE, IN, denied("for another reason")])[-1]
    assert "HTTP 403 DENIED: for another reason" in step.detail


@pytest.mark.parametrize(
    ("answers", "name", "detail", "remedy"),
    [
        ([CHALLENGE, refusal(429, "TOOMANYREQUESTS", "too many failed logins")], "login", "too many failed", "wait"),
        ([CHALLENGE, IN, refusal(503, "UNAVAILABLE", "the registry is read-only")], "push", "503", "is read-only"),
        (
            [Scripted(401, headers={"WWW-Authenticate": 'Bearer realm="https://a"'})],
            "challenge",
            "sends clients to a token server (auth.mode token)",
            "client of your own",
        ),
    ],
)
def test_what_the_gateway_or_a_token_server_says_is_explained(
    answers: list[Scripted], name: str, detail: str, remedy: str, tmp_path: Path
) -> None:
    step = steps_of(tmp_path, answers)[-1]
    assert (step.name, step.ok) == (name, False)
    assert detail in step.detail
    assert remedy in step.remedy


def test_an_image_that_the_user_may_not_delete_stays_and_that_is_no_failure(tmp_path: Path) -> None:
    with serving(denied("this user may not delete"), certificates=tmp_path) as server:
        site = Site("127.0.0.1", "127.0.0.1", server.port, trust(str(tmp_path / "ca.crt")))
        check = Check(site, Login("jane", "x", "a test"), "team/check")
        check._image, check._client = image.make(), Client(site)
        assert check._delete() == "team/check:check stays, because jane may not delete"


def test_a_check_as_a_user_who_only_pulls_ends_with_1_and_says_why(cli: Cli, folder: Path) -> None:
    (folder / "v.yaml").write_text("host: registry.example.com\n")
    with serving(CHALLENGE, IN, denied("this user may not push"), certificates=folder) as server:
        where = f"--connect-to=127.0.0.1:{server.port}"
        ended = cli("check", "v.yaml", "--user=cluster", "--password-stdin", "--ca-file=ca.crt", where, stdin="x")
    assert ended.code == 1
    assert "cluster may only pull" in ended.out
    assert "name one with the role push or admin with --user" in ended.out
