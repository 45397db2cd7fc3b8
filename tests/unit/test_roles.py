"""Roles and patterns of repositories, as people type them and as the chart has them."""

import re

import pytest

from privreg_values.errors import UsageError
from privreg_values.registry import check
from privreg_values.users import roles
from privreg_values.users.roles import Grant, Role
from privreg_values.values import chart
from tests.cluster.paths import ROOT


@pytest.mark.parametrize(
    ("text", "name", "grant"),
    [
        ("jane", "jane", None),
        ("jane:pull", "jane", Grant(Role.PULL)),
        ("jane:admin", "jane", Grant(Role.ADMIN)),
        ("jane:push:team-a/**", "jane", Grant(Role.PUSH, ("team-a/**",))),
        ("jane:push:team-a/**,base/*,team-a/**", "jane", Grant(Role.PUSH, ("team-a/**", "base/*"))),
    ],
)
def test_a_user_is_a_name_a_role_and_patterns(text: str, name: str, grant: Grant | None) -> None:
    assert roles.parse_user(text) == (name, grant)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jane:", "write NAME:pull, NAME:push or NAME:admin"),
        ("jane:Push", "did you mean jane:push?"),
        ("jane:pusj:x", "did you mean jane:push?"),
        ("jane:push:", "is empty"),
        ("jane:push:a,,b", "is empty"),
    ],
)
def test_what_is_no_role_is_refused_with_what_was_meant(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        roles.parse_user(text)


def test_a_password_that_somebody_wrote_behind_the_colon_is_not_repeated() -> None:
    with pytest.raises(UsageError) as error:
        roles.parse_user("jane:hunter2")
    assert "hunter2" not in str(error.value)
    assert "--password-stdin" in str(error.value)


WRONG = {
    "": "is empty",
    "Team-A/app": "has capitals",
    "/team-a/app": "begins or ends with a slash",
    "team-a/": "begins or ends with a slash",
    "team-a/app:1": "names a tag",
    "team-a/app@sha256": "names a tag or a digest",
    "team a": "has characters",
    "(a|b)": "has characters",
    "a" * 256: "256 characters",
    "team-a\n": "has characters",
}
RIGHT = ["team-a/app", "team-a/*", "team-a/**", "*", "**", "a", "base/nginx-*", "a.b_c/d"]


@pytest.mark.parametrize("pattern", WRONG)
def test_a_pattern_that_the_schema_refuses_is_refused_and_the_reason_named(pattern: str) -> None:
    with pytest.raises(UsageError, match=WRONG[pattern]):
        roles.check_pattern(pattern)


def test_roles_and_patterns_are_those_of_the_schema() -> None:
    definitions = chart.schema()["definitions"]
    assert definitions["role"]["enum"] == [str(role) for role in Role]
    item = definitions["repositories"]["items"]
    for pattern in [*WRONG, *RIGHT]:
        fits = re.search(item["pattern"].replace("$", r"\Z"), pattern) is not None and len(pattern) <= item["maxLength"]
        assert fits == (pattern in RIGHT), pattern
    for pattern in RIGHT:
        roles.check_pattern(pattern)


def test_the_gateway_says_what_check_listens_for() -> None:
    gateway = (ROOT / "charts/privreg/templates/gateway/_haproxy.tpl").read_text()
    denied = re.findall(r'403 "DENIED" "(.*?)"', gateway)
    for words in check._DENIED:
        assert any(words in message for message in denied), words
    assert "Privreg-Configuration" in gateway
    assert '"the registry is read-only' in gateway
