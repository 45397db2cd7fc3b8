"""pull_secrets.py where something is missing, forbidden or makes no sense, against a real API server."""

import itertools
import json
import threading
from pathlib import Path

import pytest

import pull_secrets
from kubernetes_api import Api, ApiError
from tests.control_plane import ControlPlane
from tests.unit.pull_secrets_site import (
    CREDENTIAL,
    NAME,
    NEW_CREDENTIAL,
    SOURCE,
    Json,
    Site,
    encoded,
    repeat_secrets_in_errors,
)

numbers = itertools.count(3000)


@pytest.fixture
def site(control_plane: ControlPlane, tmp_path: Path) -> Site:
    return Site(control_plane, tmp_path, next(numbers))


def test_a_missing_service_account_is_reported_and_the_others_are_served(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.install(serviceAccounts=["ci", "default"], strict=True)
    assert site.run("deliver") == pull_secrets.REFUSED
    assert "ServiceAccount default changed; REFUSED: ServiceAccount ci does not exist" in capsys.readouterr().out
    assert site.references(site.others[0]) == [NAME]
    site.install(strict=False)
    assert site.run("deliver") == 0


def test_the_account_default_of_a_new_namespace_is_waited_for(site: Site) -> None:
    path = f"/api/v1/namespaces/{site.others[0]}/serviceaccounts"
    site.control_plane.must("DELETE", f"{path}/default")
    site.install(namespaces=[site.others[0]])
    later = threading.Timer(1.2, site.control_plane.must, ("POST", path, {"metadata": {"name": "default"}}))
    later.start()
    assert site.run("deliver") == 0
    later.join()
    assert site.references(site.others[0]) == [NAME]


def test_the_wait_for_the_account_default_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pull_secrets, "ACCOUNT_WAIT", 0.6)
    site.control_plane.must("DELETE", f"/api/v1/namespaces/{site.others[0]}/serviceaccounts/default")
    assert site.run("deliver") == 0
    assert "REFUSED: ServiceAccount default does not exist" in capsys.readouterr().out


def test_withdrawal_does_not_mind_what_is_missing(site: Site) -> None:
    site.run("deliver")
    site.control_plane.must("DELETE", f"/api/v1/namespaces/{site.others[0]}/serviceaccounts/default")
    site.control_plane.must("DELETE", f"/api/v1/namespaces/{site.others[1]}/secrets/{NAME}")
    site.install(strict=True)
    assert site.run("withdraw") == 0
    assert site.secret(site.others[0]) is None
    assert site.references(site.others[1]) == []


