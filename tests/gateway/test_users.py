"""Where the users come from, and how soon a change of them counts."""

import subprocess

import pytest

from tests.gateway.conftest import MakeSite
from tests.gateway.logs import wait_for
from tests.gateway.mounts import Values
from tests.gateway.oci import MANIFEST, push_image
from tests.gateway.site import DidNotStart
from tests.gateway.users import ADMIN, PULL, PUSH, TEAM_PULL, User

SOON = 10.0  # seconds, on a busy machine


def users(*present: User) -> Values:
    """Values with these users only."""
    return {"auth": {"users": [user.value for user in present]}}


def existing_secret(*access: User) -> Values:
    """Values that give roles to users of an existing Secret."""
    return {"auth": {"users": [], "existingSecret": "ours", "access": [user.access for user in access]}}


def made_by_htpasswd(user: User, *options: str) -> str:
    """The line that apache2-utils' htpasswd writes."""
    made = subprocess.run(
        ["htpasswd", "-n", "-i", *options, user.name],
        input=user.secret, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return made.stdout


def test_an_ordinary_htpasswd_file_is_read(make_site: MakeSite) -> None:
    file = "\n".join(
        [
            "# users of the registry",
            "",
            made_by_htpasswd(ADMIN, "-B", "-C", "4"),
            "   \t",
            made_by_htpasswd(PUSH, "-B").strip() + "   # the CI: asked for by ops # twice",
            "  # indented",
            f"{PULL.htpasswd}\r",
            TEAM_PULL.htpasswd + "\t",  # and no line feed at the end
        ]
    )
    site = make_site(existing_secret(ADMIN, PUSH, PULL, TEAM_PULL), file)
    for user in (ADMIN, PUSH, PULL, TEAM_PULL):
        assert site.request("GET", "/v2/", user).status == 200
    assert site.request("GET", "/v2/secret/app/tags/list", TEAM_PULL).status == 403
    assert site.request("POST", "/v2/any/app/blobs/uploads/", PULL).status == 403
    assert site.request("POST", "/v2/any/app/blobs/uploads/", PUSH).status == 202


def test_a_thousand_users_of_cost_12_start_at_once_and_change_at_once(make_site: MakeSite) -> None:
    """G14: no hash is computed until its user logs in."""
    many = "".join(f"many{number}:$2y$12${'C' * 53}\n" for number in range(1000))
    site = make_site(existing_secret(ADMIN, PULL), f"{ADMIN.htpasswd}\n{many}")
    assert site.request("GET", "/v2/", ADMIN).status == 200
    assert site.processor_time() < 500  # clock ticks: 5 s, where a thousand hashes take minutes
    since = site.gateway_log.mark()
    site.auth.write({"htpasswd": f"{ADMIN.htpasswd}\n{PULL.htpasswd}\n{many}"})
    site.wait_until_changed(since)
    assert site.request("GET", "/v2/", PULL).status == 200
    assert site.processor_time() < 1000


def test_a_user_without_a_role_may_do_nothing_and_is_named_in_the_log(make_site: MakeSite) -> None:
    site = make_site(existing_secret(ADMIN, PUSH), f"{ADMIN.htpasswd}\n{PULL.htpasswd}\n")
    for path in ("/v2/", "/v2/_catalog", "/v2/any/app/tags/list"):
        answer = site.request("GET", path, PULL)
        assert (answer.status, answer.code) == (403, "DENIED")
    assert site.request("GET", "/v2/", ADMIN).status == 200
    said = site.gateway_log.said()
    assert any(f"user {PULL.name} has no role and may do nothing" in line for line in said)
    assert any(f"auth.access names {PUSH.name}, who is not among the users" in line for line in said)
    assert len(said) == 2


MD5, PLAIN = made_by_htpasswd(User("md5", ""), "-m"), "plain:plain-text\n"
BAD_FILES = {
    "an md5 hash": (f"{ADMIN.htpasswd}\n{MD5}", "line 2 of htpasswd is no user with a bcrypt hash"),
    "a password as it is": (f"{ADMIN.htpasswd}\n\n{PLAIN}", "line 3 of htpasswd is no user with a bcrypt hash"),
    "a cost that takes seconds": (
        ADMIN.htpasswd.replace("$04$", "$15$"), "line 1 of htpasswd is no user with a bcrypt hash of cost 4 to 14",
    ),
    "a hash that was cut": (ADMIN.htpasswd[:-1], "line 1 of htpasswd is no user with a bcrypt hash"),
    "a name with a space": (f"a {ADMIN.htpasswd}", "line 1 of htpasswd is no user with a bcrypt hash"),
    "a name that is HAProxy's": (f'x"\\nuser:{ADMIN.hash}', "line 1 of htpasswd is no user with a bcrypt hash"),
    "no name": (f":{ADMIN.hash}", "line 1 of htpasswd is no user with a bcrypt hash"),
    "a user twice": (f"{ADMIN.htpasswd}\n{ADMIN.htpasswd}\n", f"line 2 of htpasswd: the user {ADMIN.name} is there"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "said"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_htpasswd_file_is_refused_and_its_line_is_named_but_not_shown(
    make_site: MakeSite, file: str, said: str
) -> None:
    with pytest.raises(DidNotStart) as refused:
        make_site(existing_secret(ADMIN), file)
    assert f"the configuration is not good: {said}" in str(refused.value)
    for line in file.splitlines():
        secret = line.partition(":")[2]
        assert not secret or secret not in str(refused.value)


# What a change of the values does to somebody who is logged in: before -> after, by the request's status.
Change = tuple[User, str, str, tuple[Values, int], tuple[Values, int]]
ROTATED = User(PUSH.name, "push", password="another password")
DEMOTED, LIMITED = User(PUSH.name, "pull", kind="2b"), User(PUSH.name, "push", ("base/*",), kind="2b")
UPLOAD = ("POST", "/v2/team-a/app/blobs/uploads/")
CHANGES: dict[str, Change] = {
    "removed": (PUSH, *UPLOAD, (users(PUSH, PULL), 202), (users(PULL), 401)),
    "given another password": (PUSH, *UPLOAD, (users(PUSH, PULL), 202), (users(ROTATED, PULL), 401)),
    "demoted": (PUSH, *UPLOAD, (users(PUSH, PULL), 202), (users(DEMOTED, PULL), 403)),
    "limited": (PUSH, *UPLOAD, (users(PUSH, PULL), 202), (users(LIMITED, PULL), 403)),
    "added": (PUSH, *UPLOAD, (users(PULL), 401), (users(PUSH, PULL), 202)),
    "promoted": (PUSH, *UPLOAD, (users(DEMOTED, PULL), 403), (users(PUSH, PULL), 202)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_user_is_soon(make_site: MakeSite, change: Change) -> None:
    user, method, path, (before, first), (after, then) = change
    site = make_site(before)
    with site.client.keep() as kept:
        assert {site.request(method, path, user).status, kept.request(method, path, user).status} == {first}
        site.change(after)
        wait_for(lambda: site.request(method, path, user).status == then, f"status {then}", SOON)
        wait_for(lambda: kept.request(method, path, user).status == then, f"{then} on a kept connection", 1)
        for _ in range(10):
            assert {site.request(method, path, user).status, kept.request(method, path, user).status} == {then}
    assert site.request("GET", "/v2/", PULL).status == 200


def test_a_new_password_counts_as_soon_as_the_old_one_no_longer_does(make_site: MakeSite) -> None:
    site = make_site(users(PUSH, PULL))
    site.change(users(ROTATED, PULL))
    wait_for(lambda: site.request("GET", "/v2/", PUSH).status == 401, "refusal of the old password", SOON)
    assert site.request("GET", "/v2/", ROTATED).status == 200


def test_a_user_of_an_existing_secret_is_removed_by_a_change_of_the_secret_alone(make_site: MakeSite) -> None:
    site = make_site(existing_secret(ADMIN, PULL), f"{ADMIN.htpasswd}\n{PULL.htpasswd}\n")
    assert site.request("GET", "/v2/", PULL).status == 200
    site.auth.write({"htpasswd": f"{ADMIN.htpasswd}\n"})
    wait_for(lambda: site.request("GET", "/v2/", PULL).status == 401, "the removal", SOON)
    assert site.request("GET", "/v2/", ADMIN).status == 200


def test_the_role_is_asked_for_on_every_request_whoever_is_remembered(make_site: MakeSite) -> None:
    site = make_site()
    assert site.request("GET", "/v2/", PULL).status == 200
    path = f"/v2/any/app/manifests/{push_image(site.client, 'any/app').digest}"
    assert site.request("GET", path, PULL, headers={"Accept": MANIFEST}).status == 200
    for role, status in (("none", 403), ("push", 200), ("none", 403)):
        site.admin(f"set map roles.map {PULL.name} {role}")
        assert site.request("GET", path, PULL, headers={"Accept": MANIFEST}).status == status
    assert site.count("passwords", "FRONTEND", "stot") == 2  # the pull user's, and the admin's who pushed


def test_limits_hold_for_names_and_patterns_as_they_are_written(make_site: MakeSite) -> None:
    """A user's name is neither the end nor a pattern of another's, and a dot in a pattern is a dot."""
    limited = [
        User("b", "pull", ("secret/**",)), User("a.b", "pull", ("team/*",)), User("axb", "pull", ("other/*",)),
        User("x", "pull", ("my.app/v1.0", "dev-*/*_x")),
    ]  # fmt: skip
    site = make_site(users(*limited, PULL))
    allowed = {
        "b": ["secret/x", "secret/x/y"], "a.b": ["team/x"], "axb": ["other/x"],
        "x": ["my.app/v1.0", "dev-1/a_x", "dev-/_x"],
    }  # fmt: skip
    others = [
        "secret",
        "teamxx",
        "team/x/y",
        "myxapp/v1.0",
        "my.app/v1x0",
        "my.app/v1.0/x",
        "dev-1/a_xx",
        "dev-1/b/a_x",
    ]
    for user in limited:
        for repository in [*others, *(each for names in allowed.values() for each in names)]:
            status = site.request("GET", f"/v2/{repository}/tags/list", user).status
            assert status == (404 if repository in allowed[user.name] else 403), (user.name, repository)
