"""What the watcher does with a watch that ends, breaks off, or is too old: an API server that says so, word by word."""

import json
from pathlib import Path
from queue import Queue
from urllib.parse import parse_qs, urlsplit

import pytest

from kubernetes_api import Api, ApiError, Json
from tests.cluster import pki
from tests.unit.scripted_server import Scripted, ScriptedServer, serving
from watching import EVERYTHING, Event, Feed, Subject

TOO_OLD = {"kind": "Status", "code": 410, "message": "too old resource version: 9 (12)"}


class Bounded(Queue[Event]):
    """A queue that ends its feed with the event of that number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def put(self, item: Event, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)
        if self.qsize() == self._number:
            raise SystemExit


def listed(version: str, *names: str) -> Scripted:
    items = [{"metadata": {"name": name, "resourceVersion": version}} for name in names]
    return Scripted(200, json.dumps({"metadata": {"resourceVersion": version}, "items": items}))


def event(kind: str, version: str, name: str = "") -> str:
    metadata = {"resourceVersion": version, **({"name": name} if name else {})}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}) + "\n"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def feed(folder: Path, count: int, *answers: Scripted) -> tuple[list[tuple[str, str]], list[str], ScriptedServer]:
    """What a feed puts into its queue, as (type, name); what it says; and the server that it asked."""
    (folder / "token").write_text("a-token")
    queue, said = Bounded(count), list[str]()
    with (
        serving(*answers, certificates=folder) as server,
        Api("127.0.0.1", server.port, folder) as api,
        pytest.raises(SystemExit),
    ):
        Feed(api, queue, said.append, Subject("namespaces")).run()
    seen = [queue.get_nowait() for _ in range(count)]
    return [("ALL", "") if it == EVERYTHING else (it[1], it[2]["metadata"]["name"]) for it in seen], said, server


def asked(server: ScriptedServer) -> list[str]:
    """The requests: "list", or the version that is watched from."""
    queries = [parse_qs(urlsplit(it.path).query) for it in server.requests]
    return [it["resourceVersion"][0] if "watch" in it else "list" for it in queries]


def test_a_watch_that_ends_goes_on_from_the_last_bookmark(tmp_path: Path) -> None:
    watched = Scripted(200, event("ADDED", "8", "b") + event("BOOKMARK", "9"))
    seen, said, server = feed(tmp_path, 4, listed("7", "a"), watched, Scripted(200, event("MODIFIED", "10", "b")))
    assert seen == [("LISTED", "a"), ("ALL", ""), ("ADDED", "b"), ("MODIFIED", "b")]
    assert asked(server) == ["list", "7", "9"]
    assert said == []


@pytest.mark.parametrize("gone", [Scripted(410), Scripted(200, json.dumps({"type": "ERROR", "object": TOO_OLD}))])
def test_a_version_that_is_gone_is_listed_anew_and_everything_is_looked_at(gone: Scripted, tmp_path: Path) -> None:
    seen, said, server = feed(tmp_path, 4, listed("7", "a"), gone, listed("20", "c"))
    assert seen == [("LISTED", "a"), ("ALL", ""), ("LISTED", "c"), ("ALL", "")]
    assert asked(server) == ["list", "7", "list"]
    assert said == []


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}], ids=["kept", "closed"])
def test_a_line_that_breaks_off_is_no_event_and_the_watch_begins_again(headers: dict[str, str], tmp_path: Path) -> None:
    half = event("ADDED", "9", "c")[:40]
    broken = Scripted(200, event("ADDED", "8", "b") + half, headers)
    seen, _, server = feed(tmp_path, 4, listed("7", "a"), broken, Scripted(200, event("ADDED", "9", "c")))
    assert seen == [("LISTED", "a"), ("ALL", ""), ("ADDED", "b"), ("ADDED", "c")]
    assert asked(server) == ["list", "7", "8"]


def test_a_feed_that_is_forbidden_for_hours_goes_on_and_says_so_once(tmp_path: Path) -> None:
    class Forbidden(Api):
        left = 1100  # at one every 30 s; a float cannot be doubled that often

        def _request(self, method: str, path: str, body: Json | None = None) -> Json:
            assert body is None
            self.left -= 1
            if self.left >= 0:
                raise ApiError(403, f"{method} {path}: forbidden")
            return {"metadata": {"resourceVersion": "7"}}

    pki.Authority.create(tmp_path)
    queue, said = Bounded(1), list[str]()
    with Forbidden("127.0.0.1", 1, tmp_path) as api, pytest.raises(SystemExit):
        Feed(api, queue, said.append, Subject("namespaces")).run()
    assert queue.get_nowait() == EVERYTHING
    assert said == ["GET /api/v1/namespaces?limit=250: forbidden; all is looked at every 30 s instead"]
