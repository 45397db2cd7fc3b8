"""What is probably wrong with a Pod, from its events and the last lines of its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Opinion:
    """What is probably wrong.

    Args:
        cause: It, in one sentence.
        remedy: What to do about it.
    """

    cause: str
    remedy: str


def of(events: Sequence[str], log: Sequence[str]) -> Opinion | None:
    """Give an opinion; None where nothing known is seen.

    Args:
        events: Messages of the Pod's events and states, each with its reason, such as "Failed: Failed to pull …".
        log: The last lines of its log.
    """
    for text, known in (("\n".join(events), _EVENTS), ("\n".join(log), _LOG)):
        for sign, cause, remedy in known:
            found = re.search(sign, text, re.IGNORECASE)
            if found:
                return Opinion(cause.format(*found.groups()), remedy.format(*found.groups()))
    return None


_IMAGE = r'pull(?:ing)? image "?([^\s"]+)"?[^\n]*'

# Signs in events, what they mean, and what helps; the first that is found counts. Words of the kubelet, containerd,
# the scheduler and the controllers.
_EVENTS = (
    (_IMAGE + r"(?:no such host|i/o timeout|connection refused|network is unreachable|deadline exceeded)",
     "the node cannot reach the registry of the image {0}",
     "let the nodes reach it, or name a mirror in global.imageRegistry"),
    (_IMAGE + r"(?:x509|certificate)",
     "the node does not trust the registry of the image {0}",
     "make the node trust its authority, or name another registry in global.imageRegistry"),
    (_IMAGE + r"(?:unauthorized|authentication required|access denied|401|403)",
     "the registry of the image {0} lets nobody pull it without a login",
     "name a Secret with the login in imagePullSecrets, or correct the image's name"),
    (_IMAGE + r"(?:not found|manifest unknown|does not exist|MANIFEST_UNKNOWN)",
     "there is no image {0}",
     "correct registry, repository or tag of the image in the values"),
    (r'image "([^"]+)" is not present with pull policy of Never',
     "the image {0} is not on the node, and may not be pulled",
     "correct the image, or set its pullPolicy to IfNotPresent"),
    (r"InvalidImageName",
     "the image cannot be used as it is named",
     "correct registry, repository and tag of the image in the values"),
    (r"no persistent volumes available for this claim and no storage class is set",
     "no volume fits the claim, and the cluster has no default StorageClass",
     "set storage.persistence.storageClass; `kubectl get storageclass` lists them"),
    (r'storageclass[^\n]*"([^"]+)" not found',
     "there is no StorageClass {0}",
     "set storage.persistence.storageClass; `kubectl get storageclass` lists them"),
    (r"ProvisioningFailed: ([^\n]+)",
     "the volume could not be made: {0}",
     "see the StorageClass's provisioner, or name another one in storage.persistence.storageClass"),
    (r'persistentvolumeclaim "([^"]+)" not found',
     "there is no volume claim {0}",
     "correct storage.persistence.existingClaim"),
    (r"unbound immediate PersistentVolumeClaims",
     "the volume claim has no volume yet",
     "see why: kubectl describe pvc; set storage.persistence.storageClass if it names none that works"),
    (r"Insufficient (cpu|memory)",
     "no node has enough {0} left",
     "lower resources.requests, or make room"),
    (r"untolerated taint[^\n]*",
     "the nodes have taints that the Pod does not tolerate",
     "set tolerations"),
    (r"didn't match Pod's node affinity/selector",
     "no node fits nodeSelector or affinity",
     "correct them; `kubectl get nodes --show-labels` shows the labels"),
    (r"violates PodSecurity \"?([^\"\s]+)",
     "the namespace's Pod Security level {0} does not allow the Pod",
     "do not use what it names (storage.type hostPath needs root), or choose another namespace"),
    (r"exceeded quota: ([^,\s]+)",
     "the namespace's quota {0} leaves no room",
     "lower resources, or raise the quota"),
    (r'secret "([^"]+)" not found',
     "there is no Secret {0} in the namespace",
     "make it, or correct its name in the values"),
    (r'configmap "([^"]+)" not found',
     "there is no ConfigMap {0} in the namespace",
     "make it, or correct its name in the values"),
    (r"hostPath type check failed: (\S+)",
     "{0} on the node is not the kind of file that storage.hostPath needs",
     "name a folder in storage.hostPath.path"),
    (r"FailedMount:[^\n]*(?:mount\.nfs|nfs)[^\n]*",
     "the node cannot mount the NFS volume",
     "check storage.nfs.server and storage.nfs.path, and that the nodes have an NFS client"),
    (r"OOMKilled",
     "the container needs more memory than its limit",
     "raise resources.limits.memory"),
)  # fmt: skip

_LOG = (
    (r"the configuration is not good: ([^\n\"]+)",
     "the gateway refuses its configuration: {0}",
     "correct the users or the gateway's values; a Secret of yours must hold htpasswd lines with bcrypt"),
    (r"no space left on device",
     "the volume is full",
     "make it larger, or delete images"),
    (r"read-only file ?system",
     "the volume is read-only",
     "see why its storage was mounted so; storage that fails is often made read-only"),
    (r"(?:permission denied|operation not permitted)",
     "the registry may not write to its volume",
     "give the folder to user 1000, or set storage.hostPath.fixPermissions"),
    (r"configuration error: ([^\n]+)",
     "the registry does not understand its configuration: {0}",
     "correct extraEnv and the values it is made of"),
    (r"REFUSED: ([^;\n]+)",
     "a namespace could not be given the pull Secret: {0}",
     "remove or rename the Secret that is there, choose another pullSecrets.name, or set pullSecrets.strict to false"),
)  # fmt: skip
