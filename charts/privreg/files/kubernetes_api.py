"""A small client of the Kubernetes API: standard library only, for programs that run in a Pod."""

from __future__ import annotations

import json
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlencode

IDENTITY = Path("/var/run/secrets/kubernetes.io/serviceaccount")  # where a Pod finds its token and the CA
REQUEST_TIMEOUT = 10.0  # seconds
REQUEST_ATTEMPTS = 6  # for an API server that is busy, restarting or out of reach
CONFLICT_ATTEMPTS = 20  # for an object that others write at the same time
PAGE = 250  # objects that a list is read by
WATCH_SECONDS = 300  # after which the API server ends a watch, and it is begun again where it was
TELLING = ("exceeded quota", "cannot create resource", "admission webhook", "ValidatingAdmissionPolicy", "denied")
KEEPALIVE = ((socket.TCP_KEEPIDLE, 15), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))  # seconds, seconds, times

Json = dict[str, Any]
T = TypeVar("T")


class ApiError(Exception):
    """The API server said no, or could not be spoken to; `status` is its HTTP status, or 0."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Pace:
    """Holds requests back to so many a second, of all threads together."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Sleep until the next request may be sent."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        time.sleep(turn - now)


class ProbedConnection(HTTPSConnection):
    """A connection that notices when the other end is gone: a watch is silent for long."""

    def connect(self) -> None:
        """Connect, and have the kernel probe."""
        super().connect()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE:
            self.sock.setsockopt(socket.IPPROTO_TCP, option, value)


class Api:
    """The Kubernetes API, spoken to as the Pod's ServiceAccount over one connection, by one thread.

    Args:
        host: the API server's name or address.
        port: its port.
        identity: the folder with `token` and `ca.crt`.
        pace: how fast requests may be sent; None: as fast as they are answered.

    Every call raises ApiError, when it is refused or when retries did not help.
    """

    def __init__(self, host: str, port: int, identity: Path = IDENTITY, pace: Pace | None = None) -> None:
        self._token = identity / "token"
        self._pace = pace
        try:
            context = ssl.create_default_context(cafile=identity / "ca.crt")
        except OSError as error:
            raise ApiError(0, f"{identity / 'ca.crt'}: {error}") from None
        # The CAs and certificates of many running clusters lack the extensions that Python >= 3.13 asks
        # for (python/cpython#138193); the chain and the host name are verified all the same.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self._connection = ProbedConnection(host, port, timeout=REQUEST_TIMEOUT, context=context)

    @classmethod
    def in_cluster(cls, pace: Pace | None = None) -> Api:
        """The API server that the kubelet tells every Pod about."""
        try:
            host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
            return cls(host, port, pace=pace)
        except KeyError as error:
            raise ApiError(0, f"{error.args[0]} is not set: this program runs in a Pod") from None

    def __enter__(self) -> Api:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; the next request makes another."""
        self._connection.close()

    def get(self, path: str) -> Json | None:
        """The object at `path`, or None."""
        try:
            return self._request("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def each(self, path: str, see: Callable[[Json], None], **query: str) -> str:
        """Show every object of the collection at `path` to `see`; returns the version that the list was read at.

        It is read in pages. When they have become too old in between it starts over, and `see` is shown
        objects again.
        """
        while True:
            try:
                return self._pages(path, see, query)
            except ApiError as error:
                if error.status != 410:
                    raise

    def _pages(self, path: str, see: Callable[[Json], None], query: dict[str, str]) -> str:
        query = query | {"limit": str(PAGE)}
        while True:
            page = self._request("GET", f"{path}?{urlencode(query)}")
            for item in page.get("items") or []:
                see(item)
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                return str(page["metadata"]["resourceVersion"])

    def watch(self, path: str, version: str, **query: str) -> Iterator[Json]:
        """The events in the collection at `path` since `version`, bookmarks too, until the API server ends the watch.

        Raises:
            ApiError: it is refused, or breaks; with status 410 when the version is too old, so that only a list
                tells what is there.
        """
        query |= {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version}
        target = f"{path}?{urlencode(query | {'timeoutSeconds': str(WATCH_SECONDS)})}"
        try:
            response = self._open("GET", target, None)
            if response.status != 200:
                raise ApiError(response.status, f"GET {path}: {response.status} {_explanation(response.read(), None)}")
            if self._connection.sock:  # not where the answer ends the connection
                self._connection.sock.settimeout(WATCH_SECONDS + REQUEST_TIMEOUT)
            for line in response:
                event = parse_object(line)
                if not isinstance(event.get("object"), dict):  # half a line: the other end has gone
                    raise ApiError(0, f"watching {path}: it broke off")
                if event.get("type") == "ERROR":
                    status = event["object"]
                    raise ApiError(int(status.get("code", 0)), f"watching {path}: {status.get('message', '')}")
                yield event
        except (OSError, HTTPException) as error:
            raise ApiError(0, f"watching {path}: {error or type(error).__name__}") from None
        finally:
            self._connection.close()

    def create(self, path: str, item: Json) -> None:
        """Create `item` in the collection at `path`."""
        self._request("POST", path, item)

    def patch(self, path: str, change: Json) -> None:
        """Merge `change` into the object at `path` (RFC 7396: null removes a key, lists are replaced)."""
        self._request("PATCH", path, change)

    def delete(self, path: str, item: Json) -> None:
        """Delete the object at `path` if it is still exactly `item`."""
        preconditions = {key: item["metadata"][key] for key in ("uid", "resourceVersion")}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}
        self._request("DELETE", path, options)

    def delete_with_dependents(self, path: str) -> None:
        """Delete the object at `path`, if there is one; it stays until all that it made has gone."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}
        try:
            self._request("DELETE", path, options)
        except ApiError as error:
            if error.status != 404:
                raise

    def _request(self, method: str, path: str, body: Json | None = None) -> Json:
        """Send one request; again, after a pause, while the API server cannot be reached or is busy."""
        wait = 0.0
        for attempt in range(REQUEST_ATTEMPTS):
            time.sleep(wait)
            if self._pace:
                self._pace.wait()
            wait = pause(attempt, first=0.25, most=8.0)
            try:
                status, text, retry_after = self._send(method, path, body)
            except (OSError, HTTPException) as error:
                self._connection.close()
                failure = ApiError(0, f"{method} {path}: {error or type(error).__name__}")
                if isinstance(error, ssl.SSLCertVerificationError):
                    break
            else:
                if status < 300:
                    return parse_object(text)
                failure = ApiError(status, f"{method} {path}: {status} {_explanation(text, body)}")
                if status != 429 and status < 500:
                    break
                wait = max(wait, retry_after)
        raise failure

    def _send(self, method: str, path: str, body: Json | None) -> tuple[int, bytes, float]:
        """One request; returns the status, the body, and the seconds that the answer asks us to wait."""
        response = self._open(method, path, body)
        text = response.read()
        retry_after = response.headers.get("Retry-After", "")
        return response.status, text, min(float(retry_after), 30.0) if retry_after.isdecimal() else 0.0

    def _open(self, method: str, path: str, body: Json | None) -> HTTPResponse:
        """Send one request; returns the answer, whose body is yet to be read."""
        patching = method == "PATCH"
        headers = {
            "Authorization": f"Bearer {self._token.read_text().strip()}",  # the kubelet renews it
            "Accept": "application/json",
            "Content-Type": "application/merge-patch+json" if patching else "application/json",
            "User-Agent": "privreg/1",  # its first part is the manager in an object's managedFields
        }
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        return self._connection.getresponse()


