"""Serves what comes later: namespaces and ServiceAccounts that are made, relabelled or reset, a new credential.

Each kind of object has a feed, a thread that lists it once and then watches it from there; a broken watch is
begun again where it was, and a list is read anew only when the API server no longer knows the version. One
thread reads what the feeds see, decides which namespaces need something, and has those looked at again: what
is written never follows from an event alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, Queue
from typing import NamedTuple

import delivery
from choosing import Settings
from delivery import Place, SourceError, read_credential
from kubernetes_api import Api, ApiError, Json, pause
from reconciling import Connect, collection, delivery_plan, reconcile

QUEUE = 200  # events that wait; a feed that is faster waits itself, so that memory is bounded
TOGETHER = 0.05  # seconds in which changes are gathered before they are looked at
MANY = 50  # namespaces; for more than these one look at all is cheaper
REFUSALS = 4  # an API server that has just started forbids what it will soon allow
POLL = 30.0  # seconds between two looks where watching is not allowed
RESYNC_EVERYWHERE = 600.0  # seconds between two looks at all, whatever the feeds saw
RESYNC_NAMED = 60.0  # the same where namespaces are named: a Role cannot allow to watch a namespace itself
NEVER = float("inf")

Say = Callable[[str], None]
Event = tuple[str, str, Json]  # resource, type, object
EVERYTHING: Event = ("", "", {})  # look at all again


class Subject(NamedTuple):
    """What a feed watches: a core resource in a namespace, or everywhere; of one name, or of any."""

    resource: str
    scope: str = ""
    name: str = ""


class Feed(threading.Thread):
    """Puts what happens to its subject into a queue, for ever."""

    def __init__(self, api: Api, queue: Queue[Event], say: Say, subject: Subject) -> None:
        super().__init__(daemon=True)
        self._api, self._queue, self._say, self._resource = api, queue, say, subject.resource
        self._path = collection(subject.resource, subject.scope)
        self._query = {"fieldSelector": f"metadata.name={subject.name}"} if subject.name else {}
        self._refusals = 0

    def run(self) -> None:
        """List and watch; list again when the watch cannot go on from where it was."""
        while True:
            try:
                version = self._api.each(self._path, lambda item: self._emit("LISTED", item), **self._query)
                self._queue.put(EVERYTHING)  # what was deleted before is in no list
                self._watch(version)
            except ApiError as error:
                if error.status != 410:
                    self._wait_out(error)
            except Exception as error:
                self._queue.put(("", "BROKEN", {"error": f"watching {self._path}: {error!r}"}))
                return

    def _watch(self, version: str) -> None:
        """Watch from `version` on, through interruptions.

        Raises:
            ApiError: with status 410, the version is too old; with 403, watching is not allowed.
        """
        failures = 0
        while True:
            try:
                for event in self._api.watch(self._path, version, **self._query):
                    version = event["object"]["metadata"]["resourceVersion"]
                    failures = self._refusals = 0
                    if event["type"] != "BOOKMARK":
                        self._emit(event["type"], event["object"])
            except ApiError as error:
                if error.status in (403, 410):
                    raise
                failures += 1
            time.sleep(pause(failures, first=0.1, most=10.0))

    def _wait_out(self, error: ApiError) -> None:
        """Wait until it is worth another try; longer each time that the API server forbids it."""
        if error.status != 403:
            self._say(str(error))
            time.sleep(pause(3, first=0.5, most=10.0))
            return
        self._refusals += 1
        if self._refusals == REFUSALS:
            self._say(f"{error}; all is looked at every {POLL:.0f} s instead")
        time.sleep(pause(self._refusals, first=0.2, most=POLL))

    def _emit(self, kind: str, item: Json) -> None:
        self._queue.put((self._resource, kind, item))


class Watcher:
    """Keeps the namespaces as the chart wants them.

    Args:
        connect: Makes connections to the API server.
        settings: What the chart wants.
        say: Takes lines for the log.
    """

    def __init__(self, connect: Connect, settings: Settings, say: Say) -> None:
        self._connect, self._settings, self._say = connect, settings, say
        self._api = connect()
        self._queue: Queue[Event] = Queue(QUEUE)
        self._credential = ""
        self._needs = delivery_plan(settings, "").patch  # what a ServiceAccount needs is no matter of the credential
        self._known: dict[str, tuple[str, bool]] = {}  # namespace: its uid, and whether it is served
        self._told: dict[str, list[str]] = {}  # refusals that the log has already
        self._all = True  # all are worth a look
        self._dirty: set[str] = set()  # or only these
        self._failed: set[str] = set()  # these are, at the time that follows
        self._again_at = NEVER
        self._blocked_until = 0.0  # nothing could be looked at: the API server, or the credential, is away
        self._failures = 0
        self._resync = RESYNC_EVERYWHERE if settings.everywhere else RESYNC_NAMED

    def run(self) -> None:
        """Serve, until the process ends.

        Raises:
            RuntimeError: a feed broke for a reason that is a fault of this program.
        """
        self._serve()
        for feed in self._feeds():
            feed.start()
        resync_at = time.monotonic() + self._resync
        while True:
            now = time.monotonic()
            if now >= resync_at:
                self._all, resync_at = True, now + self._resync
            if now >= self._again_at:
                self._dirty |= self._failed
                self._again_at = NEVER
            waiting = self._all or bool(self._dirty)
            if waiting and now >= self._blocked_until:
                self._serve()
                continue
            until = min(resync_at, self._again_at, self._blocked_until if waiting else NEVER)
            self._gather(until - now)

    def _feeds(self) -> list[Feed]:
        settings = self._settings
        scopes = [""] if settings.everywhere else settings.named
        subjects = [
            Subject("secrets", settings.release_namespace, settings.source_secret),
            *([Subject("namespaces")] if settings.everywhere else []),
            *(Subject("serviceaccounts", scope) for scope in scopes),
            *(Subject("secrets", scope, settings.secret_name) for scope in scopes),
        ]
        return [Feed(self._connect(), self._queue, self._say, subject) for subject in subjects]

    def _gather(self, seconds: float) -> None:
        """Wait for an event, and note it and those that come with it."""
        try:
            self._note(*self._queue.get(timeout=max(0.0, min(seconds, 3600.0))))
            until = time.monotonic() + TOGETHER
            while (left := until - time.monotonic()) > 0:
                self._note(*self._queue.get(timeout=left))
        except Empty:
            pass

    # --- What an event means

    def _note(self, resource: str, kind: str, item: Json) -> None:
        """Note which namespaces an event makes worth a look."""
        if kind == "BROKEN":
            raise RuntimeError(item["error"])
        if not resource:
            self._all = True
        elif resource == "namespaces":
            self._note_namespace(kind, item)
        elif resource == "serviceaccounts":
            self._note_account(kind, item)
        elif self._is_source(item):
            self._note_source(kind, item)
        else:
            self._note_secret(kind, item)

    def _note_namespace(self, kind: str, namespace: Json) -> None:
        name = namespace["metadata"]["name"]
        before = self._known.get(name)
        if kind == "DELETED":
            self._known.pop(name, None)
            return
        now = (namespace["metadata"]["uid"], self._settings.chooses(namespace))
        self._known[name] = now
        if now != before and (now[1] or before):
            self._dirty.add(name)

    def _note_account(self, kind: str, account: Json) -> None:
        name = account["metadata"]["namespace"]
        if kind == "DELETED" or name not in self._known:
            return
        if self._needs(account, self._known[name][1]):
            self._dirty.add(name)

    def _note_secret(self, kind: str, secret: Json) -> None:
        name = secret["metadata"]["namespace"]
        if name not in self._known:
            return
        ours = kind != "DELETED" and delivery.owns(secret, self._settings)
        served = self._known[name][1]
        right = ours and delivery.is_current(secret, self._credential) if served else not ours
        if not right:
            self._dirty.add(name)

    def _is_source(self, secret: Json) -> bool:
        metadata = secret["metadata"]
        place = (self._settings.release_namespace, self._settings.source_secret)
        return (metadata["namespace"], metadata["name"]) == place

    def _note_source(self, kind: str, secret: Json) -> None:
        if kind == "DELETED":
            self._say(f"Secret {self._settings.source_secret} was deleted; what is delivered stays")
        elif (secret.get("data") or {}).get(delivery.SECRET_KEY) != self._credential:
            self._all = True

    # --- What is done about it

    def _serve(self) -> None:
        """Look at what was noted; what fails is noted for later."""
        only = set() if self._all or len(self._dirty) > MANY else set(self._dirty)
        try:
            self._credential = read_credential(self._api, self._settings)
            plan = delivery_plan(self._settings, self._credential)
            places = reconcile(self._api, self._connect, self._settings, plan, only)
        except (ApiError, SourceError) as error:
            self._say(str(error))
            self._blocked_until = time.monotonic() + self._pause(most=10.0)
            return
        self._all = False
        self._dirty -= only or self._dirty
        self._remember(places, everything=not only)
        failed = {place.namespace for place in places if place.failed}
        waiting = self._failed - only if only else set()  # not looked at; one that has gone was, and is in neither
        self._failed = waiting | failed
        if failed:
            again_at = time.monotonic() + self._pause(most=60.0)
            self._again_at = min(again_at, self._again_at) if waiting else again_at
        elif not waiting:
            self._failures = 0

    def _pause(self, most: float) -> float:
        self._failures += 1
        return pause(self._failures, first=0.5, most=most)

    def _remember(self, places: list[Place], *, everything: bool) -> None:
        """Keep what was learned, and tell what was done."""
        if everything:
            self._known.clear()
        for place in places:
            if place.uid:
                self._known[place.namespace] = (place.uid, place.wanted)
            told = self._told.pop(place.namespace, [])
            if place.refused:
                self._told[place.namespace] = place.refused
            if place.done or place.failed or place.refused != told:
                self._say(str(place))
