"""pull_secrets.py where namespaces are chosen by pattern, and what it takes back when the choice changes."""

import itertools
import json
from pathlib import Path

import pytest

from kubernetes_api import Api
from tests.control_plane import ControlPlane
from tests.unit.pull_secrets_site import CREDENTIAL, NAME, NEW_CREDENTIAL, Site, encoded, essence
from tests.unit.test_pull_secrets import Cut, CutApi

numbers = itertools.count(1000)


@pytest.fixture
def site(control_plane: ControlPlane, tmp_path: Path) -> Site:
    return Site(control_plane, tmp_path, next(numbers), {"namespaces": ["*-000"]})


def test_every_namespace_that_fits_is_served_and_no_other(site: Site) -> None:
    site.control_plane.create_namespace(f"{site.others[0]}-more", "default")
    assert site.run("deliver") == 0
    for namespace in (site.release, *site.others):
        assert site.references(namespace) == [NAME]
        assert (site.secret(namespace) or {})["data"] == encoded(CREDENTIAL)
    assert site.references(f"{site.others[0]}-more") == []
    assert site.secret(f"{site.others[0]}-more") is None


def test_a_second_run_writes_nothing(site: Site) -> None:
    site.run("deliver")
    before = site.everything()
    assert site.run("deliver") == 0
    assert site.everything() == before


def test_many_namespaces_are_served_by_several_connections(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"many{number}-{site.number}" for number in range(25)]
    for name in names:
        site.control_plane.create_namespace(name, "default", "ci")
    site.install(serviceAccounts=["*"])
    assert site.run("deliver") == 0
    for name in names:
        assert site.references(name) == site.references(name, "ci") == [NAME]
    assert "namespaces served: 28; changed: 28; refused: 0; failed: 0" in capsys.readouterr().out
    assert site.run("withdraw") == 0
    assert all(site.references(name) == [] and site.secret(name) is None for name in names)


def test_a_namespace_and_a_service_account_may_opt_out(site: Site) -> None:
    first, second = site.others
    site.annotate(f"/api/v1/namespaces/{first}", opt_out="true")
    site.annotate(f"/api/v1/namespaces/{second}/serviceaccounts/default", opt_out="true")
    assert site.run("deliver") == 0
    assert site.secret(first) is None
    assert site.references(first) == site.references(second) == []
    assert site.secret(second) is not None
    site.annotate(f"/api/v1/namespaces/{first}", opt_out=None)
    site.annotate(f"/api/v1/namespaces/{second}/serviceaccounts/default", opt_out=None)
    site.run("deliver")
    assert site.references(first) == site.references(second) == [NAME]


def test_what_stops_matching_loses_what_is_ours(site: Site) -> None:
    first, second = site.others
    site.set_references(first, "theirs")
    before = [essence(site.account(first)), essence(site.account(second))]
    site.run("deliver")
    site.annotate(f"/api/v1/namespaces/{first}", opt_out="true")
    site.annotate(f"/api/v1/namespaces/{second}/serviceaccounts/default", opt_out="true")
    assert site.run("deliver") == 0
    assert site.secret(first) is None
    assert essence(site.account(first)) == before[0]
    assert site.references(second) == []
    assert site.secret(second) is not None