def again_on_conflict(api: Api, path: str, seen: Json | None, change: Callable[[Json | None], T]) -> T:
    """Run `change`, which decides and writes, on the object at `path` as it was seen.

    When others have written it since, `change` starts over with the object as it is then.
    """
    item = seen
    for attempt in range(CONFLICT_ATTEMPTS):
        try:
            return change(item)
        except ApiError as error:
            if error.status != 409 or attempt == CONFLICT_ATTEMPTS - 1:
                raise
        time.sleep(pause(attempt, first=0.02, most=1.0))
        item = api.get(path)
    raise AssertionError("the last attempt returns or raises")


def parse_object(text: str | bytes) -> Json:
    """The JSON object in `text`, or an empty one; people write it too, into annotations."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _explanation(text: bytes, sent: Json | None) -> str:
    """What a Status says. Its message may repeat what was sent: where that is a Secret, only known words are shown."""
    status = parse_object(text)
    reason, message = str(status.get("reason", "")), str(status.get("message", ""))
    if sent is not None and "data" in sent:
        causes = (status.get("details") or {}).get("causes") or []
        known = [words for words in TELLING if words in message]
        return ", ".join([reason, *(str(cause.get("reason", "")) for cause in causes), *known])
    return f"{reason}: {' '.join(message.split())}"[:500]


def pause(attempt: int, first: float, most: float) -> float:
    """Seconds to wait after the given failed attempt: growing, and never in step with other clients."""
    doubled = first * 2.0 ** min(attempt, 30)  # for years of attempts a float has no room
    return random.uniform(0.5, 1.0) * min(most, doubled)  # noqa: S311 - no secret
