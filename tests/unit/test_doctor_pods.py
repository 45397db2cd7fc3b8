"""The doctor's opinion on Pods, from facts in the words of real nodes (containerd 1.6 and 2, CRI-O)."""

from dataclasses import replace
from typing import Any

import pytest

from privreg_values.cluster.choice import Choice
from privreg_values.cluster.releases import Release
from privreg_values.doctor.diagnose import diagnose
from privreg_values.doctor.facts import Facts, Failure, Image, Login, Place, Pod, Secret
from privreg_values.doctor.findings import Finding
from privreg_values.doctor.names import Reference, parse

HOST = "registry.example.com"
IMAGE = f"{HOST}/team/app:2"
TYPE = "kubernetes.io/dockerconfigjson"
CHOICE = Choice(namespaces=("team-a", "team-b"), accounts=("default",))
RELEASE = Release("privreg", "privreg", "privreg-pull", "privreg-credential", CHOICE)
GOOD = Secret("privreg-pull", TYPE, "privreg/privreg", (HOST,), "cluster", Login.ACCEPTED)

# What a Pod of a real cluster said, with another host and another image.
RESOLVE = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
UNAUTHORIZED = f"{RESOLVE}pulling from host {HOST} failed with status code [manifests 2]: 401 Unauthorized"
HEAD = f'{RESOLVE}failed to do request: Head "https://{HOST}/v2/team/app/manifests/2": '


def pod(words: str, image: str = IMAGE, reason: str = "ImagePullBackOff", **more: object) -> Pod:
    answer = more.pop("answer", Image.NOT_ASKED)
    tags = more.pop("tags", ())
    failure = Failure(image, reason, words, answer, tags)  # type: ignore[arg-type]
    return Pod("team-a", "app", images=(image,), failures=(failure,), **more)  # type: ignore[arg-type]


def found(it: Pod, place: Place | None = None, release: Release | None = RELEASE) -> list[Finding]:
    whole = place or Place("team-a", {"privreg-pull": GOOD}, {"default": ("privreg-pull",)})
    return list(diagnose(Facts(HOST, release, places=(replace(whole, pods=(it,)),))))


def only(it: Pod, place: Place | None = None, release: Release | None = RELEASE) -> Finding:
    (finding,) = found(it, place, release)
    assert finding.remedy
    assert finding.where == "Pod team-a/app"
    return finding


