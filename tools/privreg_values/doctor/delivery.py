"""Diagnoses the way of a credential: from the Secret over the ServiceAccount to the Pod."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from privreg_values.cluster.choice import OPT_OUT, Choice
from privreg_values.doctor.facts import Facts, Login, Place, Pod, Refusal, Secret
from privreg_values.doctor.findings import Finding
from privreg_values.doctor.reading import REFUSED
from privreg_values.pull_secret.docker_config import SECRET_TYPE

_UPGRADE = "run `helm upgrade`, which delivers it"
_OPTED_OUT = f'has the annotation {OPT_OUT}: "true"'
_NAMESPACES = "pullSecrets.namespaces"
_ACCOUNTS = "pullSecrets.serviceAccounts"
_EXCLUDED = "pullSecrets.excludeNamespaces"


@dataclass(frozen=True)
class Delivery:
    """What should be in one namespace, and what is there."""

    facts: Facts
    place: Place

    @property
    def name(self) -> str:
        """The delivered Secret's name; empty where nothing is delivered, or no release was found."""
        return self.facts.release.secret_name if self.facts.release else ""

    def of_namespace(self) -> list[Finding]:
        """Say what keeps new Pods of the namespace from pulling."""
        where = f"namespace {self.place.name}"
        if found := self._refused(where):
            return found
        if not self.name:
            return []
        found = self._secret_faults(self.name, where)
        if not found:
            for account in self._chosen_accounts():
                found += self._account_fault(account, where)
        return found

    def of_pod(self, pod: Pod) -> list[Finding]:
        """Say why the registry does not know who this Pod is."""
        where = str(pod)
        if not pod.references:
            return self._refused(where) or self._without_references(pod)
        if self.place.secrets is None:
            return []
        by_name = {name: self._secret_faults(name, where, named=True) for name in pod.references}
        sound = [name for name, found in by_name.items() if not found]
        if sound:
            what = f"the Secret {sound[0]} that the Pod names is good now"
            return [
                Finding("retry", where, what, "wait until the kubelet tries again, at most 5 minutes, or delete it")
            ]
        faults = [fault for found in by_name.values() for fault in found]
        if self.name and self.name not in pod.references and not self._secret_faults(self.name, where):
            # Kubernetes gives a ServiceAccount's references only to Pods that have none of their own.
            remedy = f"name {self.name} in the Pod's imagePullSecrets too"
            if self._choice.accounts:
                remedy += "; or none, and it gets the ServiceAccount's"
            return [replace(fault, remedy=remedy) for fault in faults]
        return faults

    def _refused(self, where: str) -> list[Finding]:
        """Say what an Event tells of a Secret in the way, where the release or the Secret itself is not seen."""
        release, told = self.facts.release, self.place.refusals
        if release is None:
            still = [it for it in told if self._stands(it)]
        elif self.place.secrets is None and not list(self._obstacles()):
            still = [it for it in told if (it.release, it.secret) == (str(release), self.name)]
        else:
            still = []
        return [Finding("foreign-secret", where, *self._in_the_way(it)) for it in still]

    def _stands(self, refusal: Refusal) -> bool:
        """Tell whether a Secret is still in the way, as far as it is seen."""
        if self.place.secrets is None:
            return True
        secret = self.place.secrets.get(refusal.secret)
        return secret is not None and secret.release != refusal.release

    def _without_references(self, pod: Pod) -> list[Finding]:
        where = str(pod)
        if self.place.secrets is None:
            return []
        if not self.name:
            return [self._nothing_delivered(where)]
        found = self._secret_faults(self.name, where)
        if not found and not self._choice.accounts and not list(self._obstacles()):
            return [self._before_admission(pod, where)]
        found = found or self._account_fault(pod.account, where)
        if found or self.place.accounts is None:
            return found
        what = "the Pod is older than the imagePullSecrets of its ServiceAccount, and does not have them"
        return [Finding("older-pod", where, what, "delete it; its successor gets them")]

    def _nothing_delivered(self, where: str) -> Finding:
        what, remedy = "the Pod has no imagePullSecrets", self._by_hand()
        if self.facts.release:
            what += ", and the release delivers none: pullSecrets.enabled is false, or it chooses no namespace"
            remedy = f"set pullSecrets.enabled to true, add {self.place.name} to {_NAMESPACES} and upgrade; or {remedy}"
        return Finding("no-references", where, what, remedy)

    def _before_admission(self, pod: Pod, where: str) -> Finding:
        """Say why a Pod has no reference where ServiceAccounts get none.

        With pullSecrets.inject admission a policy gives it to each Pod that names the registry's host, as this one.
        """
        what = (
            "the Pod has no imagePullSecrets, and the release gives none to ServiceAccounts; with pullSecrets.inject "
            "admission it is older than the policy that gives them to Pods"
        )
        remedy = f"delete it; its successor gets them. Without admission, add {pod.account} to {_ACCOUNTS}"
        return Finding("older-pod", where, what, f"{remedy} and {_UPGRADE}")

    def _chosen_accounts(self) -> list[str]:
        """Give the ServiceAccounts that are to have the reference: named ones, and those that fit a pattern."""
        there = (it for it in self.place.accounts or () if self._choice.has_account(it))
        wanted = dict.fromkeys([*self._choice.named_accounts, *there])
        return [it for it in wanted if it not in self.place.opted_out_accounts]

    def _account_fault(self, account: str, where: str) -> list[Finding]:
        """Say that a ServiceAccount does not name the delivered Secret."""
        references = (self.place.accounts or {}).get(account)
        if self.place.accounts is None or (references is not None and self.name in references):
            return []
        if references is None:
            what = f"the ServiceAccount {account} is not in namespace {self.place.name}"
            return [Finding("no-account", where, what, f"make it, or take it out of {_ACCOUNTS}")]
        what = f"the ServiceAccount {account} of namespace {self.place.name} does not name the Secret {self.name}"
        why, remedy = self._undelivered(account)
        return [Finding("account-not-patched", where, what + why, f"{remedy}; then delete the Pods that cannot pull")]

    def _secret_faults(self, name: str, where: str, *, named: bool = False) -> list[Finding]:
        """Say what is wrong with a Secret; none where Secrets may not be read.

        Args:
            name: Its name.
            where: Where it is missed.
            named: A Pod names it, so that it need not be the release's.
        """
        if self.place.secrets is None:
            return []
        secret = self.place.secrets.get(name)
        if secret is None:
            return [self._missing(name, where)]
        fault = None if named else self._foreign(secret)
        fault = fault or self._content(secret)
        return [Finding(fault[0], where, fault[1], fault[2])] if fault else []

    def _missing(self, name: str, where: str) -> Finding:
        namespace = self.place.name
        if name != self.name:
            what = f"the Secret {name} is not in namespace {namespace}"
            return Finding("no-secret", where, what, "correct the name in imagePullSecrets, or make the Secret")
        why, remedy = self._undelivered()
        return Finding("no-secret", where, f"namespace {namespace} has no pull Secret ({name}){why}", remedy)

    def _undelivered(self, account: str = "") -> tuple[str, str]:
        """Say why something is not delivered, as the end of a sentence, and what to do.

        Args:
            account: The ServiceAccount that lacks the reference; empty where the Secret is missing.
        """
        obstacles = [*self._obstacles(), *(self._account_obstacles(account) if account else ())]
        if obstacles:
            whys, steps = zip(*obstacles, strict=True)
            return f": {', and '.join(whys)}", f"{', '.join(steps)} and {_UPGRADE}; or {self._by_hand(account)}"
        release = self.facts.release
        if release and release.watcher:
            logs = self._kubectl("logs", release.watcher, "--namespace", release.namespace)
            return "", f"see why: {logs}; or {_UPGRADE}"
        return "", f"{_UPGRADE}, and see what the Job says about this namespace"

    @property
    def _choice(self) -> Choice:
        return self.facts.release.choice if self.facts.release else Choice()

    def _obstacles(self) -> Iterator[tuple[str, str]]:
        """Give what keeps the namespace from being served, each with what to do about it."""
        name = self.place.name
        if self.place.opted_out:
            yield f"the namespace {_OPTED_OUT}", f"remove the annotation {OPT_OUT} from namespace {name}"
        if patterns := ", ".join(self._choice.excluding(name)):
            yield f"it is excluded by {patterns} in {_EXCLUDED}", f"take {patterns} out of {_EXCLUDED}"
        if not self._choice.names(name, self.place.labels):
            yield "it is not chosen in pullSecrets", f"add {name} to {_NAMESPACES}"

    def _account_obstacles(self, account: str) -> Iterator[tuple[str, str]]:
        """Give what keeps a ServiceAccount from getting the reference in a namespace that is served."""
        if account in self.place.opted_out_accounts:
            yield f"the ServiceAccount {_OPTED_OUT}", f"remove the annotation {OPT_OUT} from ServiceAccount {account}"
        if self._choice.accounts and not self._choice.has_account(account):
            yield f"{account} is not in {_ACCOUNTS}", f"add {account} to {_ACCOUNTS}"

    def _foreign(self, secret: Secret) -> tuple[str, str, str] | None:
        release = self.facts.release
        if release is None or secret.release == str(release) or list(self._obstacles()):
            return None
        if (release.namespace, release.source_secret) == (
            self.place.name,
            secret.name,
        ):  # there it is the source itself
            return None
        whose = f"belongs to release {secret.release}" if secret.release else "was not made by privreg"
        told = {(it.secret, it.release): it.time for it in self.place.refusals}
        refusal = Refusal(secret.name, str(release), whose, told.get((secret.name, str(release)), ""))
        return "foreign-secret", *self._in_the_way(refusal)

    def _in_the_way(self, refusal: Refusal) -> tuple[str, str]:
        """Say who left a Secret alone and whose it is, and what to do."""
        name, namespace = refusal.secret, self.place.name
        event = f" (Event {REFUSED} of {refusal.time})" if refusal.time else ""
        what = (
            f"the Secret {name} of namespace {namespace} {refusal.whose}, so release {refusal.release} leaves it "
            f"alone and delivers nothing there{event}"
        )
        watcher = self.facts.release.watcher if self.facts.release else ""
        then = f"{watcher} then delivers its own" if watcher else f"then {_UPGRADE}"
        delete = self._kubectl("delete", "secret", name, "--namespace", namespace)
        return what, (
            f"if nobody needs it, {delete}, and {then}; "
            f"otherwise choose another name in pullSecrets.name of release {refusal.release}"
        )

    def _content(self, secret: Secret) -> tuple[str, str, str] | None:
        name, host = f"the Secret {secret.name} of namespace {self.place.name}", self.facts.host
        ours = self.facts.release is not None and secret.release == str(self.facts.release)
        again = _UPGRADE if ours else f"make it again: {self._by_hand()}"
        if secret.type != SECRET_TYPE:
            return "wrong-type", f"{name} is of type {secret.type}, and not {SECRET_TYPE}", again
        if secret.fault:
            return "wrong-content", f"{name} cannot be used: {secret.fault}", again
        if not secret.user:
            there = ", ".join(secret.hosts) or "nothing"
            return "wrong-host", f"{name} has a login for {there}, and none for {host}", again
        if secret.login == Login.REFUSED:
            what = f"the registry refuses the login of {secret.user} in {name}"
            return "refused", what, f"{again}; the values file must hold the hash of this password"
        return None

    def _kubectl(self, *arguments: str) -> str:
        context = ["--context", self.facts.context] if self.facts.context else []
        return f"`{shlex.join(['kubectl', *arguments, *context])}`"

    def _by_hand(self, account: str = "") -> str:
        option = "" if account in ("", "default") else f" --service-account {account}"
        return f"`privreg-values pull-secret --output commands --namespace {self.place.name}{option}`"
