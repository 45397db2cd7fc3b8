"""The doctor's opinion on the registry itself, in the words of real Pods, and what it prints."""

import json

import pytest

from privreg_values.cluster.releases import Release
from privreg_values.doctor import report, server
from privreg_values.doctor.diagnose import diagnose
from privreg_values.doctor.facts import Answers, Facts, Server
from privreg_values.doctor.findings import Diagnosis, Finding
from privreg_values.registry.reach import Step
from privreg_values.terminal import Style

RELEASE = Release("privreg", "privreg")
ERROR = 'time="2026-11-25T00:39:42Z" level=error msg="response completed with error" err.code=unknown '
UPLOAD = "/var/lib/registry/docker/registry/v2/repositories/a/b/_uploads/1/data"


def troubles(*, ready: bool = False, **facts: object) -> list[tuple[str, bool]]:
    it = Server("privreg", "privreg-0", ready, **facts)  # type: ignore[arg-type]
    return [(each.trouble, each.harmless) for each in diagnose(Facts("r.example.com", RELEASE, servers=(it,)))]


@pytest.mark.parametrize(
    ("event", "trouble"),
    [
        (
            'FailedMount: MountVolume.SetUp failed for volume "storage" : hostPath type check failed: /etc/hosts is '
            "not a directory, it's a File",
            "storage-type",
        ),
        ('FailedMount: MountVolume.SetUp failed for volume "storage" : mkdir /proc/privreg: no such file', "no-volume"),
        ("FailedMount: mkdir /srv/privreg: read-only file system", "storage-read-only"),
        (
            "FailedScheduling: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            "no-volume",
        ),
        ("FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu.", "no-node"),
        ("Failed: Error: ImagePullBackOff", "own-image"),
        ('Evicted: Usage of EmptyDir volume "storage" exceeds the limit "1Mi". ', "storage-full"),
        (
            "Failed: Error: failed to create containerd task: failed to create shim task: OCI runtime create failed: "
            'unable to start container process: exec: "registry": permission denied: unknown',
            "no-exec",
        ),
    ],
)
def test_why_the_registry_s_pod_does_not_run_is_explained(event: str, trouble: str) -> None:
    assert troubles(events=(event,)) == [(trouble, False)]
    assert troubles(events=(event,), ready=True) == []  # that is over


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        (ERROR + f'err.detail="write {UPLOAD}: no space left on device" err.message="unknown error"', "storage-full"),
        (ERROR + 'err.detail="filesystem: mkdir /var/lib/registry/docker: read-only file system"', "storage-read-only"),
        (ERROR + 'err.detail="filesystem: mkdir /var/lib/registry/docker: permission denied"', "storage-permissions"),
        (ERROR + 'err.detail="filesystem: mkdir /var/lib/registry: not a directory"', "storage-type"),
        ("cannot give /storage to 1000:1000: [Errno 1] Operation not permitted: '/storage'", "storage-permissions"),
        (
            'level=error msg="response completed with error" err.code=unsupported err.message="The operation is '
            'unsupported." http.request.method=PUT',
            "storage-unsupported",
        ),
        (
            '{"time":"x","gateway":"the changed configuration is REFUSED, the old one stays: y"}',
            "configuration-refused",
        ),
    ],
)
def test_what_the_log_of_a_pod_that_runs_complains_of_is_explained(line: str, trouble: str) -> None:
    assert troubles(ready=True, logs={"registry": f"one\n{line}\nmore"}) == [(trouble, False)]


def test_the_words_behind_an_opinion_are_shown_without_the_rest_of_the_line() -> None:
    line = ERROR + 'err.detail="filesystem: mkdir /x: permission denied" http.request.host=r'
    (opinion,) = server.opinions("Pod a/b", [], line)
    assert opinion.what.endswith("write to its storage: filesystem: mkdir /x: permission denied")


def test_the_warning_at_an_unauthenticated_request_is_harmless() -> None:
    line = (
        'time="2026-11-25T00:00:00Z" level=warning msg="error authorizing context: basic authentication challenge for '
        'realm \\"basic-realm\\": invalid authorization credential" go.version=go1.26 http.request.method=GET'
    )
    assert troubles(ready=True, logs={"registry": line}) == [("first-request", True)]


