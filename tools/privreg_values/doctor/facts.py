"""What the diagnoses are made from: plain facts, collected before anything is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from privreg_values.cluster.releases import Release
from privreg_values.registry.reach import Step


class Login(StrEnum):
    """What the registry says to a credential."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_ASKED = "not asked"


class Image(StrEnum):
    """What the registry says about an image."""

    THERE = "there"
    NO_TAG = "no tag"
    NO_REPOSITORY = "no repository"
    DENIED = "denied"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Failure:
    """A container that does not get its image.

    Args:
        image: The image, as the Pod names it.
        reason: The kubelet's reason, such as ImagePullBackOff.
        words: What the kubelet and the container runtime say about it.
        answer: What the registry says about the image, asked from here.
        tags: Some tags that the repository has, where it has not this one.
    """

    image: str
    reason: str
    words: str
    answer: Image = Image.NOT_ASKED
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pod:
    """A Pod, as far as it pulls.

    Args:
        namespace: Its namespace.
        name: Its name.
        account: Its ServiceAccount.
        references: The names in its imagePullSecrets.
        images: The images of its containers.
        failures: Its containers that do not get their image.
    """

    namespace: str
    name: str
    account: str = "default"
    references: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()

    def __str__(self) -> str:
        return f"Pod {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Secret:
    """A Secret that somebody refers to.

    Args:
        name: Its name.
        type: Its type.
        release: The release that delivered it, as NAMESPACE/NAME; empty for a foreign one.
        hosts: The hosts that it has a login for.
        user: Who logs in at the registry with it; empty where it has no login for that host.
        login: What the registry says to that.
        fault: Why its content cannot be read; empty when it can.
    """

    name: str
    type: str
    release: str = ""
    hosts: tuple[str, ...] = ()
    user: str = ""
    login: Login = Login.NOT_ASKED
    fault: str = ""


@dataclass(frozen=True)
class Refusal:
    """That a release left a namespace's Secret alone, as the Event PullSecretRefused tells (files/delivery.py).

    Args:
        secret: The Secret's name.
        release: The release that found it in its way, as NAMESPACE/NAME.
        whose: Whose the Secret was: "was not made by privreg", or "belongs to release …".
        time: When that was.
    """

    secret: str
    release: str
    whose: str
    time: str


@dataclass(frozen=True)
class Place:
    """One namespace.

    Args:
        name: Its name.
        secrets: Secrets by name, None for those that are not there; the whole is None where they may not be read.
        accounts: The imagePullSecrets of ServiceAccounts by name; None likewise.
        pods: The Pods that are looked at.
        served: It is looked at also where no Pod fails.
        labels: Its labels; none where it may not be read.
        opted_out: It has the annotation that keeps it from being served.
        opted_out_accounts: Its ServiceAccounts that have that annotation.
        refusals: What releases told it of Secrets in their way; Events are there for an hour, so it may be over.
    """

    name: str
    secrets: Mapping[str, Secret | None] | None = field(default_factory=dict)
    accounts: Mapping[str, tuple[str, ...]] | None = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()
    served: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    opted_out: bool = False
    opted_out_accounts: frozenset[str] = frozenset()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What the registry itself says, asked from here.

    Args:
        steps: The way to it, step by step.
        skew: Seconds that its clock is ahead of this machine's.
    """

    steps: tuple[Step, ...] = ()
    skew: float = 0.0


@dataclass(frozen=True)
class Server:
    """A Pod of the registry.

    Args:
        namespace: Its namespace.
        name: Its name.
        ready: It serves.
        waits: Why its containers wait or ended, with the kubelet's words.
        events: The messages of its warnings.
        logs: The last lines of each container.
    """

    namespace: str
    name: str
    ready: bool
    waits: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"Pod {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Facts:
    """All facts.

    Args:
        host: The registry's name.
        release: Its release; None where it was not found.
        answers: What the registry says.
        places: The namespaces that are looked at.
        servers: The registry's Pods; None where they are not looked at.
        context: The context of the kubeconfig that was asked for; the current one when empty.
    """

    host: str
    release: Release | None = None
    answers: Answers = Answers()
    places: tuple[Place, ...] = ()
    servers: tuple[Server, ...] | None = None
    context: str = ""
