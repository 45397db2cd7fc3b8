"""The words of the interview: what a person reads at a question, and what a script is told."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from privreg_values.cluster.facts import Facts
from privreg_values.generate.choices import Choices
from privreg_values.generate.proposals import ASSUMED, NONE
from privreg_values.generate.questions import Question
from privreg_values.terminal import Style
from privreg_values.values.nodes import Value

WELCOME = "Enter takes what is in [brackets]; Ctrl-C leaves, and nothing is written."


def question_lines(question: Question, style: Style) -> list[str]:
    """Give what stands above the prompt; nothing for a question without options."""
    if not question.options:
        return []
    width = max(map(len, question.options))
    lines = ["", style.paint(question.about, "bold") + f" ({question.flag})"]
    for option, meaning in question.options.items():
        lines.append(f"  {option:<{width}}  {style.wrap(meaning, width + 4)}".rstrip())
    if question.is_free:
        lines.append("  or another name")
    meaning = question.options.get(question.default or "", "")
    if question.reason not in (ASSUMED, "") and question.reason not in meaning:
        lines.append(style.wrap(_as_sentence(question), 0))
    return lines


def _as_sentence(question: Question) -> str:
    return f"{question.default}: {question.reason}" if question.default else question.reason


def prompt(question: Question) -> str:
    """Give the line that a person answers at."""
    usual = f" [{question.default}]" if question.default else ""
    return f"Answer{usual}: " if question.options else f"{question.about} ({question.flag}){usual}: "


def known_text(question: Question) -> str:
    """Say what was answered without asking, and why."""
    return f"{question.about} {question.default}: {question.reason} ({question.flag})"


def open_text(question: Question) -> str:
    """Say what could not be answered without asking."""
    names = ", ".join(option for option in question.options if option != NONE)
    return f"{question.reason}: {names}; choose one with {question.flag}"


def assumed_text(questions: Sequence[Question]) -> str:
    """Say what was assumed where no cluster was read."""
    assumed = (f"{it.options.get(it.default or '', it.default)} ({it.flag})" for it in questions)
    return f"assumed: {'; '.join(assumed)}"


def facts_text(facts: Facts) -> str:
    """Say what a cluster has."""
    parts = [
        _listed("ingress class", "ingress classes", facts.ingress_classes),
        _listed("ClusterIssuer", "ClusterIssuers", facts.issuers) if facts.cert_manager else "no cert-manager",
        _listed("storage class", "storage classes", facts.storage_classes),
        "Gateway API" if facts.gateway_api else "no Gateway API",
    ]
    name = f" {facts.cluster}" if facts.cluster else ""
    return f"cluster{name}: {'; '.join(parts)}"


def _listed(one: str, many: str, found: Sequence[object] | None) -> str:
    if found is None:
        return f"{many} that you may not see"
    names = ", ".join(getattr(it, "name", "") for it in found)
    return f"{one if len(found) == 1 else many} {names}" if names else f"no {one}"


def profile_text(name: str, choices: Choices) -> str:
    """Say what a profile chose."""
    values: dict[str, Value] = {}
    for it in choices.settings(complete=False):
        values.setdefault(it.option, it.value)  # of several, the first is what the option says
    options = (option if value is True else f"{option} {shlex.quote(str(value))}" for option, value in values.items())
    return f"profile {name}: {' '.join(options)}"
