"""A Secret that stands in the way of delivery: the doctor's opinion, from the Secret or from the Event about it."""

from dataclasses import replace

import pytest

from privreg_values.cluster.choice import Choice
from privreg_values.cluster.releases import Release
from privreg_values.doctor.diagnose import diagnose
from privreg_values.doctor.facts import Facts, Login, Place, Refusal, Secret
from tests.unit.test_doctor_pods import CHOICE, GOOD, HOST, RELEASE, TYPE, UNAUTHORIZED, only, pod

FOREIGN = Secret("privreg-pull", TYPE, "", ("docker.io",))
REFUSED = Refusal("privreg-pull", "privreg/privreg", "was not made by privreg", "2026-01-31T12:00:00Z")
TOLD = (
    "the Secret privreg-pull of namespace team-a was not made by privreg, so release privreg/privreg leaves it alone "
    "and delivers nothing there (Event PullSecretRefused of 2026-01-31T12:00:00Z)"
)


@pytest.mark.parametrize(
    ("secrets", "accounts", "release"),
    [
        ({"privreg-pull": FOREIGN}, {"default": ()}, RELEASE),
        (None, {"default": ()}, RELEASE),  # Secrets may not be read
        ({"privreg-pull": FOREIGN}, {"default": ()}, None),  # the release may not be read
        (None, None, None),
    ],
)
def test_who_refused_and_what_to_do_is_told_by_the_event_whatever_else_may_be_read(
    secrets: dict[str, Secret | None] | None, accounts: dict[str, tuple[str, ...]] | None, release: Release | None
) -> None:
    place = Place("team-a", secrets, accounts, refusals=(REFUSED,))
    finding = only(pod(UNAUTHORIZED), place, release)
    assert (finding.trouble, finding.what) == ("foreign-secret", TOLD)
    assert finding.remedy == (
        "if nobody needs it, `kubectl delete secret privreg-pull --namespace team-a`, and then run `helm upgrade`, "
        "which delivers it; otherwise choose another name in pullSecrets.name of release privreg/privreg"
    )
    (same,) = diagnose(Facts(HOST, release, places=(replace(place, served=True),)))
    assert (same.where, same.what) == ("namespace team-a", TOLD)


def test_the_commands_to_type_are_for_the_cluster_that_was_looked_at() -> None:
    place = Place("team-a", {"privreg-pull": FOREIGN}, {"default": ()}, served=True)
    (finding,) = diagnose(Facts(HOST, RELEASE, places=(place,), context="prod eu"))
    assert "`kubectl delete secret privreg-pull --namespace team-a --context 'prod eu'`" in finding.remedy
    watched, missing = replace(RELEASE, watcher="deployment/watcher"), replace(place, secrets={"privreg-pull": None})
    (finding,) = diagnose(Facts(HOST, watched, places=(missing,), context="prod eu"))
    assert f"`kubectl logs deployment/watcher --namespace {watched.namespace} --context 'prod eu'`" in finding.remedy


def test_where_something_watches_no_upgrade_is_needed_after_a_refusal() -> None:
    watched = replace(RELEASE, watcher="deployment/privreg-pull-secrets")
    finding = only(pod(UNAUTHORIZED), Place("team-a", {"privreg-pull": FOREIGN}, {"default": ()}), watched)
    assert "and deployment/privreg-pull-secrets then delivers its own" in finding.remedy
    assert "helm upgrade" not in finding.remedy
    assert "Event" not in finding.what


@pytest.mark.parametrize(
    ("secret", "release"), [(None, None), (replace(GOOD, login=Login.NOT_ASKED), None), (GOOD, RELEASE)]
)
def test_a_refusal_that_is_over_is_not_told(secret: Secret | None, release: Release | None) -> None:
    place = Place("team-a", {"privreg-pull": secret}, {"default": ("privreg-pull",)}, served=True, refusals=(REFUSED,))
    assert not diagnose(Facts(HOST, release, places=(place,)))


@pytest.mark.parametrize(
    ("refusal", "choice"),
    [
        (replace(REFUSED, release="other/privreg"), CHOICE),
        (replace(REFUSED, secret="other-pull"), CHOICE),
        (REFUSED, replace(CHOICE, excluded=("team-*",))),  # it was chosen when the Event was written
    ],
)
def test_a_refusal_that_is_no_matter_of_this_release_is_not_told(refusal: Refusal, choice: Choice) -> None:
    place = Place("team-a", None, {"default": ("privreg-pull",)}, refusals=(refusal,))
    release = replace(RELEASE, choice=choice)
    assert only(pod(UNAUTHORIZED), place, release).trouble == "unauthorized"