def test_a_namespace_without_rights_fails_and_the_others_are_served(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = f"{site.release}-closed"
    site.control_plane.create_namespace(closed, "default")
    site.install(namespaces=[closed, site.others[0]])
    forbid(site, closed)
    assert site.run("deliver") == 1
    out = capsys.readouterr().out
    assert f"namespace {closed}: FAILED: GET " in out
    assert "403 Forbidden: namespaces" in out
    assert site.references(site.others[0]) == [NAME]


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, pull_secrets.REFUSED)])
def test_a_quota_that_is_used_up_fails_a_strict_run_only_and_the_others_are_served(
    site: Site, strict: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    full, other = site.others
    quotas = f"/api/v1/namespaces/{full}/resourcequotas"
    site.control_plane.must("POST", quotas, {"metadata": {"name": "none"}, "spec": {"hard": {"secrets": "0"}}})
    status = {"status": {"hard": {"secrets": "0"}, "used": {"secrets": "0"}}}  # as the controller writes it
    site.control_plane.must("PATCH", f"{quotas}/none/status", status)
    site.install(strict=strict)
    assert site.run("deliver") == code
    told = f"namespace {full}: REFUSED: POST /api/v1/namespaces/{full}/secrets: 403 Forbidden, exceeded quota"
    assert told in capsys.readouterr().out
    assert site.references(full) == []
    assert site.references(other) == [NAME]


def forbid(site: Site, namespace: str) -> None:
    """Take the program's rights in a namespace away, as they go with a namespace that is deleted."""
    name = f"privreg-pull-secrets.{site.release}"
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings/{name}"
    site.control_plane.must("DELETE", path)


@pytest.mark.parametrize("command", ["withdraw", "retire"])
def test_a_namespace_that_was_deleted_stops_nobody_from_taking_back_the_rest(
    site: Site, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gone, other = site.others
    site.install(strict=True)
    site.run("deliver")
    forbid(site, gone)
    target = [f"--target={site.target(namespaces=[])}"] if command == "retire" else []
    assert site.run(command, *target) == 0
    assert f"namespace {gone}: REFUSED: there is no right to look into it" in capsys.readouterr().out
    assert site.references(other) == []
    assert site.secret(other) is None


def test_an_api_server_that_has_just_started_is_waited_for_before_something_is_taken_back(site: Site) -> None:
    class Starting(Api):
        forbidden = 2

        def _request(self, method: str, path: str, body: Json | None = None) -> Json:
            if self.forbidden:
                self.forbidden -= 1
                raise ApiError(403, "forbidden")
            return super()._request(method, path, body)

    site.run("deliver")
    assert site.run("withdraw", kind=Starting) == 0
    for namespace in (site.release, *site.others):
        assert site.references(namespace) == []


def test_settings_of_an_upgrade_that_failed_before_it_gave_rights_do_not_stop_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pull_secrets, "RIGHTS_WAIT", 0.0)
    site.run("deliver")
    delivered = site.everything()
    good = site.settings.read_text()
    site.settings.write_text(
        site.target(namespaces=["*-000"]).read_text()
    )  # no ClusterRole, no right to stop a watcher
    site.target()
    assert site.run("retire", f"--target={site.folder / 'target.json'}") == 0
    out = capsys.readouterr().out
    assert "there is no right to stop it" in out
    assert "nothing is taken back: GET /api/v1/namespaces?limit=250: 403 Forbidden" in out
    assert site.run("withdraw") == 1, "who uninstalls must know that something stays"
    site.settings.write_text(good)
    assert site.run("deliver") == 0
    assert site.everything() == delivered


def test_the_credential_is_never_shown(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    repeat_secrets_in_errors(site)
    secrets = f"/api/v1/namespaces/{site.others[0]}/secrets"
    probe = {"metadata": {"name": "probe"}, "data": encoded(CREDENTIAL)}
    for _ in range(100):  # until the policy is in force
        status, answer = site.control_plane.call("POST", f"{secrets}?dryRun=All", probe)
        if status == 422:
            break
        threading.Event().wait(0.1)
    assert encoded(CREDENTIAL)[".dockerconfigjson"] in answer["message"]

    assert site.run("deliver") == 0
    site.put_credential(NEW_CREDENTIAL)
    site.run("deliver")
    site.run("withdraw")
    captured = capsys.readouterr()
    shown = captured.out + captured.err
    assert "422 Invalid" in shown
    for text in (CREDENTIAL, NEW_CREDENTIAL):
        assert encoded(text)[".dockerconfigjson"] not in shown
        assert json.loads(text)["auths"]["registry.example.com"]["auth"] not in shown


def test_a_credential_that_is_none_stops_the_run(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.put_credential('{"registry.example.com": {}}')
    assert site.run("deliver") == 1
    assert "its .dockerconfigjson is none" in capsys.readouterr().err
    assert site.secret(site.others[0]) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"auths": {}}',
        '{"auths": {"registry.example.com": {}}, "credsStore": "desktop"}',
        '{"auths": {"docker.io": {"auth": "Ym90OnNlY3JldA=="}}}',
    ],
)
def test_a_credential_without_a_login_is_said_before_anything_is_delivered(
    text: str, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case 12: what `docker login` with a credential helper writes has no password in it."""
    site.put_credential(text)
    assert site.run("deliver") == 1
    assert "its .dockerconfigjson has no login for registry.example.com" in capsys.readouterr().err
    assert site.secret(site.others[0]) is None


def test_settings_that_are_incomplete_stop_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "settings.json").write_text('{"release": "a/b"}')
    assert pull_secrets.main(["withdraw", f"--settings={tmp_path / 'settings.json'}"]) == 1
    assert "settings.json: not this program's settings: KeyError('secretName')" in capsys.readouterr().err


def test_a_source_that_is_not_there_is_named(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.control_plane.must("DELETE", f"/api/v1/namespaces/{site.release}/secrets/{SOURCE}")
    assert site.run("deliver") == 1
    assert f"Secret {SOURCE} in namespace {site.release} does not exist" in capsys.readouterr().err
    assert site.secret(site.others[0]) is None


def test_a_source_of_another_type_is_named_with_the_key(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = f"/api/v1/namespaces/{site.release}/secrets"
    site.control_plane.must("DELETE", f"{secrets}/{SOURCE}")
    site.control_plane.must("POST", secrets, {"metadata": {"name": SOURCE}, "data": {"password": "eA=="}})
    assert site.run("deliver") == 1
    assert "lacks the key .dockerconfigjson" in capsys.readouterr().err
