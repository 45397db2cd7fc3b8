"""Namespaces that come later: how long until a Pod in them could pull."""

import random
import time

from bench.delivery.population import NAMESPACES
from bench.delivery.site import Site
from bench.errors import BenchError

PATIENCE = 120.0  # seconds
LOOK = 0.02  # seconds between two looks


def serve(site: Site, secret: str, count: int, within: float) -> list[float]:
    """Seconds from the creation of each of `count` namespaces to the reference in its ServiceAccount `default`.

    Each has a name somewhere among the others', and comes some time `within` so many seconds after the one before
    it was served: for a program that goes round and round, as many as a round has.

    Raises:
        BenchError: one was not served.
    """
    places = random.sample(range(NAMESPACES), count)
    seconds = []
    for place in places:
        time.sleep(random.uniform(0, within))  # noqa: S311 - no secret
        seconds.append(_serve(site, secret, f"bench-{place:04}-{secret}"))
    return seconds


def _serve(site: Site, secret: str, namespace: str) -> float:
    started = time.monotonic()
    site.admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    while time.monotonic() < started + PATIENCE:
        account = site.admin.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/default") or {}
        if {"name": secret} in (account.get("imagePullSecrets") or []):
            return time.monotonic() - started
        time.sleep(LOOK)
    raise BenchError(f"namespace {namespace} was not served within {PATIENCE:.0f} s")
