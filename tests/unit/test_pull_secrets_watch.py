"""pull_secrets.py watch: what comes later is served, as the Deployment does it, on a real API server."""

import itertools
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from choosing import Settings
from kubernetes_api import Api, ApiError
from tests.control_plane import ControlPlane, running
from tests.unit.pull_secrets_site import NAME, NEW_CREDENTIAL, Json, Site, encoded
from watching import Event, Feed, Watcher

numbers = itertools.count(2000)
SOON = 15.0  # seconds; it takes a fraction of one on an idle machine


@pytest.fixture
def site(control_plane: ControlPlane, tmp_path: Path) -> Site:
    return Site(
        control_plane,
        tmp_path,
        next(numbers),
        {"namespaces": ["*-000"], "namespaceSelector": {"matchLabels": {"pulls": "yes-000"}}, "serviceAccounts": ["*"]},
    )


def eventually(holds: Callable[[], bool], what: str, site: Site) -> None:
    """Return when it holds."""
    deadline = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < deadline, f"{what}; the program said:\n{site.log.read_text()}"
        time.sleep(0.05)


def served(site: Site, namespace: str, *accounts: str) -> Callable[[], bool]:
    """Whether a namespace has the Secret, and its ServiceAccounts the reference, once."""
    return lambda: (
        site.secret(namespace) is not None
        and all(site.references(namespace, account).count(NAME) == 1 for account in accounts or ("default",))
    )


def untouched(site: Site, namespace: str) -> Callable[[], bool]:
    return lambda: site.secret(namespace) is None and NAME not in site.references(namespace)


def test_what_is_there_and_what_comes_later_is_served(site: Site) -> None:
    later = f"later-{site.number}"
    with site.watching():
        for namespace in (site.release, *site.others):
            eventually(served(site, namespace), f"{namespace} is not served", site)
        site.control_plane.create_namespace(later)
        eventually(lambda: site.secret(later) is not None, "the new namespace has no Secret", site)
        path = f"/api/v1/namespaces/{later}/serviceaccounts"
        for name in ("default", "ci"):
            site.control_plane.must("POST", path, {"metadata": {"name": name}})
        eventually(served(site, later, "default", "ci"), "the new ServiceAccounts are not served", site)


def test_what_is_reset_deleted_relabelled_or_rotated_follows(site: Site) -> None:
    first, second = site.others
    outside = f"outside-{site.number}-x"
    site.control_plane.create_namespace(outside, "default")
    with site.watching():
        eventually(served(site, second), "nothing is served", site)

        site.set_references(first, "theirs")
        eventually(lambda: site.references(first) == ["theirs", NAME], "a reset ServiceAccount", site)
        site.control_plane.must("DELETE", f"/api/v1/namespaces/{second}/secrets/{NAME}")
        eventually(served(site, second), "a deleted Secret", site)
        site.control_plane.must("PATCH", f"/api/v1/namespaces/{second}/secrets/{NAME}", {"data": encoded("{}")})
        eventually(lambda: (site.secret(second) or {})["data"] != encoded("{}"), "a changed Secret", site)

        labels = {"pulls": f"yes-{site.number}"}
        site.control_plane.must("PATCH", f"/api/v1/namespaces/{outside}", {"metadata": {"labels": labels}})
        eventually(served(site, outside), "a namespace that begins to match", site)
        site.control_plane.must("PATCH", f"/api/v1/namespaces/{outside}", {"metadata": {"labels": {"pulls": None}}})
        eventually(untouched(site, outside), "a namespace that stops matching", site)

        site.annotate(f"/api/v1/namespaces/{first}/serviceaccounts/default", opt_out="true")
        eventually(lambda: site.references(first) == ["theirs"], "a ServiceAccount that opts out", site)

        uid = (site.secret(second) or {})["metadata"]["uid"]
        site.put_credential(NEW_CREDENTIAL)
        rotated = encoded(NEW_CREDENTIAL)
        for namespace in (site.release, first, second):
            eventually(lambda it=namespace: (site.secret(it) or {})["data"] == rotated, "the credential", site)  # type: ignore[misc]
        assert (site.secret(second) or {})["metadata"]["uid"] == uid, "it is changed in place"


