"""What the chart wants: which namespaces and ServiceAccounts are served, and with what.

It fails closed: settings that cannot be understood choose nothing, and stop the program.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from kubernetes_api import Json

OPT_OUT = "privreg.io/opt-out"  # "true" on a namespace or a ServiceAccount: not to be served


class SettingsError(Exception):
    """The settings cannot be used."""


@dataclass(frozen=True)
class Selector:
    """A label selector, as Kubernetes writes it; all requirements must hold.

    Attributes:
        requirements: (key, operator, values), operator In, NotIn, Exists or DoesNotExist.
    """

    requirements: tuple[tuple[str, str, tuple[str, ...]], ...]

    @classmethod
    def parse(cls, raw: Json) -> Selector | None:
        """The selector in a LabelSelector object; None for an empty one, which here selects nothing.

        Raises:
            SettingsError: it is no selector.
        """
        requirements = [(key, "In", (value,)) for key, value in (raw.get("matchLabels") or {}).items()]
        for each in raw.get("matchExpressions") or []:
            key, operator, values = each.get("key"), each.get("operator"), tuple(each.get("values") or ())
            if not key or operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
                raise SettingsError(f"namespaceSelector: {each} is no requirement; nothing is selected")
            if bool(values) != (operator in ("In", "NotIn")):
                raise SettingsError(
                    f"namespaceSelector: values do not fit the operator {operator}; nothing is selected"
                )
            requirements.append((key, operator, values))
        return cls(tuple(requirements)) if requirements else None

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(self._holds(labels, *requirement) for requirement in self.requirements)

    @staticmethod
    def _holds(labels: dict[str, str], key: str, operator: str, values: tuple[str, ...]) -> bool:
        if operator == "In":
            return labels.get(key) in values
        if operator == "NotIn":  # a missing label is in no list: Kubernetes says so too
            return labels.get(key) not in values
        return (key in labels) == (operator == "Exists")


@dataclass(frozen=True)
class Settings:
    """What the chart wants.

    Attributes:
        release: NAMESPACE/NAME of the Helm release, the mark of what is ours.
        secret_name: the pull Secret's name in every namespace.
        source_secret: the Secret in the release's namespace that the credential comes from.
        release_namespace: that namespace.
        own: whether that namespace is served.
        namespaces: names, and patterns with * and ?, of others.
        selector: a selector of further ones.
        excluded: names and patterns of those that are not served for all that.
        everywhere: whether there are rights in all namespaces, not only in the named ones.
        service_accounts: names and patterns of those that get the reference, in each namespace.
        strict: whether something refused or missing fails the run.
        watcher: the API path of what delivers all the time; empty for nothing.
        host: the registry's name, for which the credential must have a login; empty: for any.
    """

    release: str
    secret_name: str
    source_secret: str
    release_namespace: str
    own: bool
    namespaces: tuple[str, ...]
    selector: Selector | None
    excluded: tuple[str, ...]
    everywhere: bool
    service_accounts: tuple[str, ...]
    strict: bool
    watcher: str
    host: str = ""

    @classmethod
    def read(cls, path: Path) -> Settings:
        """The settings in a JSON file.

        Raises:
            SettingsError: the file cannot be read, or a setting is missing or makes no sense.
        """
        try:
            raw = json.loads(path.read_bytes())
            return cls(
                release=raw["release"],
                secret_name=raw["secretName"],
                source_secret=raw["sourceSecret"],
                release_namespace=raw["releaseNamespace"],
                own=_flag(raw["own"]),
                namespaces=_names(raw["namespaces"]),
                selector=Selector.parse(raw["namespaceSelector"]),
                excluded=_names(raw["excludeNamespaces"]),
                everywhere=_flag(raw["everywhere"]),
                service_accounts=_names(raw["serviceAccounts"]),
                strict=_flag(raw["strict"]),
                watcher=raw["watcher"],
                host=raw.get("host", ""),
            )
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(f"{path}: not this program's settings: {error!r}") from None

    @property
    def named(self) -> tuple[str, ...]:
        """The namespaces that are there by name, the release's own among them, each once."""
        own = (self.release_namespace,) if self.own else ()
        return tuple(dict.fromkeys([*own, *(name for name in self.namespaces if not is_pattern(name))]))

    @property
    def named_accounts(self) -> tuple[str, ...]:
        """The ServiceAccounts that are chosen by name."""
        return tuple(name for name in self.service_accounts if not is_pattern(name))

    def delivers_like(self, other: Settings) -> bool:
        """Whether `other` delivers the same to the same."""
        return replace(self, strict=other.strict, watcher=other.watcher, everywhere=other.everywhere) == other

    def chooses(self, namespace: Json) -> bool:
        """Whether a namespace is served."""
        metadata = namespace["metadata"]
        name: str = metadata["name"]
        if "deletionTimestamp" in metadata or opted_out(namespace):
            return False
        if self.own and name == self.release_namespace:
            return True
        if matches(name, self.excluded):
            return False
        selected = self.selector is not None and self.selector.matches(metadata.get("labels") or {})
        return selected or matches(name, self.namespaces)

    def chooses_account(self, account: Json) -> bool:
        """Whether a ServiceAccount of a namespace that is served gets the reference."""
        return not opted_out(account) and matches(account["metadata"]["name"], self.service_accounts)

    def is_source(self, namespace: str) -> bool:
        """Whether the Secret of that name is the source itself there: Helm's or the user's, never ours."""
        return namespace == self.release_namespace and self.secret_name == self.source_secret


def _flag(value: object) -> bool:
    if not isinstance(value, bool):  # "false" would count as true
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(it, str) for it in value):  # a text would be its letters
        raise TypeError(f"{value!r} is no list of names")
    return tuple(value)


def is_pattern(name: str) -> bool:
    """Whether a name has a * or a ?; neither can be in a name itself."""
    return "*" in name or "?" in name


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is one of `patterns`, or fits one."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def opted_out(item: Json) -> bool:
    """Whether an object asks to be left alone."""
    return (item["metadata"].get("annotations") or {}).get(OPT_OUT) == "true"
