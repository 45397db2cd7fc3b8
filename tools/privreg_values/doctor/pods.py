"""Diagnoses Pods that do not get their images."""

from __future__ import annotations

from dataclasses import dataclass

from privreg_values.doctor.delivery import Delivery
from privreg_values.doctor.facts import Facts, Failure, Image, Place, Pod
from privreg_values.doctor.findings import Finding
from privreg_values.doctor.names import Reference, parse
from privreg_values.doctor.node_words import NODE, UNASKED, UNAUTHORIZED
from privreg_values.doctor.words import first
from privreg_values.registry.client import printable


def diagnose(facts: Facts, place: Place, pod: Pod) -> list[Finding]:
    """Say why a Pod does not get its images; nothing where it does."""
    return [found for failure in pod.failures for found in _Case(facts, place, pod, failure).explain()]


@dataclass(frozen=True)
class _Case:
    """One container that does not get its image."""

    facts: Facts
    place: Place
    pod: Pod
    failure: Failure

    def explain(self) -> list[Finding]:
        """Say what is known for sure; the node's words are believed where nothing is."""
        return (
            self._unasked()
            or self._elsewhere()
            or [*self._unknown_user(), *self._no_image()]
            or [self._as_the_node_says()]
        )

    @property
    def name(self) -> Reference:
        """The parts of the image's name."""
        return parse(self.failure.image)

    @property
    def words(self) -> str:
        """What the node says, without the image's name, which could look like anything."""
        said, name = self.failure.words, self.name
        path, asked = f"/v2/{name.repository}/manifests/{name.reference}", f"[manifests {name.reference}]"
        for part in (self.failure.image, f"{name.host}/{name.repository}", path, asked):
            said = said.replace(part, "")
        return f"{self.failure.reason}: {said}"

    def _unasked(self) -> list[Finding]:
        meaning = first(UNASKED, self.words)
        return [self._finding(meaning.trouble, meaning.what, meaning.remedy)] if meaning else []

    def _elsewhere(self) -> list[Finding]:
        """An image of another registry: often the host was forgotten, or has a port."""
        host, there = self.facts.host, self.name
        if there.host == host:
            return []
        if there.host.partition(":")[0] == host:
            what = f"the image {self.failure.image} names the port {there.host.partition(':')[2]}"
            remedy = f"write {host}/{there.repository} without a port: https is on 443, where the ingress serves it"
            return [self._finding("port", what, remedy)]
        what = f"the image {self.failure.image} is not of {host} but of {there.host}"
        return [self._finding("other-registry", what, f"write {host}/{there.repository} if it is to come from there")]

    def _unknown_user(self) -> list[Finding]:
        """The node came without a login that the registry knows."""
        return Delivery(self.facts, self.place).of_pod(self.pod) if UNAUTHORIZED.search(self.words) else []

    def _no_image(self) -> list[Finding]:
        """What the registry says counts more than the node's words.

        containerd tries the server of hosts.toml when a [host] has not the image. Then the last thing that it
        says is that it does not trust the certificate, because the ca stands below [host] only.
        """
        there, answer = self.name, self.failure.answer
        if answer == Image.NO_REPOSITORY:
            what = f"there is no repository {there.repository} in the registry"
            return [self._finding("no-repository", what, "correct the name of the image, or push it")]
        if answer == Image.NO_TAG:
            known = f"; it has {', '.join(self.failure.tags)}" if self.failure.tags else ""
            what = f"the repository {there.repository} has no {there.reference}{known}"
            return [self._finding("no-tag", what, "correct the tag or the digest of the image, or push it")]
        if answer == Image.DENIED:
            what = f"the user whose credential the Pod has may not pull from {there.repository}"
            remedy = "name the repository in that user's repositories (auth.users), or use another credential"
            return [self._finding("denied", what, remedy)]
        return []

    def _as_the_node_says(self) -> Finding:
        meaning = first(NODE, self.words)
        if meaning:
            told = meaning.told(self.words, host=self.facts.host)
            return self._finding(told.trouble, told.what, told.remedy)
        if UNAUTHORIZED.search(self.words):
            remedy = "see the Secrets that the Pod names in imagePullSecrets, as somebody who may read them"
            return self._finding("unauthorized", "the registry does not know the login that the node sends", remedy)
        said = printable(self.failure.words.strip().splitlines()[-1]) if self.failure.words.strip() else "nothing"
        what = f"the node does not get {self.failure.image}, and says: {said}"
        return self._finding("unknown", what, "see the events of the Pod: kubectl describe pod")

    def _finding(self, trouble: str, what: str, remedy: str) -> Finding:
        return Finding(trouble, str(self.pod), what, remedy)