def test_named_namespaces_are_watched_with_the_rights_of_their_roles(site: Site) -> None:
    site.install(namespaces=["one-000"], namespaceSelector={}, serviceAccounts=["default"], watch=True)
    first, second = site.others
    with site.watching():
        eventually(served(site, first), "nothing is served", site)
        site.set_references(first)
        eventually(served(site, first), "a reset ServiceAccount", site)
        site.put_credential(NEW_CREDENTIAL)
        eventually(lambda: (site.secret(first) or {})["data"] == encoded(NEW_CREDENTIAL), "the credential", site)
        assert site.secret(second) is None
    assert "Forbidden" not in site.log.read_text()


def test_a_secret_that_stands_in_the_way_is_told_of_once_and_the_others_are_served(site: Site) -> None:
    first, second = site.others
    foreign = site.put_secret(first, {})
    with site.watching():
        eventually(served(site, second), "the others are not served", site)
        site.set_references(second, "theirs")
        eventually(lambda: site.references(second) == ["theirs", NAME], "it goes on", site)
        assert site.secret(first) == foreign
        assert site.log.read_text().count(f"namespace {first}: REFUSED") == 1
        site.control_plane.must("DELETE", f"/api/v1/namespaces/{first}/secrets/{NAME}")
        eventually(served(site, first), "the way is free", site)


def test_where_watching_is_not_allowed_it_looks_at_intervals(site: Site) -> None:
    site.install(watch=False)  # rights to list, and not to watch
    with site.watching():
        eventually(served(site, site.others[0]), "nothing is served", site)
        eventually(
            lambda: (
                re.search(r"403 Forbidden.*; all is looked at every 30 s instead", site.log.read_text()) is not None
            ),
            "it does not say so",
            site,
        )


def test_a_credential_that_comes_later_is_waited_for(site: Site) -> None:
    site.control_plane.must("DELETE", f"/api/v1/namespaces/{site.release}/secrets/by-the-user")
    with site.watching():
        eventually(lambda: "there is nothing to deliver" in site.log.read_text(), "it does not say so", site)
        site.put_credential(NEW_CREDENTIAL)
        eventually(served(site, site.others[0]), "nothing is served", site)


def test_an_api_server_that_is_restarted_is_watched_again(tmp_path: Path) -> None:
    folder = tmp_path / "control-plane"
    folder.mkdir()
    with running(folder) as own:
        site = Site(own, tmp_path, next(numbers), {"namespaces": ["*-000"]})
        first, second = site.others
        with site.watching() as process:
            eventually(served(site, second), "nothing is served", site)
            for round_ in range(2):
                own.api_server.kill()
                time.sleep(0.5)
                own.api_server.start()
                own.wait_until_ready()
                site.set_references(first, f"theirs-{round_}")
                own.must("DELETE", f"/api/v1/namespaces/{second}/secrets/{NAME}")
                later = f"later{round_}-{site.number}"
                own.create_namespace(later, "default")
                eventually(lambda it=round_: site.references(first) == [f"theirs-{it}", NAME], "reset", site)  # type: ignore[misc]
                eventually(served(site, second), "deleted", site)
                eventually(served(site, later), "new", site)
            assert process.poll() is None


def test_twenty_service_accounts_that_another_writer_edits_at_the_same_time_lose_nothing(site: Site) -> None:
    namespaces = [f"edited{number}-{site.number}" for number in range(20)]
    for name in namespaces:
        site.control_plane.create_namespace(name, "default")
    conflicts = 0

    def append(namespace: str, name: str) -> None:
        nonlocal conflicts
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
        while True:
            account = site.account(namespace)
            references = [*account.get("imagePullSecrets", []), {"name": name}]
            status, _ = site.control_plane.call("PUT", path, account | {"imagePullSecrets": references})
            if status == 200:
                return
            assert status == 409
            conflicts += 1

    with site.watching():
        for round_ in range(5):
            for namespace in namespaces:
                append(namespace, f"theirs-{round_}")
            site.annotate(f"/api/v1/namespaces/{namespaces[round_]}", opt_out="true")
        for namespace in namespaces[5:]:
            eventually(served(site, namespace), f"{namespace} is not served", site)
        for namespace in namespaces[:5]:
            eventually(untouched(site, namespace), f"{namespace} is not free", site)
    for namespace in namespaces:
        theirs = [name for name in site.references(namespace) if name != NAME]
        assert theirs == [f"theirs-{round_}" for round_ in range(5)]


