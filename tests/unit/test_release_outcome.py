"""What is said when an application has ended, and what to type next."""

import re
import shlex
from collections.abc import Sequence

import pytest

from privreg_values.release.apply import Outcome
from privreg_values.release.report import outcome_text, removed_text
from privreg_values.release.target import Target
from privreg_values.release.uninstall import Removal
from privreg_values.terminal import Style

TARGET = Target("privreg", "registry")
ELSEWHERE = Target("privreg", "registry", "prod eu")
CONTEXT = {"helm": "--kube-context", "kubectl": "--context", "privreg-values": "--context"}


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (
            Outcome(revision=2, status="deployed", before=2, interrupted=True),
            ["release privreg in namespace registry: revision 2 is in force; nothing was changed", "begin again with "],
        ),
        (
            Outcome(revision=3, status="failed", before=2, interrupted=True),
            ["revision 3 is failed", "`helm rollback privreg 2 --namespace registry`, or go on with "],
        ),
        (
            Outcome(revision=1, status="failed", interrupted=True),
            ["revision 1 is failed", "take it away with ", ", or go on with "],
        ),
        (
            Outcome(revision=3, status="pending-upgrade", before=2, interrupted=True),
            ["revision 3 is pending-upgrade", "`helm rollback privreg 2 --namespace registry`, then go on with "],
        ),
        (
            Outcome(revision=1, status="pending-install", interrupted=True),
            ["revision 1 is pending-install", "take it away with ", ", then go on with "],
        ),
        (Outcome(interrupted=True), ["there is no release privreg", "begin again with "]),
        (
            Outcome(revision=4, status="deployed", before=2, restored=True, error="no"),
            ["revision 2 is in force again, as revision 4", "mend what is said above"],
        ),
    ],
)
def test_each_end_says_what_to_type_next(outcome: Outcome, said: list[str]) -> None:
    text = text_of(outcome, TARGET)
    for part in said:
        assert part in text


@pytest.mark.parametrize(
    ("outcome", "programs"),
    [
        (Outcome(interrupted=True), ["privreg-values"]),
        (Outcome(revision=1, status="failed", error="no"), ["privreg-values", "privreg-values"]),
        (Outcome(revision=2, status="deployed", before=2, interrupted=True), ["privreg-values"]),
        (Outcome(revision=3, status="failed", before=2, interrupted=True), ["helm", "privreg-values"]),
        (Outcome(revision=4, status="deployed", before=2, restored=True, error="no"), ["privreg-values"]),
        (Outcome(revision=4, status="failed", before=2, error="no", rollback_error="no"), ["helm"]),
    ],
)
def test_each_command_to_type_next_is_for_the_same_cluster(outcome: Outcome, programs: list[str]) -> None:
    commands = commands_in(text_of(outcome, ELSEWHERE))
    assert [it[0] for it in commands] == programs
    for command in commands:
        assert command[command.index(CONTEXT[command[0]]) + 1] == "prod eu"


def test_the_command_that_shows_what_was_applied_is_for_the_same_cluster() -> None:
    text = text_of(Outcome(revision=1, status="deployed"), ELSEWHERE)
    assert "privreg-values status --namespace registry --context 'prod eu'\n" in text


def test_what_an_uninstall_kept_is_deleted_in_the_same_cluster() -> None:
    removal = Removal([], [("PersistentVolumeClaim", "privreg")], "", "")
    delete = ["kubectl", "delete", "persistentvolumeclaim", "privreg", "--namespace", "registry"]
    for target, context in ((TARGET, []), (ELSEWHERE, ["--context", "prod eu"])):
        assert commands_in("\n".join(removed_text(removal, target, []))) == [[*delete, *context]]


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(interrupted=True),
        Outcome(revision=1, status="failed", error="no"),
        Outcome(revision=2, status="deployed", before=2, interrupted=True),
        Outcome(revision=3, status="failed", before=2, interrupted=True),
        Outcome(revision=4, status="deployed", before=2, restored=True, error="no"),
    ],
)
def test_it_is_the_same_files_that_are_applied_again(outcome: Outcome) -> None:
    for files in ([], ["other.yaml", "of prod.yaml"]):
        again = commands_in(text_of(outcome, TARGET, files))[-1]
        assert again == ["privreg-values", "apply", *files, "--namespace", "registry"]


def test_after_other_values_files_than_the_usual_ones_it_is_their_host_that_is_checked() -> None:
    outcome = Outcome(revision=1, status="deployed")
    assert text_of(outcome, TARGET).endswith("\n            privreg-values check")
    assert text_of(outcome, TARGET, ["other.yaml"]).endswith("privreg-values check --host registry.example.com")


def text_of(outcome: Outcome, target: Target, files: Sequence[str] = ()) -> str:
    style = Style(colour=False, symbols=True, width=80)
    return "\n".join(outcome_text(outcome, target, (), style, files=files, host="registry.example.com"))


def commands_in(text: str) -> list[list[str]]:
    return [shlex.split(it) for it in re.findall("`([^`]+)`", text)]
