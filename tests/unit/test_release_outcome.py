"""What is said when an application has ended, and what to type next."""

import pytest

from privreg_values.release.apply import Outcome
from privreg_values.release.report import outcome_text
from privreg_values.release.target import Target
from privreg_values.terminal import Style

TARGET = Target("privreg", "registry")


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
    text = "\n".join(
        outcome_text(outcome, TARGET, "registry.example.com", (), Style(colour=False, symbols=True, width=80))
    )
    for part in said:
        assert part in text
