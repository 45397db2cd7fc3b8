"""A thousand namespaces with three ServiceAccounts each, half of which have entries of others."""

import json
import time
from collections.abc import Callable
from functools import partial

from bench.delivery.site import Site
from bench.errors import BenchError
from kubernetes_api import Api, Json
from reconciling import in_parallel

NAMESPACES = 1000
ACCOUNTS = ("default", "builder", "deployer")  # the first is made by Kubernetes
PATIENCE = 300.0  # seconds for Kubernetes to make them
OTHERS: Json = {
    "metadata": {"annotations": {"example.com/owner": "somebody else"}},
    "imagePullSecrets": [{"name": "theirs"}, {"name": "theirs-too"}],
}


def populate(site: Site) -> None:
    """Make everything.

    Raises:
        BenchError: Kubernetes did not make the ServiceAccounts `default`.
    """
    _for_each(site, _make)
    deadline = time.monotonic() + PATIENCE
    while len(snapshot(site.admin)) < NAMESPACES * len(ACCOUNTS):
        if time.monotonic() > deadline:
            raise BenchError(f"ServiceAccounts `default` are still missing after {PATIENCE:.0f} s")
        time.sleep(1)
    _for_each(site, _give_default)


def snapshot(api: Api) -> dict[str, str]:
    """What others may have written in each ServiceAccount, as it is served: {namespace/name: JSON}."""
    found: dict[str, str] = {}

    def see(account: Json) -> None:
        metadata = account["metadata"]
        if metadata["namespace"].startswith("bench-"):
            theirs = [account.get("imagePullSecrets"), metadata.get("annotations"), metadata.get("labels")]
            found[f"{metadata['namespace']}/{metadata['name']}"] = json.dumps(theirs)

    api.each("/api/v1/serviceaccounts", see)
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> int:
    """How many ServiceAccounts of an earlier snapshot are not the same in a later one."""
    return sum(after.get(place) != account for place, account in before.items())


def _for_each(site: Site, task: Callable[[int, Api], None]) -> None:
    """Run `task` for the number of each namespace, over several connections."""
    in_parallel(site.admin, lambda: site.connect("admin"), [partial(task, number) for number in range(NAMESPACES)])


def _make(number: int, api: Api) -> None:
    namespace = f"bench-{number:04}"
    api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    for place, name in enumerate(ACCOUNTS[1:], 1):
        given = OTHERS if (number + place) % 2 == 0 else {"metadata": {}}
        account = {**given, "metadata": {**given["metadata"], "name": name}}
        api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", account)


def _give_default(number: int, api: Api) -> None:
    if number % 2 == 0:
        api.patch(f"/api/v1/namespaces/bench-{number:04}/serviceaccounts/{ACCOUNTS[0]}", OTHERS)