def test_a_refused_deletion_is_harmless() -> None:
    line = 'level=error err.code=unsupported err.message="The operation is unsupported." http.request.method=DELETE'
    assert troubles(ready=True, logs={"registry": line}) == [("deletion-off", True)]


def test_usual_logs_are_no_trouble() -> None:
    usual = ERROR.replace("unknown", '"manifest unknown"') + 'err.detail="unknown tag=2" http.response.status=404'
    assert troubles(ready=True, logs={"registry": usual, "gateway": "[NOTICE] (24) : Loading success."}) == []


def test_a_pod_that_is_not_ready_for_unknown_reasons_shows_what_was_heard_last() -> None:
    it = Server("privreg", "privreg-0", False, waits=("CrashLoopBackOff: back-off 10s",), logs={"registry": "panic: x"})
    (finding,) = diagnose(Facts("r.example.com", RELEASE, servers=(it,)))
    assert finding.trouble == "not-ready"
    assert "panic: x" in finding.what


def test_a_release_without_a_pod_is_told() -> None:
    (finding,) = diagnose(Facts("r.example.com", RELEASE, servers=()))
    assert finding.trouble == "no-pod"


def test_a_step_that_fails_from_here_is_a_trouble_with_its_remedy() -> None:
    steps = (Step("dns", True, "found"), Step("tls", False, "the certificate has expired", "renew it"))
    (finding,) = diagnose(Facts("r.example.com", answers=Answers(steps)))
    assert (finding.trouble, finding.what, finding.remedy) == (
        "registry-tls",
        "the certificate has expired",
        "renew it",
    )


@pytest.mark.parametrize(("skew", "words"), [(90.0, "90 s ahead of"), (-90.0, "90 s behind"), (30.0, ""), (-30.0, "")])
def test_a_clock_that_is_wrong_by_more_than_a_minute_is_told(skew: float, words: str) -> None:
    found = diagnose(Facts("r.example.com", answers=Answers(skew=skew)))
    assert [it.trouble for it in found] == (["clock-skew"] if words else [])
    assert all(words in it.what for it in found)


# --- What is printed


def finding(name: str, what: str = "no Secret", harmless: bool = False) -> Finding:
    return Finding("no-secret", f"Pod a/{name}", what, "make it", harmless)


def test_one_trouble_of_many_pods_is_told_once() -> None:
    many = tuple(finding(f"app-{number}") for number in range(8))
    text = report.text(Diagnosis("r.example.com", "", many, ()), Style())
    assert text == [
        "FAIL no Secret",
        "    at  Pod a/app-0, Pod a/app-1, Pod a/app-2, Pod a/app-3, Pod a/app-4, and 3 more",
        "    do  make it",
    ]
    (told,) = json.loads(report.as_json(Diagnosis("r.example.com", "", many, ())))["findings"]
    assert len(told["where"]) == 8


def test_what_is_harmless_or_could_not_be_seen_leaves_it_well() -> None:
    it = Diagnosis("r.example.com", "all can pull", (finding("app", harmless=True),), ("Secrets of namespace a: no",))
    text = report.text(it, Style())
    assert it.ok
    assert text[0] == "note no Secret"
    assert text[-2:] == ["not seen Secrets of namespace a: no", "ok   no trouble found: all can pull"]
    assert json.loads(report.as_json(it))["ok"] is True


def test_what_is_harmless_comes_last() -> None:
    it = Diagnosis("r.example.com", "", (finding("a", "harmless", harmless=True), finding("b", "ill")), ())
    assert [line for line in report.text(it, Style()) if not line.startswith(" ")] == ["FAIL ill", "note harmless"]


def test_the_text_fits_a_narrow_terminal() -> None:
    it = Diagnosis("r.example.com", "", (finding("app", "word " * 40),), ("word " * 40,))
    assert max(len(line) for text in report.text(it, Style(width=60)) for line in text.splitlines()) <= 60
