"""Objects of Kubernetes as a person looks at them: what they are called, what part they are of, what they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import yaml

from privreg_values.cluster.kubectl import Object
from privreg_values.cluster.revisions import Revision
from privreg_values.values.nodes import Value

COMPONENT = "app.kubernetes.io/component"
OTHERS = "others"  # the component of objects that do not say one
TEST = "test"


def metadata(item: Object, key: str) -> Value:
    """Give an entry of an object's metadata; None where it is not there."""
    return (item.get("metadata") or {}).get(key)


def title(item: Object) -> str:
    """Give kind and name."""
    return f"{item.get('kind')} {metadata(item, 'name')}"


def identity(item: Object) -> tuple[str, str, str]:
    """Give what tells an object from all others: kind with group, namespace, name."""
    group = str(item.get("apiVersion")).rpartition("/")[0]
    return f"{item.get('kind')}.{group}", str(metadata(item, "namespace") or ""), str(metadata(item, "name"))


def component(item: Object) -> str:
    """Give the part of the release that an object belongs to."""
    return str((metadata(item, "labels") or {}).get(COMPONENT) or OTHERS)


def placed(items: Iterable[Object], namespace: str) -> list[Object]:
    """Give objects with the release's namespace where they name none, as helm makes them.

    Kinds that have no namespace get one as well; kubectl takes no notice of it.
    """
    return [{**it, "metadata": {"namespace": namespace, **(it.get("metadata") or {})}} for it in items]


def hooks(revision: Revision) -> list[Object]:
    """Give the hooks' objects that install and upgrade make; neither tests nor what uninstall runs."""
    begins = ("pre-install", "post-install", "pre-upgrade", "post-upgrade")
    return [hook.object for hook in revision.hooks if set(hook.events) & set(begins)]


def grouped(items: Iterable[Object]) -> dict[str, list[Object]]:
    """Give objects by component; the registry first, objects without a component last."""
    found: dict[str, list[Object]] = {}
    for item in items:
        found.setdefault(component(item), []).append(item)
    order = {"registry": 0, OTHERS: 2}
    return dict(sorted(found.items(), key=lambda it: (order.get(it[0], 1), it[0])))


def text(item: Object) -> str:
    """Give an object as YAML, its keys in order."""
    dumped = yaml.dump(item, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True, width=1000)
    return str(dumped)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # yaml ships no types
    """Writes texts of several lines as such, so that a difference is in one of them."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def summary(item: Object) -> str:
    """Say in one line what an object is; empty for kinds that nothing is known of."""
    describe = _SUMMARIES.get(str(item.get("kind")))
    said = describe(item) if describe else ""
    hook = (metadata(item, "annotations") or {}).get("helm.sh/hook")
    return "; ".join(it for it in (said, f"runs {hook.replace(',', ', ')}" if hook else "") if it)


def _workload(item: Object) -> str:
    spec = item.get("spec") or {}
    pod = spec if item.get("kind") == "Pod" else (spec.get("template") or {}).get("spec") or {}
    images = [re.sub(r"^.*/", "", str(it.get("image"))) for it in pod.get("containers") or []]
    copies = f"{spec['replicas']} x " if "replicas" in spec else ""
    return copies + ", ".join(images)


def _service(item: Object) -> str:
    spec = item.get("spec") or {}
    return f"{spec.get('type', 'ClusterIP')}, port {', '.join(str(it.get('port')) for it in spec.get('ports') or [])}"


def _ingress(item: Object) -> str:
    spec = item.get("spec") or {}
    hosts = ", ".join(str(it.get("host")) for it in spec.get("rules") or [])
    kind = spec.get("ingressClassName")
    return f"{hosts}, class {kind}" if kind else hosts


def _claim(item: Object) -> str:
    spec = item.get("spec") or {}
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    kind = spec.get("storageClassName")
    return f"{size}, {f'class {kind}' if kind else 'the default class'}"


def _keys(item: Object) -> str:
    return ", ".join([*(item.get("data") or {}), *(item.get("stringData") or {})])


def _binding(item: Object) -> str:
    reference = item.get("roleRef") or {}
    subjects = ", ".join(f"{it.get('kind')} {it.get('name')}" for it in item.get("subjects") or [])
    return f"{reference.get('kind')} {reference.get('name')} for {subjects}"


def _rules(item: Object) -> str:
    rules = item.get("rules") or []
    return "; ".join(f"{', '.join(it.get('verbs') or [])} {', '.join(it.get('resources') or [])}" for it in rules)


_SUMMARIES: dict[str, Callable[[Object], str]] = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"), _workload),
    **dict.fromkeys(("ConfigMap", "Secret"), _keys),
    **dict.fromkeys(("RoleBinding", "ClusterRoleBinding"), _binding),
    **dict.fromkeys(("Role", "ClusterRole"), _rules),
    "CronJob": lambda item: str((item.get("spec") or {}).get("schedule")),
    "Certificate": lambda item: ", ".join((item.get("spec") or {}).get("dnsNames") or []),
    "Service": _service,
    "Ingress": _ingress,
    "PersistentVolumeClaim": _claim,
}
