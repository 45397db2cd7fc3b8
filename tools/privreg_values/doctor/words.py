"""What kubelet, container runtimes and the registry say when something is wrong, and what they mean by it.

The words are those of containerd 1.6 and 2, CRI-O, Go's crypto/x509 and net, and distribution 3; each table is
read in its order, and the first entry that fits is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """A trouble that is known by its words.

    Args:
        trouble: Its name for programs.
        sign: A regular expression for the words, whatever their case.
        what: What is wrong; {host} is the registry's name.
        remedy: What to do about it.
        harmless: It looks like a trouble and is none.
    """

    trouble: str
    sign: str
    what: str
    remedy: str
    harmless: bool = False

    def fits(self, words: str) -> bool:
        """Tell whether the words are of this trouble."""
        return re.search(self.sign, words, re.IGNORECASE) is not None


UNAUTHORIZED = re.compile(
    r"401 Unauthorized|unauthorized|no basic auth credentials|authorization failed|authentication required"
    r"|insufficient_scope|pull access denied",
    re.IGNORECASE,
)

# Why a node does not even ask for an image.
UNASKED = (
    Meaning(
        "image-name",
        r"InvalidImageName|invalid reference format|couldn't parse image name",
        "the name of the image is none",
        "write it in lower case, as HOST/REPOSITORY:TAG",
    ),
    Meaning(
        "never-pulled",
        r"ErrImageNeverPull|pull policy of Never",
        "the image is not on the node, and imagePullPolicy: Never forbids to pull it",
        "take imagePullPolicy: Never out of the Pod",
    ),
)

# Why a node does not get an image.
NODE = (
    Meaning(
        "platform",
        r"no match for platform in manifest",
        "the image has nothing for the platform of the node",
        "push it for that platform as well, or choose other nodes with a nodeSelector",
    ),
    Meaning(
        "denied",
        r"403 Forbidden|\bdenied\b",
        "the registry does not let this user pull from this repository",
        "name the repository in the user's repositories (auth.users), or use another user's credential",
    ),
    Meaning(
        "no-image",
        r"404 Not Found|: not found|manifest unknown|name unknown|repository name not known",
        "the image is not in the registry",
        "correct its name or tag, or push it",
    ),
    Meaning(
        "certificate-expired",
        r"certificate has expired or is not yet valid: current time \S+ is after|certificate has expired\b(?! or)",
        "the certificate of {host} has expired, as the node sees it",
        "renew it, and see that the TLS Secret holds the new one; if it is good, set the node's clock",
    ),
    Meaning(
        "certificate-not-yet-valid",
        r"certificate has expired or is not yet valid",
        "the certificate of {host} is not valid yet, as the node sees it",
        "set the clocks of the node and of the authority by NTP",
    ),
    Meaning(
        "certificate-names",
        r"x509: certificate is (not )?valid for|IP SANs|legacy Common Name",
        "the certificate that the node is shown is for other names than {host}",
        "make one with the DNS name {host}, and name its TLS Secret in tls.secretName",
    ),
    Meaning(
        "certificate-unknown",
        r"x509: |self[- ]signed certificate|failed to verify certificate",
        "the node does not trust the certificate of {host}",
        "make the authority known to the container runtime of each node (containerd: ca in hosts.toml, at the top "
        "and below [host]), or use a certificate of a public authority",
    ),
    Meaning(
        "plain-http",
        r"server gave HTTP response to HTTPS client|first record does not look like a TLS handshake",
        "the node asks in https, and a port answers that speaks plain http",
        "name {host} without a port in the image; the ingress has to serve it with TLS on port 443",
    ),
    Meaning(
        "node-dns",
        r"no such host|server misbehaving|name resolution|dial tcp: lookup ",
        "the node cannot resolve {host}",
        "make the name known to the DNS server that the nodes ask (not the one of the Pods), or to their /etc/hosts",
    ),
    Meaning(
        "node-disk-full",
        r"no space left on device",
        "the disk of the node is full",
        "make room on it: its container runtime has nowhere to put the image",
    ),
    Meaning(
        "too-many-requests",
        r"429 Too Many Requests|toomanyrequests",
        "the registry tells the node to come back later: there were too many failed logins from its address",
        "mend the Pods that come with a wrong credential from there; the others get in a minute later",
    ),
    Meaning(
        "no-backend",
        r"50[234] (Bad Gateway|Service|Gateway)",
        "the ingress controller finds no registry that answers",
        "see that its Pod is ready, and what the doctor says about the release",
    ),
    Meaning(
        "server-error",
        r"500 Internal Server Error",
        "the registry fails while it serves the image",
        "see what the doctor says about the release, and the registry's log",
    ),
    Meaning(
        "unreachable",
        r"connection refused|no route to host|i/o timeout|handshake timeout|deadline exceeded|Client\.Timeout"
        r"|network is unreachable|connection reset by peer|\bEOF\b",
        "the node does not reach {host}",
        "see that the name leads to the ingress controller from the nodes too, and that no firewall is in the way",
    ),
)

# What is wrong with the registry's own Pod: its events, why its containers wait, and its log.
SERVER = (
    Meaning(
        "storage-full",
        r"no space left on device|exceeds the (total )?limit|disk quota exceeded|low on resource: ephemeral-storage",
        "the storage of the registry is full",
        "make the volume larger (storage.persistence.size), or delete images",
    ),
    Meaning(
        "storage-read-only",
        r"read-only file system",
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
        r"filesystem: [^\"]*permission denied|mkdir [^\"]*: permission denied|(chown|chmod)[^\"]*not permitted",
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
        "own-image",
        r"ErrImagePull|ImagePullBackOff|ErrImageNeverPull",
        "the node does not get an image of the registry itself",
        "give global.imageRegistry where the nodes pull through a mirror, and its Secret in imagePullSecrets",
    ),
    Meaning(
        "no-volume",
        r"FailedMount|FailedAttachVolume|unbound immediate PersistentVolumeClaims|persistentvolumeclaim",
        "the registry does not get its volume",
        "see the claim and its storage class (storage.persistence), or the path on that node (storage.hostPath)",
    ),
    Meaning(
        "no-node",
        r"FailedScheduling",
        "no node takes the registry's Pod",
        "see resources, nodeSelector, tolerations and affinity in the values",
    ),
    Meaning(
        "configuration-refused",
        r"changed configuration is REFUSED",
        "the gateway refused a changed configuration and keeps the one before",
        "see why in its log (container gateway), and mend the users or their hashes",
    ),
)

# What a log says although nothing is wrong.
HARMLESS = (
    Meaning(
        "first-request",
        r"level=warning[^\n]*error authorizing context",
        "the log warns of requests without a login",
        "nothing: every client asks once without one, and comes back with it",
        harmless=True,
    ),
    Meaning(
        "deletion-off",
        r"err\.code=unsupported.*http\.request\.method=DELETE",
        "somebody tried to delete, and deletion is off",
        "nothing, or set storage.delete.enabled",
        harmless=True,
    ),
)


def first(table: Sequence[Meaning], words: str) -> Meaning | None:
    """Give the first meaning that fits, or None."""
    return next((it for it in table if it.fits(words)), None)


def each(table: Sequence[Meaning], lines: Sequence[str]) -> Iterator[tuple[Meaning, str]]:
    """Give the meanings of lines, each once with its last line, in the table's order."""
    found = {meaning: line for line in lines if (meaning := first(table, line))}
    return ((it, found[it]) for it in table if it in found)
