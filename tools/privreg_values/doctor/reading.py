"""Makes facts of the objects that the API server gives."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from privreg_values.cluster.kubectl import Object, is_name
from privreg_values.cluster.pods import in_order, statuses, words
from privreg_values.doctor.facts import Failure, Pod, Refusal
from privreg_values.pull_secret.docker_config import SECRET_KEY, Credential, logins
from privreg_values.registry.client import printable

OWNER = "privreg.io/release"  # the annotation of a delivered Secret, and of an Event about one (files/delivery.py)
REFUSED = "PullSecretRefused"  # the reason of that Event
_PULLING = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
}


def pod(it: Object, events: Sequence[Object] = ()) -> Pod:
    """Read a Pod.

    Args:
        it: The Pod.
        events: Its warnings.
    """
    metadata, spec = it["metadata"], it["spec"]
    images = {each["name"]: _harmless(each["image"]) for each in _containers(spec)}
    failures = []
    for status in statuses(it, debugging=True):
        waiting = status["state"].get("waiting") or {}
        if waiting.get("reason") in _PULLING and status["name"] in images:
            image = images[status["name"]]
            failures.append(Failure(image, waiting["reason"], _words(image, waiting.get("message", ""), events)))
    return Pod(
        metadata["namespace"],
        metadata["name"],
        spec.get("serviceAccountName") or "default",
        names(spec.get("imagePullSecrets")),
        tuple(images.values()),
        tuple(failures),
    )


def names(references: Iterable[Object] | None) -> tuple[str, ...]:
    """Give the names in imagePullSecrets."""
    return tuple(_harmless(it["name"]) for it in references or () if it.get("name"))


def owner(it: Object) -> str:
    """Give the release that delivered a Secret or wrote an Event, as NAMESPACE/NAME; empty where none did."""
    return str((it["metadata"].get("annotations") or {}).get(OWNER, ""))


def refusals(events: Iterable[Object]) -> tuple[Refusal, ...]:
    """Read the Events about Secrets that stand in the way of delivery, the latest last."""
    found = (_refusal(it) for it in in_order(events) if it.get("reason") == REFUSED)
    return tuple(it for it in found if it)


def _refusal(event: Object) -> Refusal | None:
    """Read one; None where its names are none: they become part of a command that somebody types."""
    secret, release = str(event["involvedObject"].get("name", "")), owner(event)
    namespace, _, name = release.partition("/")
    if not all(map(is_name, (secret, namespace, name))):
        return None
    whose = str(event.get("message") or "").removeprefix(f"Secret {secret} ").partition(";")[0]
    return Refusal(secret, release, printable(whose), printable(str(event.get("lastTimestamp") or "")))


def credentials(secret: Object) -> dict[str, Credential]:
    """Give the logins in a Secret by host.

    Raises:
        ValueError: it holds something else; the message says what.
    """
    data = (secret.get("data") or {}).get(SECRET_KEY)
    if data is None:
        raise ValueError(f"it has no key {SECRET_KEY}")
    return logins(base64.b64decode(data).decode("utf-8", "replace"))


def waits(it: Object) -> list[str]:
    """Say why a Pod does not run: the words about its containers, and about itself."""
    found = [it.get("status", {})]
    for status in statuses(it):
        state = {**status.get("lastState", {}), **status["state"]}
        found += [state[kind] for kind in ("waiting", "terminated") if kind in state]
    said = (f"{each.get('reason', '')}: {each.get('message', '')}".strip() for each in found)
    return [text for text in said if text not in (":", "Completed:", "ContainerCreating:", "PodInitializing:")]


def _harmless(text: str) -> str:
    """Give a text that Kubernetes does not check, without what a terminal would obey."""
    return "".join(it if it.isprintable() else " " for it in text)


def _containers(spec: Object) -> list[Object]:
    return [it for kind in ("initContainers", "containers", "ephemeralContainers") for it in spec.get(kind) or ()]


def _words(image: str, message: str, events: Sequence[Object]) -> str:
    """Say why: the kubelet's message, or where that is only about its waiting, the last event of a pull."""
    if message and message != f'Back-off pulling image "{image}"':
        return message
    said = [text for text in map(words, in_order(events)) if image in text and "Back-off pulling" not in text]
    return said[-1] if said else message
