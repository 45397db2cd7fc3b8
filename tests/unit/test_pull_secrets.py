"""pull_secrets.py against a real API server, with no more rights than it says it needs."""

import itertools
import json
import threading
from pathlib import Path

import pytest

import delivery
import pull_secrets
from kubernetes_api import Api
from tests.control_plane import ControlPlane
from tests.unit.pull_secrets_site import (
    CREDENTIAL,
    NAME,
    NEW_CREDENTIAL,
    Json,
    Site,
    encoded,
    essence,
)

numbers = itertools.count()


class Cut(BaseException):
    """The program ends here, as if it were killed."""


class CutApi(Api):
    """An API that the program can use a few times; then it is killed, before or after the request is served."""

    budget = 0
    served = False

    def _request(self, method: str, path: str, body: Json | None = None) -> Json:
        self.budget -= 1
        if self.budget < 0:
            if self.served:
                super()._request(method, path, body)
            raise Cut
        return super()._request(method, path, body)


@pytest.fixture
def site(control_plane: ControlPlane, tmp_path: Path) -> Site:
    return Site(control_plane, tmp_path, next(numbers))


def test_every_namespace_gets_the_secret_and_the_reference(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.run("deliver") == 0

    for namespace in (site.release, *site.others):
        secret = site.secret(namespace)
        assert secret is not None
        assert secret["type"] == "kubernetes.io/dockerconfigjson"
        assert secret["data"] == encoded(CREDENTIAL)
        assert secret["metadata"]["annotations"] == {"privreg.io/release": f"{site.release}/privreg"}
        assert secret["metadata"]["labels"] == {
            "app.kubernetes.io/managed-by": "privreg",
            "app.kubernetes.io/part-of": "privreg",
        }
        assert site.references(namespace) == [NAME]
    assert capsys.readouterr().out.splitlines() == [
        f"namespace {namespace}: Secret {NAME} created; ServiceAccount default changed"
        for namespace in (site.release, *site.others)
    ] + ["namespaces served: 3; changed: 3; refused: 0; failed: 0"]


def test_entries_of_others_are_kept_in_their_order(site: Site) -> None:
    site.set_references(site.others[0], "zebra", "apple")
    assert site.run("deliver") == 0
    assert site.references(site.others[0]) == ["zebra", "apple", NAME]


def test_a_second_run_writes_nothing(site: Site) -> None:
    site.run("deliver")
    before = site.everything()
    assert site.run("deliver") == 0
    assert site.everything() == before  # resourceVersions too


def test_withdrawal_leaves_no_trace(site: Site) -> None:
    before = site.everything()
    site.run("deliver")
    assert site.run("withdraw") == 0
    after = site.everything()
    assert [essence(item) for item in after] == [essence(item) for item in before]
    assert "privreg" not in json.dumps([item["metadata"].get("managedFields") for item in after if item])


def test_withdrawal_leaves_the_entries_of_others_byte_identical(site: Site) -> None:
    site.set_references(site.others[0], "zebra", "apple")
    before = json.dumps(essence(site.account(site.others[0])))
    site.run("deliver")
    path = f"/api/v1/namespaces/{site.others[0]}/serviceaccounts/default"
    references = [{"name": name} for name in ("zebra", "apple", NAME, "later")]
    site.control_plane.must("PATCH", path, {"imagePullSecrets": references})
    site.run("withdraw")
    expected = before.replace('{"name": "apple"}', '{"name": "apple"}, {"name": "later"}')
    assert json.dumps(essence(site.account(site.others[0]))) == expected


def test_a_second_withdrawal_writes_nothing(site: Site) -> None:
    site.set_references(site.others[0], "zebra")
    site.run("deliver")
    site.run("withdraw")
    before = site.everything()
    assert site.run("withdraw") == 0
    assert site.everything() == before


def test_an_entry_of_that_name_made_by_hand_is_kept(site: Site) -> None:
    before = site.set_references(site.others[0], NAME, "apple")
    site.run("deliver")
    assert site.account(site.others[0]) == before
    site.run("withdraw")
    assert site.account(site.others[0]) == before
    assert site.secret(site.others[0]) is None


def test_an_entry_that_was_reset_comes_back_once(site: Site) -> None:
    site.run("deliver")
    site.set_references(site.others[0], "apple")
    assert site.run("deliver") == 0
    assert site.references(site.others[0]) == ["apple", NAME]


@pytest.mark.parametrize(
    "record", ["[1]", "[" * 100_000, '{"a":' * 500 + "1" + "}" * 500], ids=["list", "deep", "nested"]
)
def test_a_record_that_makes_no_sense_counts_as_none(site: Site, record: str) -> None:
    path = f"/api/v1/namespaces/{site.others[0]}/serviceaccounts/default"
    site.control_plane.must("PATCH", path, {"metadata": {"annotations": {delivery.RECORD: record}}})
    site.set_references(site.others[0], "apple")
    assert site.run("withdraw") == 0
    assert site.references(site.others[0]) == ["apple"]
    assert site.run("deliver") == 0
    assert site.run("withdraw") == 0
    assert site.references(site.others[0]) == ["apple"]
    assert "annotations" not in site.account(site.others[0])["metadata"]


def test_a_changed_credential_updates_the_secret_in_place(site: Site) -> None:
    site.run("deliver")
    before = site.secret(site.others[0])
    site.put_credential(NEW_CREDENTIAL)
    assert site.run("deliver") == 0
    after = site.secret(site.others[0])
    assert before is not None
    assert after is not None
    assert after["data"] == encoded(NEW_CREDENTIAL)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def test_labels_that_others_put_on_the_secret_stay_and_lost_ones_come_back(site: Site) -> None:
    site.run("deliver")
    path = f"/api/v1/namespaces/{site.others[0]}/secrets/{NAME}"
    labels = {"team": "blue", "app.kubernetes.io/managed-by": None}
    site.control_plane.must("PATCH", path, {"metadata": {"labels": labels}})
    assert site.run("deliver") == 0
    secret = site.secret(site.others[0])
    assert secret is not None
    assert secret["metadata"]["labels"] == delivery.LABELS | {"team": "blue"}


@pytest.mark.parametrize("annotations", [{}, {"privreg.io/release": "elsewhere/privreg"}])
@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, pull_secrets.REFUSED)])
def test_a_foreign_secret_and_the_accounts_beside_it_are_left_alone(
    site: Site, annotations: Json, strict: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    site.install(strict=strict)
    foreign, other = site.others
    site.put_secret(foreign, annotations)
    site.set_references(foreign, "apple", NAME)
    before = [site.secret(foreign), site.account(foreign)]

    assert site.run("deliver") == code
    assert [site.secret(foreign), site.account(foreign)] == before
    assert site.references(other) == [NAME]
    assert f"namespace {foreign}: REFUSED: Secret {NAME}" in capsys.readouterr().out

    assert site.run("withdraw") == 0
    assert [site.secret(foreign), site.account(foreign)] == before
    assert site.secret(other) is None


def test_people_whose_secret_stands_in_the_way_find_one_event(site: Site) -> None:
    site.put_secret(site.others[0], {})
    site.run("deliver")
    site.run("deliver")
    events = site.control_plane.must("GET", f"/api/v1/namespaces/{site.others[0]}/events")["items"]
    (event,) = events
    assert (event["type"], event["reason"]) == ("Warning", "PullSecretRefused")
    assert event["involvedObject"]["name"] == NAME
    assert event["metadata"]["annotations"] == {"privreg.io/release": f"{site.release}/privreg"}
    assert "was not made by privreg" in event["message"]
    assert f"release {site.release}/privreg" in event["message"]
    assert not site.control_plane.must("GET", f"/api/v1/namespaces/{site.others[1]}/events")["items"]


def test_a_secret_that_somebody_took_over_stays_and_our_reference_to_it_goes(site: Site) -> None:
    site.run("deliver")
    site.control_plane.must("DELETE", f"/api/v1/namespaces/{site.others[0]}/secrets/{NAME}")
    site.put_secret(site.others[0], {})
    before = site.secret(site.others[0])
    site.run("withdraw")
    assert site.secret(site.others[0]) == before
    assert "annotations" not in site.account(site.others[0])["metadata"]


def test_two_releases_with_two_hosts_do_not_disturb_each_other(site: Site, tmp_path: Path) -> None:
    other = Site(site.control_plane, tmp_path / "other", next(numbers))
    of_other = CREDENTIAL.replace("registry.example.com", "other.example.com")
    other.put_credential(of_other)
    namespaces = list(site.others)
    site.run("deliver")
    other.install(name="other-pull", namespaces=namespaces)
    other.serve("other.example.com")
    assert other.run("deliver") == 0
    site.put_credential(NEW_CREDENTIAL)
    assert site.run("deliver") == 0
    for namespace in namespaces:
        assert site.references(namespace) == [NAME, "other-pull"]
        assert (site.secret(namespace) or {})["data"] == encoded(NEW_CREDENTIAL)
        assert (site.secret(namespace, "other-pull") or {})["data"] == encoded(of_other)
    kept = [site.secret(namespace, "other-pull") for namespace in namespaces]
    assert site.run("withdraw") == 0
    for namespace in namespaces:
        assert site.references(namespace) == ["other-pull"]
        assert site.secret(namespace) is None
    assert [site.secret(namespace, "other-pull") for namespace in namespaces] == kept
    assert other.run("withdraw") == 0
    assert "annotations" not in site.account(namespaces[0])["metadata"]


def test_two_releases_whose_secrets_have_one_name_do_not_disturb_each_other(site: Site, tmp_path: Path) -> None:
    other = Site(site.control_plane, tmp_path / "other", next(numbers), {"releaseNamespace": False})
    site.run("deliver")
    before = site.everything()
    other.install(namespaces=list(site.others))
    assert other.run("deliver") == 0
    assert other.run("withdraw") == 0
    assert site.everything() == before


def test_the_source_in_the_releases_namespace_is_never_written(site: Site) -> None:
    source = site.put_secret(site.release, {"by": "the user"}, CREDENTIAL)
    site.install(existingSecret=NAME)
    assert site.run("deliver") == 0
    assert site.secret(site.release) == source
    assert site.references(site.release) == [NAME]
    assert site.run("withdraw") == 0
    assert site.secret(site.release) == source
    assert site.references(site.release) == []
    assert site.secret(site.others[0]) is None


def test_a_copy_in_the_releases_namespace_is_ours(site: Site) -> None:
    site.run("deliver")
    site.run("withdraw")
    assert site.secret(site.release) is None


def test_nothing_is_lost_while_others_write_the_same_service_account(site: Site) -> None:
    namespace = site.others[0]
    site.install(namespaces=[namespace], releaseNamespace=False)
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    names = [f"other-{number}" for number in range(80)]
    conflicts = 0

    def add_all() -> None:
        nonlocal conflicts
        for name in names:
            while True:
                account = site.account(namespace)
                references = [*account.get("imagePullSecrets", []), {"name": name}]
                status, _ = site.control_plane.call("PUT", path, account | {"imagePullSecrets": references})
                if status == 200:
                    break
                assert status == 409
                conflicts += 1

    writer = threading.Thread(target=add_all)
    writer.start()
    commands = itertools.cycle(["deliver", "withdraw"])
    codes = set()
    while writer.is_alive():
        codes.add(site.run(next(commands)))
    writer.join()

    assert codes == {0}
    assert conflicts > 0, "the writers never met: the test shows nothing"
    site.run("withdraw")
    assert site.references(namespace) == names
    site.run("deliver")
    assert site.references(namespace) == [*names, NAME]


@pytest.mark.parametrize("served", [False, True])
def test_an_interrupted_run_is_repaired_by_the_next(site: Site, served: bool) -> None:
    site.install(releaseNamespace=False)
    site.set_references(site.others[0], "apple")
    untouched = [essence(item) for item in site.everything()]
    site.run("deliver")
    delivered = [essence(item) for item in site.everything()]
    site.run("withdraw")

    for command, expected in (("deliver", delivered), ("withdraw", untouched)):
        cuts = 0
        opposite = "withdraw" if command == "deliver" else "deliver"
        while True:
            site.run(opposite)
            kind = type("CutApi", (CutApi,), {"budget": cuts, "served": served})
            try:
                site.run(command, kind=kind)
                break
            except Cut:
                cuts += 1
            assert site.run(command) == 0
            assert [essence(item) for item in site.everything()] == expected
        assert cuts >= 8, "each request of the run is cut once"
