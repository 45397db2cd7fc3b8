"""Where nothing watches: hooks that are strict, a CronJob for what comes later, and delivery that is turned off."""

import json
from collections.abc import Iterator

import pytest

from tests.cluster.cluster import Cluster
from tests.e2e.conftest import MakeRelease
from tests.e2e.release import Release, apply, create_namespace, get, image_pull_secrets, kubectl, run_helm, said

SECRET = "intervals-privreg-pull"
PROGRAM = "intervals-privreg-pull-secrets"
FIRST, FOREIGN, LATER = "late-first", "late-foreign", "late-comer"
HOOKS_ONLY = "--wait=hookOnly"  # nothing here is pushed or pulled
CHOSEN = {"namespaces": ["late-*"], "watch": False, "schedule": "0 0 1 1 *", "strict": True}


@pytest.fixture(scope="module")
def release(make_module_release: MakeRelease, cluster: Cluster) -> Iterator[Release]:
    """A release that is not installed yet, and two namespaces for it; the tests of this file go on from each other."""
    made = make_module_release("intervals", cluster.hosts[3])
    made.generate()
    made.set({"storage": {"type": "emptyDir"}, "ingress": {"enabled": False}, "pullSecrets": CHOSEN})
    for namespace in (FIRST, FOREIGN):
        create_namespace(cluster, namespace)
    theirs = {"imagePullSecrets": [{"name": "theirs"}]}
    foreign = {"name": SECRET, "namespace": FOREIGN}
    apply(cluster, {"apiVersion": "v1", "kind": "Secret", "metadata": foreign, "stringData": {"theirs": "kept"}})
    account = ("serviceaccount", "default", f"--namespace={FIRST}")
    kubectl(cluster, "patch", *account, f"--patch={json.dumps(theirs)}", "--type=merge")
    yield made
    kubectl(cluster, "delete", "namespace", FIRST, FOREIGN, LATER, "--ignore-not-found", "--wait=false")


def has_secret(cluster: Cluster, namespace: str) -> bool:
    return f"secret/{SECRET}" in kubectl(cluster, "get", "secrets", f"--namespace={namespace}", "--output=name")


@pytest.mark.parametrize("command", ["install", "upgrade"])
def test_a_strict_hook_fails_with_a_sentence_and_is_not_tried_again(release: Release, command: str) -> None:
    cluster = release.cluster
    before = get(cluster, "secret", FOREIGN, SECRET)

    ended = getattr(release, command)(HOOKS_ONLY, check=False)

    assert ended.returncode != 0
    assert f"namespace {FOREIGN}: REFUSED: Secret {SECRET} was not made by privreg" in said(ended)
    assert f"{PROGRAM}-deliver" in said(ended).rpartition("Error:")[2]
    job = get(cluster, "job", release.namespace, f"{PROGRAM}-deliver")["status"]
    assert (job["failed"], job["conditions"][-1]["reason"]) == (1, "PodFailurePolicy")
    events = get(cluster, "events", FOREIGN, "--field-selector=reason=PullSecretRefused")["items"]
    assert [it["involvedObject"]["name"] for it in events] == [SECRET]
    assert get(cluster, "secret", FOREIGN, SECRET) == before
    assert image_pull_secrets(cluster, FOREIGN) == []
    assert image_pull_secrets(cluster, FIRST) == ["theirs", SECRET]  # the others are served all the same


def test_a_namespace_that_comes_later_is_served_when_the_cronjob_runs(release: Release) -> None:
    cluster = release.cluster
    create_namespace(cluster, LATER)
    kubectl(cluster, "delete", "secret", SECRET, f"--namespace={FOREIGN}")
    assert not has_secret(cluster, LATER)
    in_its_namespace = f"--namespace={release.namespace}"

    kubectl(cluster, "create", "job", "run-now", f"--from=cronjob/{PROGRAM}", in_its_namespace)
    kubectl(cluster, "wait", "--for=condition=Complete", "job/run-now", in_its_namespace, "--timeout=60s")

    for namespace, references in ((FIRST, ["theirs", SECRET]), (FOREIGN, [SECRET]), (LATER, [SECRET])):
        assert has_secret(cluster, namespace)
        assert image_pull_secrets(cluster, namespace) == references
    log = kubectl(cluster, "logs", "job/run-now", in_its_namespace)
    assert f"namespace {LATER}: Secret {SECRET} created; ServiceAccount default changed" in log
    assert "changed: 2; refused: 0; failed: 0" in log


def test_an_upgrade_that_turns_delivery_off_takes_all_of_it_back_and_rollbacks_go_both_ways(release: Release) -> None:
    cluster = release.cluster

    def delivered() -> list[bool]:
        return [has_secret(cluster, namespace) for namespace in (release.namespace, FIRST, FOREIGN, LATER)]

    def references() -> list[list[str]]:
        return [image_pull_secrets(cluster, namespace) for namespace in (release.namespace, FIRST, FOREIGN, LATER)]

    def rollback(revision: int) -> None:
        where = f"--namespace={release.namespace}"
        run_helm(cluster, release.helm, "rollback", release.name, str(revision), where, HOOKS_ONLY)

    on = (delivered(), references())
    off = ([False] * 4, [[], ["theirs"], [], []])
    assert on == ([True] * 4, [[SECRET], ["theirs", SECRET], [SECRET], [SECRET]])
    where = f"--namespace={release.namespace}"
    history = json.loads(run_helm(cluster, release.helm, "history", release.name, where, "--output=json").stdout)
    last = history[-1]["revision"]

    release.set({"pullSecrets": {"enabled": False}})
    release.upgrade(HOOKS_ONLY)
    assert (delivered(), references()) == off
    assert PROGRAM not in kubectl(cluster, "get", "clusterroles,clusterrolebindings", "--output=name")
    marked = kubectl(cluster, "get", "serviceaccounts,secrets", "--all-namespaces", "--output=json")
    assert f"{release.namespace}/{release.name}" not in marked

    rollback(last)
    assert (delivered(), references()) == on
    rollback(last + 1)
    assert (delivered(), references()) == off


def test_a_namespace_that_was_deleted_or_never_there_stops_no_later_upgrade(
    make_release: MakeRelease, cluster: Cluster
) -> None:
    release = make_release("named", cluster.hosts[3])
    deleted = "named-deleted"
    release.gen = (f"--namespace={deleted}",)
    release.generate()
    create_namespace(cluster, deleted)
    release.set({"storage": {"type": "emptyDir"}, "ingress": {"enabled": False}})
    release.install(HOOKS_ONLY)
    ours = f"{release.fullname}-pull"
    assert image_pull_secrets(cluster, deleted) == [ours]
    kubectl(cluster, "delete", "namespace", deleted)

    release.set({"pullSecrets": {"namespaces": ["named-nowhere"]}})
    failed = release.upgrade(HOOKS_ONLY, check=False)
    assert 'namespaces "named-nowhere" not found' in said(failed)
    release.set({"pullSecrets": {"namespaces": []}})
    release.upgrade(HOOKS_ONLY)
    assert image_pull_secrets(cluster, release.namespace) == [ours]
