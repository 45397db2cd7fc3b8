"""What the kubelet and container runtimes say about an image that they do not get, and what they mean by it.

The words are those of containerd 1.6 and 2, CRI-O, and Go's crypto/x509 and net; {host} is the registry's name.
"""

from __future__ import annotations

import re

from privreg_values.doctor.words import Meaning

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
        "the registry tells the node to come back later: too many failed logins of this user from this address",
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