def test_killed_at_random_during_two_hundred_changes_the_end_is_right(site: Site) -> None:
    namespaces = [f"busy{number}-{site.number}" for number in range(10)]
    for name in namespaces:
        site.control_plane.create_namespace(name, "default", "ci")
    dice = random.Random(5)
    kills = 0
    theirs: dict[tuple[str, str], str] = {}
    changes = iter(range(200))
    while (change := next(changes, None)) is not None:
        with site.watching():
            until = time.monotonic() + dice.uniform(0.3, 1.2)
            while time.monotonic() < until and change is not None:
                name = dice.choice(namespaces)
                if change % 3 == 0:
                    account = dice.choice(["default", "ci"])
                    theirs[name, account] = f"theirs-{change}"
                    site.set_references(name, f"theirs-{change}", account=account)
                elif change % 3 == 1:
                    site.control_plane.call("DELETE", f"/api/v1/namespaces/{name}/secrets/{NAME}")
                else:
                    site.annotate(f"/api/v1/namespaces/{name}", opt_out=dice.choice(["true", None]))
                time.sleep(dice.uniform(0, 0.02))
                change = next(changes, None)
        kills += 1
    assert kills >= 3
    left_out = f"/api/v1/namespaces/{namespaces[0]}"
    for name in namespaces:
        site.annotate(f"/api/v1/namespaces/{name}", opt_out=None)
    site.annotate(left_out, opt_out="true")
    with site.watching():
        for name in namespaces[1:]:
            eventually(served(site, name, "default", "ci"), f"{name} is not served", site)
        eventually(untouched(site, namespaces[0]), "the one that opted out is not free", site)
    for namespace, account in itertools.product(namespaces[1:], ("default", "ci")):
        before, after = theirs.get((namespace, account)), site.references(namespace, account)
        assert after == [*([before] if before else []), NAME], f"{namespace}/{account}"


# --- What failed


class Staged(Watcher):
    """A watcher that is told by a test, in place of feeds, what happens; None lets it wait as long as it would.

    Attributes:
        waits: for how many seconds it would have waited, each time.
        closed: namespaces in which it can make nothing.
    """

    def __init__(self, site: Site, *closed: str) -> None:
        self.waits, self.closed = list[float](), set(closed)

        class Ill(Api):
            def _request(api, method: str, path: str, body: Json | None = None) -> Json:
                if method == "POST" and path.split("/")[4] in self.closed:
                    raise ApiError(500, "closed")
                return super()._request(method, path, body)

        super().__init__(lambda: site.connect(Ill), Settings.read(site.settings), lambda _: None)

    def follow(self, events: Iterator[Event | None]) -> None:
        """Run until there are no more events."""
        self._events = events
        with self._api, pytest.raises(StopIteration):
            self.run()

    def _feeds(self) -> list[Feed]:
        return []

    def _gather(self, seconds: float) -> None:
        self.waits.append(seconds)
        if event := next(self._events):
            self._note(*event)
        else:
            super()._gather(seconds)


@pytest.mark.parametrize("meanwhile", ["quiet", "busy", "failing"])
def test_what_failed_is_tried_again_soon_whatever_happens_elsewhere(meanwhile: str, site: Site) -> None:
    first, second = site.others
    watcher = Staged(site, first)

    def events() -> Iterator[Event | None]:
        assert site.secret(first) is None
        secret = site.control_plane.must("GET", f"/api/v1/namespaces/{second}/secrets/{NAME}")
        yield "secrets", "DELETED", secret
        watcher.closed = {second} if meanwhile == "failing" else set()
        site.control_plane.must("DELETE", f"/api/v1/namespaces/{second}/secrets/{NAME}")
        deadline = time.monotonic() + SOON
        while site.secret(first) is None:
            assert watcher.waits[-1] < SOON, "nothing is tried again"
            assert time.monotonic() < deadline, "it is put off"
            time.sleep(0.05)
            yield None if meanwhile == "quiet" else ("secrets", "DELETED", secret)

    watcher.follow(events())
    assert site.references(first) == [NAME]


def test_what_failed_and_was_deleted_is_not_tried_for_ever(site: Site) -> None:
    first, _ = site.others
    watcher = Staged(site, first)

    def events() -> Iterator[Event | None]:
        path = f"/api/v1/namespaces/{first}"
        namespace = site.control_plane.must("DELETE", path)
        site.control_plane.must("PUT", f"{path}/finalize", namespace | {"spec": {"finalizers": []}})
        assert site.control_plane.call("GET", path)[0] == 404
        yield None

    watcher.follow(events())
    assert watcher.waits[0] < SOON < watcher.waits[1]
