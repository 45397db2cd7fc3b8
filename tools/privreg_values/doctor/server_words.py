"""What the Pods of the chart, the kubelet and the controllers say about their troubles, and what they mean by it.

The words are those of the kubelet, containerd 1.6 and 2, CRI-O, the scheduler, the controllers, distribution 3 and the
chart's own programs. Of several meanings of one trouble the first is the most exact.
"""

from __future__ import annotations

from privreg_values.doctor.bucket_words import BUCKET
from privreg_values.doctor.words import Meaning

_PULL = r'pull(ing)? image "?(?P<image>[^\s"]+)"?.*'

# Why a Pod does not run: the words of its events, of its containers' states, and of its log.
SERVER = (
    *BUCKET,
    Meaning(
        "own-image",
        _PULL + r"(no such host|i/o timeout|connection refused|network is unreachable|deadline exceeded)",
        "the node cannot reach the registry of the image {image}",
        "let the nodes reach it, or name a mirror in global.imageRegistry",
    ),
    Meaning(
        "own-image",
        _PULL + r"(x509|certificate)",
        "the node does not trust the registry of the image {image}",
        "make the node trust its authority, or name another registry in global.imageRegistry",
    ),
    Meaning(
        "own-image",
        _PULL + r"(unauthorized|authentication required|access denied|401 |403 )",
        "the registry of the image {image} lets nobody pull it without a login",
        "name a Secret with the login in imagePullSecrets, or correct the image's name",
    ),
    Meaning(
        "own-image",
        _PULL + r"(not found|manifest unknown|does not exist|manifest_unknown)",
        "there is no image {image}",
        "correct registry, repository or tag of the image in the values",
    ),
    Meaning(
        "own-image",
        r'image "(?P<image>[^"]+)" is not present with pull policy of Never',
        "the image {image} is not on the node, and may not be pulled",
        "correct the image, or set its pullPolicy to IfNotPresent",
    ),
    Meaning(
        "own-image",
        r"InvalidImageName",
        "the image cannot be used as it is named",
        "correct registry, repository and tag of the image in the values",
    ),
    Meaning(
        "own-image",
        r"ErrImagePull|ImagePullBackOff|ErrImageNeverPull",
        "the node does not get an image of the registry itself",
        "give global.imageRegistry where the nodes pull through a mirror, and its Secret in imagePullSecrets",
    ),
    Meaning(
        "storage-full",
        r"no space left on device|exceeds the (total )?limit|disk quota exceeded|low on resource: ephemeral-storage",
        "the storage of the registry is full",
        "make the volume larger (storage.persistence.size), or delete images and collect garbage (chart README: Space)",
    ),
    Meaning(
        "storage-read-only",
        r"read-only file ?system",
        "the storage of the registry is mounted read-only",
        "mount it for writing; for a hostPath see the node's mounts, for NFS the server's exports",
    ),
    Meaning(
        "storage-type",
        r"hostPath type check failed|mkdir [^\"]*: not a directory",
        "the path of the storage is not a folder",
        "name a folder in storage.hostPath.path",
    ),
    Meaning(
        "no-exec",
        r"\bexec(ve)?: .*permission denied",
        "the node does not let a program of the Pod start",
        "see that the folders of its container runtime and kubelet are not mounted noexec; the volume itself may be",
    ),
    Meaning(
        "storage-permissions",
        r"filesystem: [^\"]*permission denied|mkdir [^\"]*: permission denied"
        r"|(open|write|rename) /var/lib/registry[^\"]*: permission denied|cannot give [^\"]* to \d+:\d+: ",
        "the registry may not write to its storage",
        "leave storage.hostPath.fixPermissions on, or give the folder to the user 1000; over NFS, the server must "
        "not map that user to another",
    ),
    Meaning(
        "storage-unsupported",
        r"err\.code=unsupported(?!.*http\.request\.method=DELETE)",
        'the storage of the registry does not do what it is asked for ("unsupported")',
        "use a local file system, NFS or a volume claim; those of FUSE, and shares of a virtual machine, often lack "
        "something that a registry needs",
    ),
    Meaning(
        "no-volume",
        r"no persistent volumes available for this claim and no storage class is set",
        "no volume fits the claim, and the cluster has no default StorageClass",
        "set storage.persistence.storageClass; `kubectl get storageclass` lists them",
    ),
    Meaning(
        "no-volume",
        r'storageclass.*"(?P<name>[^"]+)" not found',
        "there is no StorageClass {name}",
        "set storage.persistence.storageClass; `kubectl get storageclass` lists them",
    ),
    Meaning(
        "no-volume",
        r"ProvisioningFailed: (?P<why>.+)",
        "the volume could not be made: {why}",
        "see the StorageClass's provisioner, or name another one in storage.persistence.storageClass",
    ),
    Meaning(
        "no-volume",
        r'persistentvolumeclaim "(?P<name>[^"]+)" not found',
        "there is no volume claim {name}",
        "correct storage.persistence.existingClaim",
    ),
    Meaning(
        "no-volume",
        r"unbound immediate PersistentVolumeClaims",
        "the volume claim has no volume yet",
        "see why: kubectl describe pvc; set storage.persistence.storageClass if it names none that works",
    ),
    Meaning(
        "no-volume",
        r"FailedMount:[\s\S]*(mount\.nfs|-t nfs)",
        "the node cannot mount the NFS volume",
        "check storage.nfs.server and storage.nfs.path, and that the nodes have an NFS client",
    ),
    Meaning(
        "missing-object",
        r'\bsecret "(?P<name>[^"]+)" not found',
        "there is no Secret {name} in the namespace",
        "make it, or correct its name in the values",
    ),
    Meaning(
        "missing-object",
        r'\bconfigmap "(?P<name>[^"]+)" not found',
        "there is no ConfigMap {name} in the namespace",
        "make it, or correct its name in the values",
    ),
    Meaning(
        "no-volume",
        r"FailedMount|FailedAttachVolume|persistentvolumeclaim",
        "the registry does not get its volume",
        "see the claim and its storage class (storage.persistence), or the path on that node (storage.hostPath)",
    ),
    Meaning(
        "no-node",
        r"Insufficient (?P<resource>cpu|memory)",
        "no node has enough {resource} left",
        "lower resources.requests, or make room",
    ),
    Meaning(
        "no-node",
        r"untolerated taint",
        "the nodes have taints that the Pod does not tolerate",
        "set tolerations",
    ),
    Meaning(
        "no-node",
        r"didn't match Pod's node affinity/selector",
        "no node fits nodeSelector or affinity",
        "correct them; `kubectl get nodes --show-labels` shows the labels",
    ),
    Meaning(
        "no-node",
        r"FailedScheduling",
        "no node takes the registry's Pod",
        "see resources, nodeSelector, tolerations and affinity in the values",
    ),
    Meaning(
        "pod-security",
        r'violates PodSecurity "?(?P<level>[^"\s]+)',
        "the namespace's Pod Security level {level} does not allow the Pod",
        "do not use what it names (storage.type hostPath needs root), or choose another namespace",
    ),
    Meaning(
        "quota",
        r"exceeded quota: (?P<name>[^,\s]+)",
        "the namespace's quota {name} leaves no room",
        "lower resources, or raise the quota",
    ),
    Meaning(
        "out-of-memory",
        r"OOMKilled",
        "the container needs more memory than its limit",
        "raise resources.limits.memory",
    ),
    Meaning(
        "configuration-refused",
        r'the configuration is not good: (?P<why>[^"]+)',
        "the gateway refuses its configuration: {why}",
        "correct the users or the gateway's values; a Secret of yours must hold htpasswd lines with bcrypt",
    ),
    Meaning(
        "configuration-refused",
        r'changed configuration is REFUSED, the old one stays: (?P<why>[^"]+)',
        "the gateway refused a changed configuration and keeps the one before: {why}",
        "correct the users or the gateway's values; a Secret of yours must hold htpasswd lines with bcrypt",
    ),
    Meaning(
        "configuration-error",
        r"configuration error: (?P<why>.+)",
        "the registry does not understand its configuration: {why}",
        "correct extraEnv and the values it is made of",
    ),
    Meaning(
        "delivery-refused",
        r"(?-i:REFUSED): (?P<why>[^;]+)",
        "a namespace could not be given the pull Secret: {why}",
        "remove or rename the Secret that is there, choose another pullSecrets.name, or set pullSecrets.strict to "
        "false",
    ),
)

# What a log says although nothing is wrong.
HARMLESS = (
    Meaning(
        "first-request",
        r"level=warning[^\n]*error authorizing context",
        "the log warns of requests without a login",
        "nothing: every client asks once without one, and comes back with it",
    ),
    Meaning(
        "deletion-off",
        r"err\.code=unsupported.*http\.request\.method=DELETE",
        "somebody tried to delete, and deletion is off",
        "nothing, or set storage.delete.enabled",
    ),
)