def test_a_foreign_secret_in_a_namespace_that_is_not_chosen_is_nobodys_business(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.install(excludeNamespaces=["one-*"], strict=True)
    foreign = site.put_secret(site.others[0], {})
    assert site.run("deliver") == 0
    assert site.run("withdraw") == 0
    assert site.secret(site.others[0]) == foreign
    assert "REFUSED" not in capsys.readouterr().out


# --- Before an upgrade: what the release delivered and will not any more


def test_nothing_is_taken_back_when_nothing_changes(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.run("deliver")
    before = site.everything()
    site.put_credential(NEW_CREDENTIAL)
    assert site.run("retire", f"--target={site.target(strict=True)}") == 0
    assert "nothing to take back" in capsys.readouterr().out
    assert site.everything() == before


def test_where_nothing_was_delivered_nobody_is_asked(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    before = site.target(enabled=False).read_text()
    target = site.target(enabled=False, name="another")
    site.settings.write_text(before)
    (site.identity / "token").write_text("good for nothing")
    assert site.run("retire", f"--target={target}") == 0
    assert "nothing to take back" in capsys.readouterr().out


@pytest.mark.parametrize("before", [None, '{"release": "a/b"}', "not JSON"])
def test_without_settings_that_are_understood_nothing_is_taken_back(
    site: Site, before: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    site.run("deliver")
    delivered = site.everything()
    target = site.target(enabled=False)
    site.settings.write_text(before) if before else site.settings.unlink()
    assert site.run("retire", f"--target={target}") == 0
    assert "nothing is taken back: " in capsys.readouterr().out
    assert site.everything() == delivered


@pytest.mark.parametrize("namespaces", [["*-000"], ["one-000", "two-000"]], ids=["pattern", "names"])
def test_a_namespace_that_is_no_longer_chosen_is_left_without_a_trace(site: Site, namespaces: list[str]) -> None:
    site.install(namespaces=namespaces)
    before = [essence(item) for item in site.everything()]
    site.run("deliver")
    kept = [site.secret(site.others[1]), site.account(site.others[1])]
    assert site.run("retire", f"--target={site.target(namespaces=['two-000'], releaseNamespace=False)}") == 0
    assert [site.secret(site.others[1]), site.account(site.others[1])] == kept
    for namespace in (site.release, site.others[0]):
        assert site.secret(namespace) is None
        assert essence(site.account(namespace)) in before


@pytest.mark.parametrize("changed", [{"enabled": False}, {"serviceAccounts": []}, {"inject": "admission"}], ids=str)
def test_references_that_are_no_longer_wanted_go(site: Site, changed: dict[str, object]) -> None:
    site.install(namespaces=["one-000", "two-000"])
    site.run("deliver")
    assert site.run("retire", f"--target={site.target(**changed)}") == 0
    for namespace in (site.release, *site.others):
        assert site.references(namespace) == []
        assert (site.secret(namespace) is None) == ("enabled" in changed)


@pytest.mark.parametrize("namespaces", [["*-000"], ["one-000", "two-000"]], ids=["pattern", "names"])
def test_a_renamed_secret_is_there_before_the_old_one_goes(site: Site, namespaces: list[str]) -> None:
    site.install(namespaces=namespaces)
    site.set_references(site.others[0], "first")
    site.run("deliver")
    site.set_references(site.others[0], "first", NAME, "last")
    target = site.target(name="new-name")
    assert site.run("retire", f"--target={target}") == 0

    for namespace in (site.release, *site.others):
        renamed = site.secret(namespace, "new-name")
        assert renamed is not None
        assert renamed["data"] == encoded(CREDENTIAL)
        assert site.secret(namespace) is None
    assert site.references(site.others[0]) == ["first", "new-name", "last"]
    assert json.loads(site.account(site.others[0])["metadata"]["annotations"]["privreg.io/pull-secrets"]) == {
        "new-name": f"{site.release}/privreg"
    }
    site.install(name="new-name")
    site.put_credential(NEW_CREDENTIAL)
    assert site.run("deliver") == 0
    assert (site.secret(site.others[0], "new-name") or {})["data"] == encoded(NEW_CREDENTIAL)
    assert site.run("withdraw") == 0
    assert site.references(site.others[0]) == ["first", "last"]
    assert site.secret(site.others[0], "new-name") is None


@pytest.mark.parametrize("changed", [{"name": "new-name"}, {"enabled": False}], ids=str)
def test_an_interrupted_retirement_is_repaired_by_the_next(site: Site, changed: dict[str, object]) -> None:
    site.set_references(site.others[0], "first")

    def state() -> list[object]:
        renamed = [site.secret(namespace, "new-name") for namespace in (site.release, *site.others)]
        return [essence(item) for item in [*site.everything(), *renamed]]

    def retire_and_deliver(kind: type[Api] = Api) -> None:
        assert site.run("retire", f"--target={site.target(**changed)}", kind=kind) == 0
        site.install(**changed)
        assert site.run("deliver") == 0

    def start_over() -> None:
        site.run("withdraw")
        site.values = {"namespaces": ["one-000", "two-000"]}  # few enough for one connection
        site.install()
        site.run("deliver")

    start_over()
    retire_and_deliver()
    expected = state()
    for cuts in itertools.count():
        start_over()
        try:
            retire_and_deliver(type("CutApi", (CutApi,), {"budget": cuts}))
            break
        except Cut:
            retire_and_deliver()
        assert state() == expected
    assert cuts >= 8, "each request of the run is cut once"


def test_a_new_name_that_somebody_else_has_is_left_to_delivery(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.run("deliver")
    path = f"/api/v1/namespaces/{site.others[0]}/secrets"
    site.control_plane.must("POST", path, {"metadata": {"name": "new-name"}, "data": {"theirs": "eA=="}})
    assert site.run("retire", f"--target={site.target(name='new-name')}") == 0
    site.install(name="new-name")
    assert site.run("deliver") == 0
    assert "REFUSED: Secret new-name was not made by privreg" in capsys.readouterr().out
    assert (site.secret(site.others[0], "new-name") or {})["data"] == {"theirs": "eA=="}