@pytest.mark.parametrize(
    ("words", "trouble"),
    [
        (HEAD + "x509: certificate signed by unknown authority", "certificate-unknown"),
        (
            HEAD + "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "certificate-unknown",
        ),
        (HEAD + "x509: “registry” certificate is not trusted", "certificate-unknown"),
        (
            HEAD + "x509: certificate has expired or is not yet valid: current time 2026-11-25T00:34:16Z is after "
            "2026-11-01T00:00:00Z",
            "certificate-expired",
        ),
        (
            HEAD + "x509: certificate has expired or is not yet valid: current time 2020-11-25T00:34:16Z is before "
            "2026-11-01T00:00:00Z",
            "certificate-not-yet-valid",
        ),
        (HEAD + f"x509: certificate is valid for ingress.local, not {HOST}", "certificate-names"),
        (HEAD + "x509: certificate is not valid for any names, but wanted to match x", "certificate-names"),
        (HEAD + "http: server gave HTTP response to HTTPS client", "plain-http"),
        (HEAD + "tls: first record does not look like a TLS handshake", "plain-http"),
        (HEAD + f"dial tcp: lookup {HOST} on 10.0.0.2:53: no such host", "node-dns"),
        (HEAD + f"dial tcp: lookup {HOST} on 10.0.0.2:53: read udp 10.0.0.5:4->10.0.0.2:53: i/o timeout", "node-dns"),
        (HEAD + "dial tcp 10.88.0.2:443: connect: connection refused", "unreachable"),
        (HEAD + "dial tcp 10.88.0.2:443: i/o timeout", "unreachable"),
        (HEAD + "net/http: TLS handshake timeout", "unreachable"),
        (HEAD + "EOF", "unreachable"),
        (RESOLVE + f"{IMAGE}: not found", "no-image"),
        (RESOLVE + "unexpected status from HEAD request to https://x/v2/: 403 Forbidden", "denied"),
        (RESOLVE + "unexpected status from HEAD request to https://x/v2/: 503 Service Unavailable", "no-backend"),
        (RESOLVE + "unexpected status from HEAD request to https://x/v2/: 504 Gateway Timeout", "no-backend"),
        (RESOLVE + "unexpected status from HEAD request to https://x/v2/: 500 Internal Server Error", "server-error"),
        (RESOLVE + "unexpected status from HEAD request to https://x/v2/: 429 Too Many Requests", "too-many-requests"),
        (f"reading manifest 2 in {HOST}/team/app: manifest unknown", "no-image"),
        ("failed to extract layer: write /var/lib/containerd/x: no space left on device", "node-disk-full"),
        (f'failed to pull and unpack image "{IMAGE}": no match for platform in manifest: not found', "platform"),
        ("the runtime went fishing", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_a_node_says_is_explained(words: str, trouble: str) -> None:
    assert only(pod(words)).trouble == trouble


def test_a_node_s_unknown_words_are_passed_on() -> None:
    assert "says: the runtime went fishing" in only(pod("x\nthe runtime went fishing")).what


def test_words_in_the_name_of_an_image_are_not_taken_for_a_trouble() -> None:
    image = f"{HOST}/unauthorized/no-such-host:401-Unauthorized"
    assert only(pod(f'"{image}": connection refused', image)).trouble == "unreachable"


@pytest.mark.parametrize(
    ("reason", "words", "trouble"),
    [
        (
            "InvalidImageName",
            f'couldn\'t parse image name "{HOST}/Team/app:1": invalid reference format: repository name must be lower',
            "image-name",
        ),
        ("ErrImageNeverPull", f'Container image "{IMAGE}" is not present with pull policy of Never', "never-pulled"),
    ],
)
def test_a_node_that_does_not_even_ask_is_explained(reason: str, words: str, trouble: str) -> None:
    assert only(pod(words, f"{HOST}/Team/app:1", reason, answer=Image.NO_REPOSITORY)).trouble == trouble


@pytest.mark.parametrize("words", [HEAD + "x509: certificate signed by unknown authority", RESOLVE + ": not found"])
def test_an_image_that_is_not_there_is_named_even_where_containerd_blames_the_certificate(words: str) -> None:
    no_tag = only(pod(words, answer=Image.NO_TAG, tags=("1", "latest")))
    assert (no_tag.trouble, no_tag.what) == ("no-tag", "the repository team/app has no 2; it has 1, latest")
    assert only(pod(words, answer=Image.NO_REPOSITORY)).trouble == "no-repository"
    assert only(pod(words, answer=Image.DENIED)).trouble == "denied"


def test_a_missing_tag_and_a_missing_credential_are_both_told() -> None:
    it = pod(UNAUTHORIZED, answer=Image.NO_TAG)
    assert [each.trouble for each in found(it, Place("team-a", {}, {}))] == ["no-secret", "no-tag"]


@pytest.mark.parametrize(
    ("image", "trouble", "remedy"),
    [
        ("team/app:1", "other-registry", f"write {HOST}/team/app if"),
        ("app", "other-registry", f"write {HOST}/app if"),
        ("registry.example.co/team/app:1", "other-registry", "not of"),
        (f"{HOST}:5000/team/app:1", "port", f"write {HOST}/team/app without a port"),
    ],
)
def test_an_image_of_another_registry_is_named(image: str, trouble: str, remedy: str) -> None:
    finding = only(pod(UNAUTHORIZED, image))
    assert finding.trouble == trouble
    assert remedy in finding.what + finding.remedy


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("app", ("docker.io", "app", "latest")),
        ("team/app:1", ("docker.io", "team/app", "1")),
        ("localhost/app", ("localhost", "app", "latest")),
        ("host:5000/app", ("host:5000", "app", "latest")),
        (f"{HOST}/a/b/c:v1@sha256:00", (HOST, "a/b/c", "sha256:00")),
    ],
)
def test_the_name_of_an_image_is_taken_apart_as_docker_does(image: str, parts: tuple[str, str, str]) -> None:
    assert parse(image) == Reference(*parts)


def test_a_pod_that_waits_for_no_image_is_well() -> None:
    assert not found(Pod("team-a", "app", images=(IMAGE,)))


# --- 401: from the Secret over the ServiceAccount to the Pod


def test_a_namespace_without_the_secret_is_told_how_to_get_it() -> None:
    finding = only(pod(UNAUTHORIZED), Place("team-c", {"privreg-pull": None}, {"default": ()}))
    assert finding.trouble == "no-secret"
    assert "add team-c to pullSecrets.namespaces" in finding.remedy
    assert "pull-secret --output commands --namespace team-c" in finding.remedy


def test_a_namespace_that_is_named_and_was_not_served_is_not_told_to_be_named() -> None:
    finding = only(pod(UNAUTHORIZED), Place("team-a", {"privreg-pull": None}, {"default": ()}))
    assert finding.trouble == "no-secret"
    assert "add" not in finding.remedy
    assert "helm upgrade" in finding.remedy


@pytest.mark.parametrize(("account", "remedy"), [("default", "run `helm upgrade`"), ("builder", "add builder to")])
def test_a_service_account_that_does_not_name_the_secret_is_told(account: str, remedy: str) -> None:
    place = Place("team-a", {"privreg-pull": GOOD}, {"default": ("theirs",), "builder": ()})
    finding = only(pod(UNAUTHORIZED, account=account), place)
    assert finding.trouble == "account-not-patched"
    assert remedy in finding.remedy
    assert "delete the Pods" in finding.remedy


@pytest.mark.parametrize(
    ("changed", "choice", "reason", "step"),
    [
        ({}, {"namespaces": ("team-b",)}, "is not chosen in pullSecrets", "add team-a to pullSecrets.namespaces"),
        (
            {},
            {"namespaces": ("*",), "excluded": ("kube-*", "team-?")},
            "it is excluded by team-? in pullSecrets.excludeNamespaces",
            "take team-? out of pullSecrets.excludeNamespaces",
        ),
        (
            {"opted_out": True},
            {},
            'the namespace has the annotation privreg.io/opt-out: "true"',
            "remove the annotation privreg.io/opt-out from namespace team-a",
        ),
        (
            {"labels": {"env": "prod"}},
            {"namespaces": (), "selector": (("env", "In", ("dev",)),)},
            "is not chosen in pullSecrets",
            "add team-a to pullSecrets.namespaces",
        ),
        (
            {"opted_out": True},
            {"own": "team-a", "excluded": ("team-*",)},
            ': the namespace has the annotation privreg.io/opt-out: "true"',
            "remove the annotation privreg.io/opt-out from namespace team-a and run `helm upgrade`",
        ),
    ],
)
def test_what_keeps_a_namespace_from_being_served_is_named(
    changed: dict[str, Any], choice: dict[str, Any], reason: str, step: str
) -> None:
    release = replace(RELEASE, choice=replace(CHOICE, **choice))
    place = replace(Place("team-a", {"privreg-pull": None}, {"default": ()}), **changed)
    finding = only(pod(UNAUTHORIZED), place, release)
    assert finding.trouble == "no-secret"
    assert finding.what.endswith(reason)
    assert finding.remedy.startswith(step)
    assert "; or `privreg-values pull-secret --output commands --namespace team-a`" in finding.remedy


@pytest.mark.parametrize(
    "choice",
    [
        Choice(namespaces=("team-*",)),
        Choice(selector=(("env", "In", ("dev",)),)),
        Choice(own="team-a", excluded=("team-*",)),
    ],
)
def test_a_namespace_that_is_chosen_and_was_not_served_is_led_to_what_serves_it(choice: Choice) -> None:
    place = Place("team-a", {"privreg-pull": None}, {"default": ()}, labels={"env": "dev"})
    hook = only(pod(UNAUTHORIZED), place, replace(RELEASE, choice=choice))
    assert hook.what == "namespace team-a has no pull Secret (privreg-pull)"
    assert hook.remedy == "run `helm upgrade`, which delivers it, and see what the Job says about this namespace"
    watched = replace(RELEASE, choice=choice, watcher="deployment/privreg-pull-secrets")
    log = "`kubectl logs deployment/privreg-pull-secrets --namespace privreg`"
    assert log in only(pod(UNAUTHORIZED), place, watched).remedy


def test_several_obstacles_are_told_together() -> None:
    release = replace(RELEASE, choice=replace(CHOICE, excluded=("team-*",)))
    finding = only(pod(UNAUTHORIZED), Place("team-c", {"privreg-pull": None}, {}, opted_out=True), release)
    for step in ("remove the annotation", "take team-* out", "add team-c to"):
        assert step in finding.remedy


@pytest.mark.parametrize(
    ("account", "opted_out", "reason", "step"),
    [
        ("ci-build", (), "", "run `helm upgrade`"),
        ("builder", (), ": builder is not in pullSecrets.serviceAccounts", "add builder to pullSecrets.serviceAccount"),
        (
            "ci-build",
            ("ci-build",),
            ': the ServiceAccount has the annotation privreg.io/opt-out: "true"',
            "remove the annotation privreg.io/opt-out from ServiceAccount ci-build",
        ),
    ],
)
def test_what_keeps_a_service_account_from_the_reference_is_named(
    account: str, opted_out: tuple[str, ...], reason: str, step: str
) -> None:
    release = replace(RELEASE, choice=replace(CHOICE, accounts=("default", "ci-*")))
    place = Place("team-a", {"privreg-pull": GOOD}, {account: ()}, opted_out_accounts=frozenset(opted_out))
    finding = only(pod(UNAUTHORIZED, account=account), place, release)
    assert finding.trouble == "account-not-patched"
    assert finding.what.endswith(f"does not name the Secret privreg-pull{reason}")
    assert finding.remedy.startswith(step)
    if reason:
        assert f"--namespace team-a --service-account {account}`" in finding.remedy


def test_with_admission_alone_a_pod_without_the_reference_is_older_than_the_policy() -> None:
    release = replace(RELEASE, choice=replace(CHOICE, accounts=()))
    finding = only(pod(UNAUTHORIZED), Place("team-a", {"privreg-pull": GOOD}, {"default": ()}), release)
    assert finding.trouble == "older-pod"
    assert "older than the policy" in finding.what
    assert finding.remedy.startswith("delete it; its successor gets them")


def test_with_admission_alone_a_pod_is_not_sent_to_its_service_account() -> None:
    release = replace(RELEASE, choice=replace(CHOICE, accounts=()))
    place = Place("team-a", {"privreg-pull": GOOD, "theirs": None}, {"default": ()})
    finding = only(pod(UNAUTHORIZED, references=("theirs",)), place, release)
    assert finding.remedy == "name privreg-pull in the Pod's imagePullSecrets too"


def test_where_delivery_is_off_that_is_said() -> None:
    release = Release("privreg", "privreg", source_secret="privreg-credential")
    finding = only(pod(UNAUTHORIZED), Place("team-a", {}, {"default": ()}), release)
    assert finding.trouble == "no-references"
    assert "pullSecrets.enabled is false" in finding.what
    assert finding.remedy.startswith("set pullSecrets.enabled to true, add team-a to pullSecrets.namespaces")
    assert not diagnose(Facts(HOST, release, places=(Place("team-a", served=True),)))


def test_a_pod_that_is_older_than_the_reference_is_to_be_deleted() -> None:
    finding = only(pod(UNAUTHORIZED))
    assert finding.trouble == "older-pod"
    assert "delete it" in finding.remedy


def test_a_pod_with_references_of_its_own_is_told_the_name_of_ours() -> None:
    place = Place("team-a", {"privreg-pull": GOOD, "theirs": Secret("theirs", TYPE, hosts=("x.y",))}, {})
    finding = only(pod(UNAUTHORIZED, references=("theirs",)), place)
    assert finding.trouble == "wrong-host"
    assert finding.remedy.startswith("name privreg-pull in the Pod's imagePullSecrets too")


@pytest.mark.parametrize(
    ("secret", "trouble", "what"),
    [
        (None, "no-secret", "the Secret theirs is not in namespace team-z"),
        (Secret("theirs", "Opaque"), "wrong-type", "is of type Opaque"),
        (Secret("theirs", TYPE, fault="it has no key .dockerconfigjson"), "wrong-content", "no key .dockerconfigjson"),
        (
            Secret("theirs", TYPE, hosts=("registry.example.co", "docker.io")),
            "wrong-host",
            f"has a login for registry.example.co, docker.io, and none for {HOST}",
        ),
        (
            Secret("theirs", TYPE, hosts=(HOST,), user="jane", login=Login.REFUSED),
            "refused",
            "refuses the login of jane",
        ),
        (Secret("theirs", TYPE, hosts=(HOST,), user="jane", login=Login.ACCEPTED), "retry", "is good now"),
    ],
)
def test_what_is_wrong_with_a_secret_that_the_pod_names_is_told(secret: Secret | None, trouble: str, what: str) -> None:
    place = Place("team-z", {"theirs": secret, "privreg-pull": None}, {})
    finding = only(pod(UNAUTHORIZED, references=("theirs",)), place)
    assert finding.trouble == trouble
    assert what in finding.what


def test_a_copy_of_ours_that_is_refused_is_brought_up_to_date_by_helm() -> None:
    place = Place("team-a", {"privreg-pull": replace(GOOD, login=Login.REFUSED)}, {"default": ("privreg-pull",)})
    finding = only(pod(UNAUTHORIZED, references=("privreg-pull",)), place)
    assert finding.trouble == "refused"
    assert finding.remedy.startswith("run `helm upgrade`")


def test_without_a_release_a_pod_without_references_is_told_so() -> None:
    finding = only(pod(UNAUTHORIZED), Place("team-a", {}, {}), release=None)
    assert finding.trouble == "no-references"


@pytest.mark.parametrize("references", [(), ("theirs",)])
def test_where_secrets_may_not_be_read_the_pod_is_still_explained(references: tuple[str, ...]) -> None:
    assert only(pod(UNAUTHORIZED, references=references), Place("team-a", None, None)).trouble == "unauthorized"


# --- Namespaces as such


def of_namespace(place: Place) -> list[str]:
    return [it.trouble for it in diagnose(Facts(HOST, RELEASE, places=(replace(place, served=True),)))]


@pytest.mark.parametrize(
    ("secret", "accounts", "troubles"),
    [
        (GOOD, {"default": ("privreg-pull",)}, []),
        (None, {"default": ("privreg-pull",)}, ["no-secret"]),
        (Secret("privreg-pull", TYPE, "", (HOST,), "x", Login.ACCEPTED), {"default": ()}, ["foreign-secret"]),
        (replace(GOOD, release="other/privreg"), {"default": ()}, ["foreign-secret"]),
        (replace(GOOD, login=Login.REFUSED), {"default": ("privreg-pull",)}, ["refused"]),
        (GOOD, {"default": ("theirs",)}, ["account-not-patched"]),
        (GOOD, {}, ["no-account"]),
        (GOOD, None, []),
    ],
)
def test_a_namespace_is_looked_at_before_a_pod_fails(
    secret: Secret | None, accounts: dict[str, tuple[str, ...]] | None, troubles: list[str]
) -> None:
    assert of_namespace(Place("team-a", {"privreg-pull": secret}, accounts)) == troubles


def test_service_accounts_that_fit_a_pattern_are_looked_at_unless_they_opt_out() -> None:
    release = replace(RELEASE, choice=replace(CHOICE, accounts=("ci-*",)))
    accounts: dict[str, tuple[str, ...]] = {"default": (), "ci-a": ("privreg-pull",), "ci-b": (), "ci-c": ()}
    place = Place("team-a", {"privreg-pull": GOOD}, accounts, served=True, opted_out_accounts=frozenset({"ci-c"}))
    (finding,) = diagnose(Facts(HOST, release, places=(place,)))
    assert finding.what.startswith("the ServiceAccount ci-b of namespace team-a does not name")


def test_a_secret_of_our_name_is_not_foreign_where_nothing_is_to_be_delivered() -> None:
    by_hand = replace(GOOD, release="")
    place = Place("team-c", {"privreg-pull": by_hand}, {"default": ("privreg-pull",)}, served=True)
    assert not diagnose(Facts(HOST, RELEASE, places=(place,)))


def test_the_source_of_the_copies_is_not_foreign_in_its_own_namespace() -> None:
    release = replace(RELEASE, secret_name="theirs", source_secret="theirs")
    source = Secret("theirs", TYPE, "", (HOST,), "cluster", Login.ACCEPTED)
    place = Place("privreg", {"theirs": source}, {"default": ("theirs",)}, served=True)
    assert not diagnose(Facts(HOST, release, places=(place,)))
