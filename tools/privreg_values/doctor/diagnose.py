"""Makes findings from facts; nothing here asks anybody."""

from __future__ import annotations

from privreg_values.doctor import pods, server
from privreg_values.doctor.delivery import Delivery
from privreg_values.doctor.facts import Facts
from privreg_values.doctor.findings import Finding


def diagnose(facts: Facts) -> tuple[Finding, ...]:
    """Say what is wrong, each thing once: first the registry, then namespaces and their Pods."""
    found = [*server.pods(facts), *server.answers(facts.host, facts.answers)]
    for place in facts.places:
        if place.served:
            found += Delivery(facts, place).of_namespace()
        for pod in place.pods:
            found += pods.diagnose(facts, place, pod)
    return tuple(dict.fromkeys(found))
