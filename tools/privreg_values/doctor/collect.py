"""Collects the facts: from the cluster, and from the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from privreg_values.cluster import releases
from privreg_values.cluster.choice import opted_out
from privreg_values.cluster.kubectl import Kubectl, Object
from privreg_values.cluster.pods import in_order, statuses, words
from privreg_values.cluster.releases import Release
from privreg_values.doctor import reading
from privreg_values.doctor.asking import Registry
from privreg_values.doctor.facts import Failure, Image, Login, Place, Pod, Secret, Server
from privreg_values.doctor.names import parse
from privreg_values.errors import ClusterError, ForbiddenError
from privreg_values.pull_secret.docker_config import Credential, login_for

_T = TypeVar("_T")


def release_of(kubectl: Kubectl, host: str, *, name: str, namespace: str) -> tuple[Release | None, str]:
    """Find the release, and the host of its registry as its Secret has it.

    Args:
        kubectl: The cluster.
        host: The registry's name, as far as it is known.
        name: The release's name, as far as it is known.
        namespace: Its namespace likewise.

    Returns:
        None where there is none; an empty host where the Secret may not be read.

    Raises:
        ClusterError: several fit.
    """
    found = releases.find(kubectl, name=name, namespace=namespace)
    known = [(it, _host_of(kubectl, it)) for it in found]
    fitting = [(it, its) for it, its in known if its == host] or [(it, its) for it, its in known if not (its and host)]
    if not fitting:
        return None, ""
    release = releases.only([it for it, _ in fitting])
    return release, dict(fitting)[release]


def _host_of(kubectl: Kubectl, release: Release) -> str:
    try:
        secret = kubectl.get("secrets", release.source_secret, release.namespace) if release.source_secret else None
        return next(iter(reading.credentials(secret)), "") if secret else ""
    except (ForbiddenError, ValueError):
        return ""


@dataclass
class Collector:
    """Reads what the user may read.

    Args:
        kubectl: The cluster.
        registry: The registry.
        host: Its name.
        release: Its release; None where it was not found.
    """

    kubectl: Kubectl
    registry: Registry
    host: str
    release: Release | None
    unseen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._credentials: dict[tuple[str, str], Credential] = {}  # that are let in, by namespace and Secret
        self._copies: dict[str, Object] | None = None  # the delivered Secrets by namespace, once all were read
        self._accounts: dict[str, list[Object]] | None = None  # the ServiceAccounts likewise
        self._refusals: dict[str, list[Object]] | None = None  # Events about Secrets in the way of delivery likewise
        self._namespaces: dict[str, Object | None] = {}  # that were read

    def pod(self, namespace: str, name: str) -> Place:
        """Give a namespace with one Pod of it.

        Raises:
            ClusterError: it is not there, or may not be read.
        """
        it = self.kubectl.get("pods", name, namespace)
        if it is None:
            raise ClusterError(f"there is no Pod {name} in namespace {namespace}", "`kubectl get pods` lists them")
        return self._place(namespace, [reading.pod(it, self._warnings(namespace).get(name, []))])

    def namespace(self, name: str) -> Place:
        """Give a namespace with all its Pods.

        Raises:
            ClusterError: it is not there, or its Pods may not be read.
        """
        if self._namespace(name) is None:
            raise ClusterError(f"there is no namespace {name}", "`kubectl get namespaces` lists them")
        return replace(self._place(name, self._pods(name)), served=True)

    def everywhere(self) -> list[Place]:
        """Give all namespaces that get the Secret, and all where a Pod of this registry fails.

        What is in every namespace is read at once: there may be a thousand of them.
        """
        failing: dict[str, list[Pod]] = {}
        for pod in self._seen(lambda: self._pods(""), "Pods of all namespaces") or ():
            if any(parse(it.image).host.partition(":")[0] == self.host for it in pod.failures):
                failing.setdefault(pod.namespace, []).append(pod)
        self._accounts = self._seen(lambda: self._accounts_in(""), "ServiceAccounts of all namespaces")
        self._refusals = self._refusals_in("")
        served = set(self._served())
        return [
            replace(self._place(name, failing.get(name, [])), served=name in served)
            for name in sorted({*failing, *served})
        ]

    def servers(self) -> tuple[Server, ...] | None:
        """Give the Pods of the registry; None where the release is not known, or they may not be read."""
        release = self.release
        if release is None:
            return None
        labels = f"app.kubernetes.io/component=registry,app.kubernetes.io/instance={release.name}"
        where = f"Pods of namespace {release.namespace}"
        found = self._seen(lambda: self.kubectl.list("pods", release.namespace, labels=labels), where)
        if found is None:
            return None
        alive = [it for it in found if "deletionTimestamp" not in it["metadata"]]
        running = [it for it in alive if it["status"].get("phase") not in ("Failed", "Succeeded")]
        warnings = self._warnings(release.namespace)
        return tuple(self._server(it, warnings.get(it["metadata"]["name"], [])) for it in running or alive)

    def _server(self, it: Object, warnings: list[Object]) -> Server:
        namespace, name = it["metadata"]["namespace"], it["metadata"]["name"]
        conditions = {each["type"]: each["status"] for each in it["status"].get("conditions") or ()}
        logs = {each["name"]: self._log(name, namespace, each["name"]) for each in statuses(it)}
        waits = tuple(reading.waits(it))
        events = tuple(map(words, in_order(warnings)))
        return Server(namespace, name, conditions.get("Ready") == "True", waits, events, logs)

    def _log(self, pod: str, namespace: str, container: str) -> str:
        try:
            return self.kubectl.logs(pod, namespace, container=container, lines=1000, since="1h")
        except ForbiddenError as error:
            self._note(f"logs of namespace {namespace}", error)
        except ClusterError:  # it has not begun yet
            pass
        return ""

    def _served(self) -> Iterable[str]:
        """Give the namespaces that have the Secret or are chosen to get it."""
        release = self.release
        if release is None or not release.secret_name:
            return ()
        fields = f"metadata.name={release.secret_name}"
        found = self._seen(lambda: self.kubectl.list("secrets", fields=fields), "Secrets of all namespaces")
        there = self._seen(lambda: self.kubectl.list("namespaces"), "namespaces") or ()
        self._namespaces = {it["metadata"]["name"]: it for it in there if "deletionTimestamp" not in it["metadata"]}
        chosen = {name for name, it in self._namespaces.items() if it and release.choice.has(it)}
        if found is None:
            return chosen
        self._copies = {it["metadata"]["namespace"]: it for it in found}
        return {*chosen, *(name for name, it in self._copies.items() if reading.owner(it) == str(release))}

    def _namespace(self, name: str) -> Object | None:
        """Give a namespace, without labels and annotations where it may not be read; None where it is not there."""
        if name not in self._namespaces:
            try:
                self._namespaces[name] = self.kubectl.get("namespaces", name)
            except ForbiddenError as error:  # who may read Pods in it need not be allowed to read the namespace itself
                self._note(f"labels and annotations of namespace {name}", error)
                self._namespaces[name] = {"metadata": {"name": name}}
        return self._namespaces[name]

    def _pods(self, namespace: str) -> list[Pod]:
        found = self.kubectl.list("pods", namespace)
        waiting = {it.namespace for it in map(reading.pod, found) if it.failures}
        warnings = {name: self._warnings(name) for name in waiting}
        return [
            reading.pod(it, warnings.get(it["metadata"]["namespace"], {}).get(it["metadata"]["name"], []))
            for it in found
        ]

    def _warnings(self, namespace: str) -> dict[str, list[Object]]:
        """Give the warnings about Pods by Pod."""
        fields, what = "type=Warning,involvedObject.kind=Pod", f"events of namespace {namespace}"
        by_pod: dict[str, list[Object]] = {}
        for event in self._seen(lambda: self.kubectl.list("events", namespace, fields=fields), what) or ():
            by_pod.setdefault(event["involvedObject"]["name"], []).append(event)
        return by_pod

    def _place(self, name: str, pods: list[Pod]) -> Place:
        if self._accounts is None:
            found = self._seen(lambda: self._accounts_in(name), f"ServiceAccounts of namespace {name}")
        else:
            found = self._accounts
        accounts = {it["metadata"]["name"]: it for it in (found or {}).get(name, ())}
        references = {each: reading.names(it.get("imagePullSecrets")) for each, it in accounts.items()}
        told = self._refusals_in(name) if self._refusals is None else self._refusals
        refusals = reading.refusals(told.get(name, ()))
        namespace = self._namespace(name) or {"metadata": {}}
        in_the_way = {it.secret for it in refusals}
        secrets = self._secrets(name, pods, in_the_way)  # before the Pods, whose credentials are among them
        return Place(
            name,
            secrets,
            None if found is None else references,
            tuple(self._with_answers(it) for it in pods),
            labels=namespace["metadata"].get("labels") or {},
            opted_out=opted_out(namespace),
            opted_out_accounts=frozenset(each for each, it in accounts.items() if opted_out(it)),
            refusals=refusals,
        )

    def _accounts_in(self, namespace: str) -> dict[str, list[Object]]:
        found: dict[str, list[Object]] = {}
        for it in self.kubectl.list("serviceaccounts", namespace):
            found.setdefault(it["metadata"]["namespace"], []).append(it)
        return found

    def _refusals_in(self, namespace: str) -> dict[str, list[Object]]:
        """Give the Events that tell of Secrets in the way of delivery, by namespace; an empty name is all of them."""
        fields = f"reason={reading.REFUSED}"
        what = f"events of namespace {namespace}" if namespace else "events of all namespaces"
        found: dict[str, list[Object]] = {}
        for event in self._seen(lambda: self.kubectl.list("events", namespace, fields=fields), what) or ():
            found.setdefault(event["metadata"]["namespace"], []).append(event)
        return found

    def _secrets(self, namespace: str, pods: list[Pod], more: set[str]) -> dict[str, Secret | None] | None:
        """Give the Secrets that failing Pods name, the delivered one, and some more."""
        wanted = more | {name for pod in pods if pod.failures for name in pod.references}
        if self.release and self.release.secret_name:
            wanted.add(self.release.secret_name)
        return self._seen(
            lambda: {name: self._secret(namespace, name) for name in sorted(wanted)},
            f"Secrets of namespace {namespace}",
        )

    def _secret(self, namespace: str, name: str) -> Secret | None:
        if self._copies is not None and self.release and name == self.release.secret_name:
            it = self._copies.get(namespace)
        else:
            it = self.kubectl.get("secrets", name, namespace)
        if it is None:
            return None
        release = reading.owner(it)
        try:
            found = reading.credentials(it)
        except ValueError as error:
            return Secret(name, it.get("type", ""), release, fault=str(error))
        ours = login_for(self.host, found)
        if ours is None:
            return Secret(name, it.get("type", ""), release, tuple(found))
        login = self.registry.login(ours)
        if login == Login.ACCEPTED:
            self._credentials[namespace, name] = ours
        return Secret(name, it.get("type", ""), release, tuple(found), ours.user, login)

    def _with_answers(self, pod: Pod) -> Pod:
        """Ask the registry for the images that a Pod does not get, as the Pod if it has a credential."""
        names = pod.references
        own = next(
            (self._credentials[key] for name in names if (key := (pod.namespace, name)) in self._credentials), None
        )
        return replace(pod, failures=tuple(self._with_answer(it, own) for it in pod.failures))

    def _with_answer(self, failure: Failure, own: Credential | None) -> Failure:
        name = parse(failure.image)
        credential = (own or self._somebody()) if name.host == self.host else None
        if credential is None:
            return failure
        answer, tags = self.registry.image(name, credential)
        if answer == Image.DENIED and own is None:  # to somebody else, which says nothing about this Pod
            return failure
        return replace(failure, answer=answer, tags=tags)

    def _somebody(self) -> Credential | None:
        """Give a credential that is let in, for Pods that have none: one that was seen, or the release's."""
        release = self.release
        if not self._credentials and release and release.source_secret:
            source, home = release.source_secret, release.namespace
            self._seen(lambda: self._secret(home, source), f"Secrets of namespace {home}")
        return next(iter(self._credentials.values()), None)

    def _seen(self, read: Callable[[], _T], what: str) -> _T | None:
        """Read something; where the user may not, note that and give None."""
        try:
            return read()
        except ForbiddenError as error:
            self._note(what, error)
            return None

    def _note(self, what: str, error: ForbiddenError) -> None:
        note = f"{what}: {error.message}"
        if note not in self.unseen:
            self.unseen.append(note)
