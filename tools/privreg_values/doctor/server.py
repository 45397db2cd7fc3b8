"""Diagnoses the registry itself: its Pods, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from privreg_values.doctor.facts import Answers, Facts, Server
from privreg_values.doctor.findings import Finding
from privreg_values.doctor.server_words import HARMLESS, SERVER
from privreg_values.doctor.words import Meaning, each
from privreg_values.registry.client import printable

SKEW = 60  # seconds that clocks may differ


def opinions(where: str, events: Sequence[str], log: str) -> list[Finding]:
    """Say what is wrong with a Pod of the chart, as far as its words tell.

    Args:
        where: The Pod, such as "Pod privreg/privreg-0".
        events: The kubelet's words: the reason and message of each warning and of each container that waits.
        log: The last lines of its containers.
    """
    lines = [*events, *log.splitlines()]
    ill = [_finding(where, it, line) for it, line in each(SERVER, lines)]
    well = [Finding(it.trouble, where, it.what, it.remedy, harmless=True) for it, _ in each(HARMLESS, lines)]
    return [*ill, *well]


def likeliest(where: str, events: Sequence[str], log: Sequence[str]) -> Finding | None:
    """Give the one opinion that counts for a Pod whose words are shown beside it; None where they tell nothing.

    Args:
        where: The Pod.
        events: As above; they tell more about a Pod that does not run than its log.
        log: The last lines of its containers.
    """
    for lines in (events, log):
        for meaning, line in each(SERVER, lines):
            told = meaning.told(line)
            return Finding(told.trouble, where, told.what, told.remedy)
    return None


def _finding(where: str, meaning: Meaning, line: str) -> Finding:
    told = meaning.told(line)
    what = told.what if told != meaning else f"{told.what}: {_gist(line)}"  # one that quotes the line says enough
    return Finding(told.trouble, where, what, told.remedy)


def pods(facts: Facts) -> list[Finding]:
    """Say what is wrong with the registry's Pods, where they are looked at."""
    if facts.servers is None:
        return []
    if not facts.servers:
        where = f"release {facts.release}"
        remedy = "see `kubectl describe deployment`, and whether replicas is 0"
        return [Finding("no-pod", where, "there is no Pod of the registry", remedy)]
    return [found for server in facts.servers for found in _pod(server)]


def _pod(server: Server) -> list[Finding]:
    events = () if server.ready else (*server.waits, *server.events)  # the events of a Pod that serves are over
    log = "\n".join(server.logs.values())
    found = opinions(str(server), events, log)
    if server.ready or not all(it.harmless for it in found):
        return found
    last = next((text for text in reversed((*server.events, *server.waits, *log.splitlines())) if text.strip()), "")
    what = f"the registry's Pod is not ready; the last that was heard: {printable(last) or 'nothing'}"
    return [Finding("not-ready", str(server), what, "see `kubectl describe pod` and `kubectl logs` of it"), *found]


def _gist(line: str) -> str:
    """Give what a line is about: of the registry's log the detail of the error, of other lines all."""
    detail = re.search(r'err\.detail="([^"]*)"', line)
    return printable(detail.group(1) if detail else line)


def answers(host: str, said: Answers) -> list[Finding]:
    """Say what is wrong with what the registry answers, seen from this machine."""
    found = [
        Finding(f"registry-{step.name}", f"{host}, seen from here", step.detail, step.remedy)
        for step in said.steps
        if not step.ok
    ]
    if abs(said.skew) > SKEW:
        side = "ahead of" if said.skew > 0 else "behind"
        what = f"the clock of the registry is {abs(said.skew):.0f} s {side} that of this machine"
        remedy = "set both by NTP; certificates and tokens are good for a time"
        found.append(Finding("clock-skew", f"{host}, seen from here", what, remedy))
    return found
