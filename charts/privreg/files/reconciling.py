"""One look at the cluster, and what has to be written so that it is as the chart wants it.

A look is a few lists, however many namespaces there are; after it, only what differs is written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import delivery
from choosing import Settings
from delivery import Place, Refused
from kubernetes_api import Api, ApiError, Json

WORKERS = 4  # connections that write at the same time
BY_ONE = 8  # namespaces that are not worth more than one connection

Connect = Callable[[], Api]


@dataclass(frozen=True)
class Plan:
    """What is to become of namespaces.

    Attributes:
        wants: whether a namespace is served.
        patch: what a ServiceAccount needs, given whether its namespace is served; None for nothing.
        serve: writes what one place needs.
        delivers: whether something is to be there in the end; not where all is only taken back.
    """

    wants: Callable[[Json], bool]
    patch: Callable[[Json, bool], Json | None]
    serve: Callable[[Api, Place], None]
    delivers: bool = True


def delivery_plan(settings: Settings, credential: str) -> Plan:
    """Serve the namespaces that are chosen, and take back what is ours in all others."""

    def patch(account: Json, wanted: bool) -> Json | None:
        if wanted and settings.chooses_account(account):
            return delivery.with_reference(account, settings)
        return delivery.without_reference(account, settings)

    def serve(api: Api, place: Place) -> None:
        if place.wanted:
            delivery.put_secret(api, settings, credential, place)
        delivery.change_accounts(api, place, lambda account: patch(account, place.wanted))
        if not place.wanted:
            delivery.delete_secret(api, settings, place)

    return Plan(settings.chooses, patch, serve)


def withdrawal_plan(settings: Settings) -> Plan:
    """Take back what is ours, everywhere."""
    nothing = replace(settings, own=False, namespaces=(), selector=None)
    return replace(delivery_plan(nothing, ""), delivers=False)


def retirement_plan(settings: Settings, target: Settings) -> Plan:
    """Take back what `settings` delivered and `target` will not, with the rights that `settings` gave.

    What `target` will deliver under another name gets that name now, with the content that it has.
    """
    renamed = settings.secret_name != target.secret_name

    def patch(account: Json, wanted: bool) -> Json | None:
        if not (wanted and target.chooses_account(account)):
            return delivery.without_reference(account, settings)
        return delivery.with_renamed_reference(account, settings, target.secret_name) if renamed else None

    def serve(api: Api, place: Place) -> None:
        if renamed and place.wanted:
            delivery.copy_secret(api, settings, target, place)
        delivery.change_accounts(api, place, lambda account: patch(account, place.wanted))
        if renamed or not place.wanted:
            delivery.delete_secret(api, settings, place)

    return Plan(target.chooses, patch, serve, delivers=False)


def reconcile(api: Api, connect: Connect, settings: Settings, plan: Plan, only: Collection[str] = ()) -> list[Place]:
    """Look at the namespaces, and write what the plan says; what fails in one does not stop the others.

    Args:
        api: A connection.
        connect: Makes further ones.
        settings: Where there are rights, and the name of the Secret.
        plan: What is to become of the namespaces.
        only: The namespaces to look at; empty: all in which there are rights.

    Raises:
        ApiError: the namespaces could not be looked at.
    """
    places = look(api, settings, plan, only)
    in_parallel(api, connect, [partial(serve, plan, place) for place in places])
    return places


def serve(plan: Plan, place: Place, api: Api) -> None:
    """Write what one place needs, and note in it what came of that."""
    if place.failed:
        return
    try:
        plan.serve(api, place)
    except Refused as refusal:
        place.refused.append(str(refusal))
    except ApiError as error:
        if is_leaving(error):
            place.done.append("is being deleted")
        elif plan.delivers and is_denied(error):
            place.refused.append(str(error))
        else:
            place.failed.append(str(error))


def look(api: Api, settings: Settings, plan: Plan, only: Collection[str]) -> list[Place]:
    """What is there, and which ServiceAccounts need something."""
    if settings.everywhere and not only:
        return _look_into(api, settings, plan, _all_namespaces(api, plan), "")
    places: list[Place] = []
    for name in only or settings.named:
        try:
            namespace = api.get(f"/api/v1/namespaces/{name}")
            found = {name: _place(namespace, plan)} if namespace else {}
            places += _look_into(api, settings, plan, found, name) if found else []
        except ApiError as error:
            places.append(_unseen(name, plan, error))
    return places


def _unseen(name: str, plan: Plan, error: ApiError) -> Place:
    """A namespace that could not be looked at: where its Role is not, it is as a rule not there either.

    A namespace that was deleted, or that an upgrade named in vain, stops nobody from taking back all the rest.
    """
    if plan.delivers or error.status != 403:
        return Place(name, wanted=True, failed=[str(error)])
    return Place(name, wanted=False, refused=["there is no right to look into it: it has gone, or its Role has"])


def _all_namespaces(api: Api, plan: Plan) -> dict[str, Place]:
    found: dict[str, Place] = {}

    def see(namespace: Json) -> None:
        found[namespace["metadata"]["name"]] = _place(namespace, plan)

    api.each("/api/v1/namespaces", see)
    return found


def _place(namespace: Json, plan: Plan) -> Place:
    return Place(namespace["metadata"]["name"], plan.wants(namespace), uid=namespace["metadata"]["uid"])


def _look_into(api: Api, settings: Settings, plan: Plan, found: dict[str, Place], scope: str) -> list[Place]:
    """Find the Secrets of our name and the ServiceAccounts that need something in `scope`; empty: everywhere."""

    def see_secret(secret: Json) -> None:
        if place := found.get(secret["metadata"]["namespace"]):
            place.secret = secret

    def see_account(account: Json) -> None:
        metadata = account["metadata"]
        place = found.get(metadata["namespace"])
        if not place:
            return
        place.there.add(metadata["name"])
        if plan.patch(account, place.wanted):
            place.accounts[metadata["name"]] = account

    # The API server counts this as a request for that name, so that a right to that name is enough.
    api.each(collection("secrets", scope), see_secret, fieldSelector=f"metadata.name={settings.secret_name}")
    api.each(collection("serviceaccounts", scope), see_account)
    return list(found.values())


def collection(resource: str, scope: str) -> str:
    """The API path of all objects of a core resource in a namespace, or everywhere."""
    return f"/api/v1/namespaces/{scope}/{resource}" if scope else f"/api/v1/{resource}"


def is_leaving(error: ApiError) -> bool:
    """Whether the API server said that the namespace is on its way out, or gone."""
    return error.status == 404 or (error.status == 403 and "NamespaceTerminating" in str(error))


def is_denied(error: ApiError) -> bool:
    """Whether a quota or a policy of the namespace does not let it in: no fault of ours, and none that passes."""
    return any(words in str(error) for words in ("exceeded quota", "denied"))


def in_parallel(api: Api, connect: Connect, tasks: Sequence[Callable[[Api], None]]) -> None:
    """Run tasks: a few with the one connection, many with several of their own."""
    if len(tasks) <= BY_ONE:
        for task in tasks:
            task(api)
        return
    mine = threading.local()
    opened: list[Api] = []

    def run(task: Callable[[Api], None]) -> None:
        if not hasattr(mine, "api"):
            mine.api = connect()
            opened.append(mine.api)
        task(mine.api)

    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            for _ in pool.map(run, tasks):
                pass
    finally:
        for each in opened:
            each.close()
