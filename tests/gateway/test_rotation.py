"""Two passwords of one user: while the copies of a new one spread, the old one works as well."""

import time
from typing import Any

import pytest

from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.mounts import Values
from tests.gateway.site import DidNotStart, Site
from tests.gateway.test_users import SOON, existing_secret, users
from tests.gateway.users import ADMIN, PULL, PUSH, User

NEW = User(PUSH.name, PUSH.role, password="the new password")
WRONG = User(PUSH.name, PUSH.role, password="a wrong password")
LIMITED = User(PUSH.name, PUSH.role, ("team-a/**",), password=NEW.password)
UNTIL = "2026-01-31T12:00:00Z"


def rotated(new: User, old: User) -> Values:
    """Values in which `old` is the password before, beside an admin and the cluster's user."""
    entry: dict[str, Any] = {**new.value, "previous": {"hash": old.hash, "until": UNTIL}}
    return {"auth": {"users": [ADMIN.value, entry, PULL.value]}}


def statuses(site: Site, *who: User) -> list[int]:
    return [site.request("GET", "/v2/any/app/tags/list", user).status for user in who]


def test_both_passwords_work_until_the_old_one_is_taken_out(make_site: MakeSite) -> None:
    site = make_site(users(ADMIN, PUSH, PULL))
    assert statuses(site, PUSH, NEW) == [404, 401]
    site.change(rotated(NEW, PUSH))
    wait_for(lambda: statuses(site, NEW) == [404], "the new password", SOON)
    assert statuses(site, PUSH, NEW, WRONG, PUSH, NEW) == [404, 404, 401, 404, 404]
    site.change(users(ADMIN, NEW, PULL))
    wait_for(lambda: statuses(site, PUSH) == [401], "refusal of the old password", SOON)
    assert statuses(site, NEW) == [404]
    assert "REFUSED" not in site.printed()


def test_no_login_is_refused_while_the_change_is_on_its_way(make_site: MakeSite) -> None:
    site = make_site(users(ADMIN, PUSH, PULL))
    mark = site.gateway_log.mark()
    site.change(rotated(NEW, PUSH))
    seen = set[int]()
    ends = time.monotonic() + SOON
    while time.monotonic() < ends and not any("is active" in line for line in site.gateway_log.said(mark)):
        seen |= {*statuses(site, PUSH)}
    assert seen | {*statuses(site, PUSH)} == {404}


def test_the_role_and_its_limits_are_those_of_the_user_with_either_password(make_site: MakeSite) -> None:
    site = make_site(rotated(LIMITED, PUSH))
    for user in (PUSH, NEW):
        assert site.request("POST", "/v2/team-a/app/blobs/uploads/", user).status == 202
        assert site.request("POST", "/v2/other/app/blobs/uploads/", user).status == 403
        assert site.request("GET", "/v2/_catalog", user).status == 403


def test_a_file_of_an_existing_secret_carries_old_passwords_as_comments(make_site: MakeSite) -> None:
    lines = [ADMIN.htpasswd, NEW.htpasswd, f"#previous:{PUSH.htpasswd}:{UNTIL}\r", f"# previous:{PULL.htpasswd}"]
    site = make_site(existing_secret(ADMIN, NEW), "\n".join(lines))
    assert statuses(site, PUSH, NEW, WRONG, PULL) == [404, 404, 401, 401]
    site.auth.write({"htpasswd": "\n".join(lines[:2])})
    wait_for(lambda: statuses(site, PUSH) == [401], "refusal of the old password", SOON)
    assert statuses(site, NEW) == [404]


BAD_LINES = {
    "of somebody who is no user": (f"#previous:{PULL.htpasswd}:{UNTIL}", f"line 2 of htpasswd: {PULL.name} has a prev"),
    "twice": (f"#previous:{ADMIN.htpasswd}\n" * 2, "line 3 of htpasswd: the user admin has a previous password twice"),
    "that is no hash": ("#previous:admin:its-password", "line 2 of htpasswd is no user with a bcrypt hash"),
}


@pytest.mark.parametrize(("line", "said"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_previous_password_is_refused(make_site: MakeSite, line: str, said: str) -> None:
    with pytest.raises(DidNotStart) as refused:
        make_site(existing_secret(ADMIN), f"{ADMIN.htpasswd}\n{line}")
    assert said in str(refused.value)
    assert ADMIN.hash not in str(refused.value)
    assert "its-password" not in str(refused.value)


def test_only_a_user_with_an_old_password_costs_two_comparisons(make_site: MakeSite) -> None:
    """bcrypt at cost 12 takes a third of a second: a wrong guess at the one takes one of them, at the other two."""
    slow = User("slow", "pull", cost=12)
    entry = {**User("both", "pull", cost=12).value, "previous": {"hash": slow.hash, "until": UNTIL}}
    site = make_site({"auth": {"users": [ADMIN.value, slow.value, entry, PULL.value]}})

    def ticks(name: str) -> int:
        before = site.processor_time()
        assert site.request("GET", "/v2/", User(name, "pull", password="wrong")).status == 401
        return site.processor_time() - before

    once, twice = (sum(ticks(name) for _ in range(2)) for name in ("slow", "both"))
    assert 1.5 * once < twice < 3 * once


def test_the_rendered_file_is_one_that_other_readers_of_htpasswd_take(make_site: MakeSite) -> None:
    site = make_site(rotated(NEW, PUSH))
    assert site.auth.files["htpasswd"].splitlines() == [
        ADMIN.htpasswd,
        NEW.htpasswd,
        f"#previous:{PUSH.htpasswd}:{UNTIL}",
        PULL.htpasswd,
    ]
