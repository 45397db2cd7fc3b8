"""kubernetes_api.py, the client in pull_secrets.py, with an API server that is ill, moving or an impostor."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kubernetes_api
from kubernetes_api import Api, ApiError, again_on_conflict, pause
from tests.cluster import pki
from tests.unit.scripted_server import Scripted, serving

FOUND = Scripted(200, '{"kind": "Secret"}')
PATH = "/api/v1/namespaces/default/secrets/x"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were slept, without sleeping them."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        if seconds:
            slept.append(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    return slept


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """A Pod's ServiceAccount folder; the server's certificates are made there as well."""
    (tmp_path / "token").write_text("a-token\n")
    return tmp_path


@pytest.mark.parametrize("trouble", [Scripted(status) for status in (429, 500, 502, 503, 504, 0)], ids=str)
def test_a_busy_or_restarting_api_server_is_asked_again(trouble: Scripted, identity: Path, pauses: list[float]) -> None:
    with serving(trouble, trouble, FOUND, certificates=identity) as server:
        with Api("127.0.0.1", server.port, identity) as api:
            assert api.get(PATH) == {"kind": "Secret"}
        assert len(server.requests) == 3
    assert 0.125 <= pauses[0] <= 0.25 <= pauses[1] <= 0.5


def test_retries_come_to_an_end(identity: Path, pauses: list[float]) -> None:
    with (
        serving(
            Scripted(503, '{"reason": "ServiceUnavailable", "message": "etcd is away"}'), certificates=identity
        ) as server,
        Api("127.0.0.1", server.port, identity) as api,
    ):
        with pytest.raises(ApiError, match=f"^GET {PATH}: 503 ServiceUnavailable: etcd is away$"):
            api.get(PATH)
        assert len(server.requests) == kubernetes_api.REQUEST_ATTEMPTS
    assert sum(pauses) < 30


def test_pauses_grow_to_the_most_and_stay_there() -> None:
    for attempt, doubled in enumerate((0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0)):
        assert doubled / 2 <= pause(attempt, first=0.5, most=10.0) <= doubled
    assert 5.0 <= pause(10_000, first=0.5, most=10.0) <= 10.0


def test_an_api_server_that_is_not_there_is_named(identity: Path, pauses: list[float]) -> None:
    with serving(FOUND, certificates=identity) as server:
        pass
    with Api("127.0.0.1", server.port, identity) as api, pytest.raises(ApiError, match="Connection refused"):
        api.get(PATH)
    assert len(pauses) == kubernetes_api.REQUEST_ATTEMPTS - 1


def test_a_retry_waits_as_long_as_the_server_asks_within_reason(identity: Path, pauses: list[float]) -> None:
    busy = [Scripted(429, headers={"Retry-After": value}) for value in ("7", "86400", "Wed, 21 Oct 2026 07:28:00 GMT")]
    with serving(*busy, FOUND, certificates=identity) as server, Api("127.0.0.1", server.port, identity) as api:
        api.get(PATH)
    assert pauses[:2] == [7, 30]
    assert pauses[2] <= 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 409, 422])
def test_a_clear_answer_is_not_asked_for_twice(status: int, identity: Path) -> None:
    answer = Scripted(status, headers={"Location": "/elsewhere"})
    with serving(answer, FOUND, certificates=identity) as server:
        with Api("127.0.0.1", server.port, identity) as api, pytest.raises(ApiError) as caught:
            api.get(PATH)
        assert [request.path for request in server.requests] == [PATH]
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('secrets "x" is forbidden: exceeded quota: few, requested: secrets=1', "exceeded quota"),
        (
            'admission webhook "rules.example.com" denied the request: not {"auth": "c2VjcmV0"}',
            "admission webhook, denied",
        ),
        ('Secret "x" is invalid: data: Invalid value: "c2VjcmV0"', ""),
    ],
)
def test_of_a_refused_secret_the_cause_is_told_and_nothing_that_was_sent(
    message: str, told: str, identity: Path
) -> None:
    answer = Scripted(403, json.dumps({"reason": "Forbidden", "message": message}))
    with (
        serving(answer, certificates=identity) as server,
        Api("127.0.0.1", server.port, identity) as api,
        pytest.raises(ApiError) as caught,
    ):
        api.create(PATH, {"data": {"x": "c2VjcmV0"}})
    assert str(caught.value) == f"POST {PATH}: 403 " + ", ".join(filter(None, ["Forbidden", told]))


def test_what_is_not_there_is_none(identity: Path) -> None:
    with serving(Scripted(404), certificates=identity) as server, Api("127.0.0.1", server.port, identity) as api:
        assert api.get(PATH) is None


def test_the_token_is_read_for_each_request_because_it_is_renewed(identity: Path) -> None:
    with serving(FOUND, certificates=identity) as server:
        with Api("127.0.0.1", server.port, identity) as api:
            api.get(PATH)
            (identity / "token").write_text("another")
            api.patch(PATH, {})
        seen = [(request.headers["Authorization"], request.headers["Content-Type"]) for request in server.requests]
    assert seen == [("Bearer a-token", "application/json"), ("Bearer another", "application/merge-patch+json")]


def test_an_impostor_never_sees_the_token(identity: Path, tmp_path: Path, pauses: list[float]) -> None:
    pki.Authority.create(tmp_path / "another")
    with serving(FOUND, certificates=identity) as server:
        (identity / "ca.crt").write_bytes((tmp_path / "another" / "ca.crt").read_bytes())
        with Api("127.0.0.1", server.port, identity) as api, pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED"):
            api.get(PATH)
        assert server.requests == []
    assert pauses == [], "it does not help to try again"


def test_a_conflict_starts_the_work_over_with_the_object_as_it_is_then(identity: Path) -> None:
    seen: list[object] = []

    def change(item: object) -> str:
        seen.append(item)
        if len(seen) <= 3:
            raise ApiError(409, "changed")
        return "written"

    with serving(FOUND, certificates=identity) as server, Api("127.0.0.1", server.port, identity) as api:
        assert again_on_conflict(api, PATH, {"kind": "as it was seen"}, change) == "written"
    assert seen == [{"kind": "as it was seen"}, *[{"kind": "Secret"}] * 3]


def test_conflicts_without_end_come_to_an_end(identity: Path, pauses: list[float]) -> None:
    def change(_item: object) -> None:
        raise ApiError(409, "changed")

    with serving(FOUND, certificates=identity) as server, Api("127.0.0.1", server.port, identity) as api:
        with pytest.raises(ApiError, match="changed"):
            again_on_conflict(api, PATH, None, change)
        assert len(server.requests) == kubernetes_api.CONFLICT_ATTEMPTS - 1
    assert sum(pauses) < 20


def test_other_errors_do_not_start_the_work_over(identity: Path) -> None:
    def change(_item: object) -> None:
        raise ApiError(403, "forbidden")

    with serving(FOUND, certificates=identity) as server, Api("127.0.0.1", server.port, identity) as api:
        with pytest.raises(ApiError, match="forbidden"):
            again_on_conflict(api, PATH, None, change)
        assert server.requests == []


def test_a_list_is_read_in_pages(identity: Path) -> None:
    first = Scripted(200, '{"metadata": {"resourceVersion": "7", "continue": "a/b="}, "items": [{"n": 1}, {"n": 2}]}')
    last = Scripted(200, '{"metadata": {"resourceVersion": "7"}, "items": [{"n": 3}]}')
    seen: list[object] = []
    with serving(first, last, certificates=identity) as server:
        with Api("127.0.0.1", server.port, identity) as api:
            assert api.each("/api/v1/secrets", seen.append, fieldSelector="metadata.name=x") == "7"
        assert [request.path for request in server.requests] == [
            "/api/v1/secrets?fieldSelector=metadata.name%3Dx&limit=250",
            "/api/v1/secrets?fieldSelector=metadata.name%3Dx&limit=250&continue=a%2Fb%3D",
        ]
    assert seen == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_list_whose_pages_became_too_old_is_read_anew(identity: Path) -> None:
    page = '{"metadata": {"resourceVersion": "7", "continue": "x"}, "items": [{"n": 1}]}'
    whole = Scripted(200, '{"metadata": {"resourceVersion": "9"}, "items": [{"n": 1}, {"n": 2}]}')
    seen: list[object] = []
    answers = (Scripted(200, page), Scripted(410), whole)
    with serving(*answers, certificates=identity) as server, Api("127.0.0.1", server.port, identity) as api:
        assert api.each("/api/v1/secrets", seen.append) == "9"
    assert seen == [{"n": 1}, {"n": 1}, {"n": 2}]


def test_a_watch_whose_version_is_too_old_says_so(identity: Path) -> None:
    event = '{"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}}\n'
    for answer in (Scripted(410), Scripted(200, event)):
        with serving(answer, certificates=identity) as server, Api("127.0.0.1", server.port, identity) as api:
            with pytest.raises(ApiError) as caught:
                list(api.watch("/api/v1/secrets", "1"))
            assert caught.value.status == 410


def test_requests_keep_to_the_pace(identity: Path) -> None:
    with serving(FOUND, certificates=identity) as server:
        pace = kubernetes_api.Pace(50)
        started = time.monotonic()
        with Api("127.0.0.1", server.port, identity, pace) as one, Api("127.0.0.1", server.port, identity, pace) as two:
            for _ in range(10):
                one.get(PATH)
                two.get(PATH)
        assert time.monotonic() - started >= 19 / 50


def test_outside_of_a_pod_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ApiError, match="KUBERNETES_SERVICE_HOST is not set: this program runs in a Pod"):
        Api.in_cluster()


def test_without_a_ca_certificate_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match=r"ca\.crt: .*No such file"):
        Api("127.0.0.1", 1, tmp_path)


def test_the_programs_run_from_a_folder_that_the_kubelet_made_of_a_config_map(tmp_path: Path) -> None:
    # As in a Pod: the names are links to ..data, which is a link to a folder, and all of it is read-only.
    revision, mounted = tmp_path / "..2026_01_01", tmp_path / "..data"
    revision.mkdir()
    mounted.symlink_to(revision.name)
    for program in Path(kubernetes_api.__file__).parent.glob("*.py"):
        (revision / program.name).write_bytes(program.read_bytes())
        (tmp_path / program.name).symlink_to(f"..data/{program.name}")
    command = [sys.executable, "-u", "-W", "error", f"{tmp_path}/pull_secrets.py", "deliver", "--help"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert ended.returncode == 0, ended.stderr
    assert "--settings" in ended.stdout
