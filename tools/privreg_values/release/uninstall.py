"""Takes a release away, and says what stays."""

from __future__ import annotations

from dataclasses import dataclass

from privreg_values.cluster.kubectl import Object
from privreg_values.cluster.revisions import Revision
from privreg_values.errors import PrivregError
from privreg_values.release.objects import metadata, placed, title
from privreg_values.release.target import Target

_KEEP = ("helm.sh/resource-policy", "keep")


@dataclass(frozen=True)
class Removal:
    """What an uninstall takes away, and what it leaves.

    Args:
        objects: What goes, by kind and name; those in other namespaces with them.
        kept: What stays in the cluster: objects that are to be kept, as (kind, name).
        folder: Where the images stay outside of the cluster, in words; empty where they do not.
        pull_secrets: Where the pull Secret is taken back from, in words; empty where it is not.
    """

    objects: list[str]
    kept: list[tuple[str, str]]
    folder: str
    pull_secrets: str


def plan(target: Target) -> Removal:
    """Find out what an uninstall would do.

    Raises:
        PrivregError: there is no such release.
        HelmError: helm cannot tell.
    """
    there = target.helm.status(target.release, target.namespace)
    if not there:
        raise PrivregError(f"there is no {target}", "name another --release or --namespace; `helm list -A` shows them")
    objects = placed(there.objects, target.namespace)
    kept = [it for it in objects if (metadata(it, "annotations") or {}).get(_KEEP[0]) == _KEEP[1]]
    values = target.helm.values(target.release, target.namespace, defaults=True)
    return Removal(
        [title(it) for it in objects if it not in kept],
        [(str(it["kind"]), str(metadata(it, "name"))) for it in kept],
        _folder(values),
        _pull_secrets(there, objects),
    )


def uninstall(target: Target, *, timeout: int) -> list[str]:
    """Take the release away, and give what is still there of it.

    Args:
        target: The release.
        timeout: Seconds to wait.

    Raises:
        HelmError: helm cannot.
        ClusterError: the cluster does not answer.
    """
    there = target.helm.status(target.release, target.namespace)
    target.helm.uninstall(target.release, target.namespace, timeout=timeout)
    if not there:
        return []
    kubectl = target.kubectl
    if ran := kubectl.find(placed((it.object for it in there.hooks), target.namespace)):
        kubectl.delete(ran)  # helm leaves hooks that have failed
    return [title(it) for it in kubectl.find(placed(there.objects, target.namespace))]


def _pull_secrets(revision: Revision, objects: list[Object]) -> str:
    """Say which namespaces the hook before the uninstall serves: those in which it has a Role."""
    if not any("pre-delete" in it.events for it in revision.hooks):
        return ""
    if any(it["kind"] == "ClusterRole" for it in objects):
        return "every namespace that has them"
    return "namespace " + ", ".join(sorted({str(metadata(it, "namespace")) for it in objects if it["kind"] == "Role"}))


def _folder(values: Object) -> str:
    storage = values.get("storage") or {}
    if storage.get("type") == "hostPath":
        return f"the folder {storage['hostPath']['path']} of the node"
    if storage.get("type") == "nfs":
        return f"{storage['nfs']['path']} on {storage['nfs']['server']}"
    if storage.get("type") == "s3":
        return f"what is in the bucket {storage['s3']['bucket']}"
    return ""
