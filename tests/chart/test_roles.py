"""Who may do what, as the gateway's lists say it."""

import re

import pytest

from tests.chart.rendering import CHART, EVERYTHING, MINIMAL, Json, render

HASH = "$2y$05$" + "R" * 53


def lists(*users: Json) -> dict[str, str]:
    """The gateway's files for these users, each with a name, and a role and repositories as needed."""
    values = [{"hash": HASH, "role": "pull", **user} for user in users]
    return render(MINIMAL, values={"auth": {"users": values}, "pullSecrets": {"enabled": False}}).gateway_files


def may_use(pattern: str, repository: str, user: str = "jo") -> bool:
    """Whether a user who is limited to a pattern may use a repository, as HAProxy asks it."""
    (expression,) = lists({"name": user, "repositories": [pattern]})["repositories.lst"].splitlines()
    return bool(re.fullmatch(expression, f"{user} {repository}"))


def test_every_user_has_a_role_and_those_with_repositories_are_limited_to_them() -> None:
    files = render(EVERYTHING).gateway_files
    assert files["roles.map"] == "pull pull\njo.doe@example.com push\nadmin admin\n"
    assert files["limited.lst"] == "jo.doe@example.com\n"
    assert files["repositories.lst"] == "^jo\\.doe@example\\.com (team-a/.+|base/[^/]*)$\n"


def test_roles_of_an_existing_secrets_users_come_from_access() -> None:
    values = {
        "auth": {"access": [{"name": "0", "role": "admin"}, {"name": "b", "role": "push", "repositories": ["x"]}]}
    }
    files = render(CHART / "ci" / "existing-secrets-values.yaml", values=values).gateway_files
    assert files["roles.map"] == "0 admin\nb push\n"
    assert files["limited.lst"] == "b\n"
    assert files["repositories.lst"] == "^b (x)$\n"


def test_nobody_is_limited_unless_the_values_say_so() -> None:
    files = lists({"name": "a"}, {"name": "b", "role": "admin"})
    assert files["limited.lst"].strip() == files["repositories.lst"].strip() == ""


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [
        ("team-a/**", "team-a/.+"),
        ("base/*", "base/[^/]*"),
        ("tools/cli", "tools/cli"),
        ("*", "[^/]*"),
        ("**", ".+"),
        ("***", ".+[^/]*"),
        ("a.b_c--d/*.e", r"a\.b_c--d/[^/]*\.e"),
        ("a/**/b", "a/.+/b"),
        ("**/cache", ".+/cache"),
        ("tools-*", "tools-[^/]*"),
    ],
)
def test_a_pattern_becomes_a_regular_expression(pattern: str, expression: str) -> None:
    files = lists({"name": "jo", "repositories": [pattern, "other"]})
    assert files["repositories.lst"] == f"^jo ({expression}|other)$\n"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("team-a/**", "team-a/app team-a/app/cache team-a/a.b/c__d", "team-a team-a/ team-ab/app team-b x/team-a/app"),
        ("base/*", "base/alpine base/a.b-c", "base base/alpine/3 database/alpine base2/alpine"),
        ("tools/cli", "tools/cli", "tools/cli2 tools/cli/x xtools/cli tools x/tools/cli"),
        ("tools", "tools", "tools/cli tool toolss mytools"),
        ("*", "alpine a.b", "base/alpine"),
        ("**", "alpine base/alpine a/b/c", ""),
        ("a.b/c", "a.b/c", "axb/c a/b/c"),
        ("a/**/b", "a/x/b a/x/y/b", "a/b a/x/bb a/x"),
        ("**/cache", "a/cache a/b/cache", "cache a/cached a/xcache"),
        ("tools-*", "tools-a tools-", "tools-a/b tools"),
    ],
)
def test_a_limited_user_may_use_what_the_pattern_matches_and_nothing_else(pattern: str, yes: str, no: str) -> None:
    assert [each for each in yes.split() if not may_use(pattern, each)] == []
    assert [each for each in no.split() if may_use(pattern, each)] == []


def test_one_of_several_patterns_is_enough_and_each_is_matched_as_a_whole() -> None:
    (expression,) = lists({"name": "jo", "repositories": ["a", "b/*"]})["repositories.lst"].splitlines()
    found = [each for each in ("a", "b/x", "a/x", "b", "ab/x", "xa") if re.fullmatch(expression, f"jo {each}")]
    assert found == ["a", "b/x"]


@pytest.mark.parametrize("other", ["axb", "xa.b", "a.bx", "a", "A.B"])
def test_a_user_gains_nothing_from_a_name_like_anothers(other: str) -> None:
    (expression,) = lists({"name": "a.b", "repositories": ["**"]})["repositories.lst"].splitlines()
    assert re.fullmatch(expression, "a.b x")
    assert not re.fullmatch(expression, f"{other} x")
