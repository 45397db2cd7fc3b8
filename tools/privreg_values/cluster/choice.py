"""Which namespaces and ServiceAccounts a release serves, as the program that serves them decides it (choosing.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from privreg_values.cluster.kubectl import Object
from privreg_values.values.rules import is_pattern

OPT_OUT = "privreg.io/opt-out"  # "true" on a namespace or a ServiceAccount: not to be served

Requirement = tuple[str, str, tuple[str, ...]]  # key, operator and values of a label selector


@dataclass(frozen=True)
class Choice:
    """What the values choose in pullSecrets.

    Args:
        own: The release's own namespace, where it is served; otherwise empty.
        namespaces: Names, and patterns with * and ?, of others.
        selector: What the labels of further ones meet, all of it; empty for none.
        excluded: Names and patterns of those that are not served for all that.
        accounts: Names and patterns of the ServiceAccounts that get the reference; none where Pods get it themselves.
    """

    own: str = ""
    namespaces: tuple[str, ...] = ()
    selector: tuple[Requirement, ...] = ()
    excluded: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    @property
    def named_accounts(self) -> tuple[str, ...]:
        """The ServiceAccounts that are chosen by name."""
        return tuple(it for it in self.accounts if not is_pattern(it))

    def is_nothing(self) -> bool:
        """Tell whether no namespace can be served."""
        return not (self.own or self.namespaces or self.selector)

    def names(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Tell whether a namespace is meant, excluded or not: by its name, a pattern or its labels."""
        selected = bool(self.selector) and all(_holds(labels, *it) for it in self.selector)
        return namespace == self.own or selected or bool(fitting(namespace, self.namespaces))

    def excluding(self, namespace: str) -> tuple[str, ...]:
        """Give the names and patterns that exclude a namespace; none for the release's own."""
        return () if namespace == self.own else fitting(namespace, self.excluded)

    def has(self, namespace: Object) -> bool:
        """Tell whether a namespace is served."""
        name, labels = namespace["metadata"]["name"], namespace["metadata"].get("labels") or {}
        return self.names(name, labels) and not (self.excluding(name) or opted_out(namespace))

    def has_account(self, name: str) -> bool:
        """Tell whether a ServiceAccount is chosen."""
        return bool(fitting(name, self.accounts))


def read(settings: Object) -> Choice:
    """Read the settings of the program (templates/pull-secrets/_pull_secrets.tpl)."""
    return Choice(
        settings.get("releaseNamespace", "") if settings.get("own") else "",
        tuple(map(str, settings.get("namespaces") or ())),
        tuple(_requirements(settings.get("namespaceSelector") or {})),
        tuple(map(str, settings.get("excludeNamespaces") or ())),
        tuple(map(str, settings.get("serviceAccounts") or ())),
    )


def fitting(name: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Give those of some names and patterns that a name fits."""
    return tuple(it for it in patterns if fnmatchcase(name, it))


def opted_out(it: Object) -> bool:
    """Tell whether an object asks to be left alone."""
    return (it["metadata"].get("annotations") or {}).get(OPT_OUT) == "true"


def _requirements(selector: Object) -> list[Requirement]:
    labels = [(key, "In", (value,)) for key, value in (selector.get("matchLabels") or {}).items()]
    expressions = selector.get("matchExpressions") or ()
    return [*labels, *((it["key"], it["operator"], tuple(it.get("values") or ())) for it in expressions)]


def _holds(labels: Mapping[str, str], key: str, operator: str, values: tuple[str, ...]) -> bool:
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":  # a missing label is in no list: Kubernetes says so too
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")
