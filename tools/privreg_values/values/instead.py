"""Keys that people bring along, and what to set here instead of them.

They are from other charts of registries (twuni/docker-registry.helm, helm/charts stable/docker-registry, zot,
harbor-helm, Bitnami) and from what `helm create` makes. A key of this chart that is renamed goes into this table
with the release that renames it.
"""

from __future__ import annotations

_USERS = "users are in auth.users: `privreg-values users add NAME` adds one"
_HOST = "set host, at the top, to the one name of the registry"
_TLS = "set tls.secretName to a Secret of yours, or tls.certManager.enabled to true"
_SETTINGS = "set the values that are here for it; REGISTRY_* in extraEnv overrides the rest of the configuration"

INSTEAD = {
    "sops": "sops has encrypted the file; give it decrypted: `sops decrypt FILE | privreg-values ... values.yaml -`",
    # where somebody else keeps users and secrets
    "secrets": f"{_USERS}; haSharedSecret is httpSecret.value",
    "secret": f"{_USERS}; haSharedSecret is httpSecret.value",
    "htpasswd": _USERS,
    "auth": "set auth.mode, and see auth.users",
    "auth.enabled": "set auth.mode; there is no registry without users",
    "auth.htpasswd": _USERS,
    "auth.username": _USERS,
    "auth.password": _USERS,
    "auth.secret": "set auth.existingSecret",
    "authHeader": _USERS,
    "secretFiles": _USERS,
    "harborAdminPassword": _USERS,
    "existingSecretAdminPassword": "set auth.existingSecret",
    "haSharedSecret": "set httpSecret.value",
    "httpSecret": "set httpSecret.value",
    # where the registry is found
    "externalURL": "set host, without https://",
    "expose": "set host, ingress, service and tls",
    "ingress.hosts": _HOST,
    "ingress.host": _HOST,
    "ingress.hostname": _HOST,
    "ingress.tls": _TLS,
    "ingress.path": "remove it: clients expect a registry at /",
    "ingress.controller": "set ingress.className and ingress.preset",
    "ingress.pathtype": "remove it: the path is / and everything below",
    "tls": _TLS,
    "tls.enabled": _TLS,
    "tls.certSource": _TLS,
    "tlsSecretName": "set tls.secretName for an Ingress, or gateway.tls.secretName to serve https without one",
    "service.ports": "set service.port",
    # what it runs
    "replicaCount": "set replicas",
    "registry": "set its keys at the top: this chart has one registry",
    "image": "set image.repository and image.tag",
    "image.name": "set image.repository",
    "config": _SETTINGS,
    "configData": _SETTINGS,
    "configFiles": _SETTINGS,
    "configPath": _SETTINGS,
    # where images are kept
    "storage": "set storage.type to pvc, hostPath, nfs, s3 or emptyDir",
    "persistence": "set storage.type to pvc and move its keys to storage.persistence",
    "pvc": "set storage.type to pvc and move its keys to storage.persistence",
    "s3": "set storage.type to s3 and move its keys to storage.s3; its access key and secret belong there as well",
    "storage.persistence.enabled": "set storage.type to pvc, hostPath, nfs, s3 or emptyDir",
    "storage.s3.accesskey": "set storage.s3.accessKey",
    "storage.s3.secretkey": "set storage.s3.secretKey",
    "storage.s3.regionendpoint": "set storage.s3.regionEndpoint, with https:// or http://",
    "storage.s3.forcepathstyle": "set storage.s3.forcePathStyle",
    "storage.s3.rootdirectory": "set storage.s3.rootDirectory",
    "storage.s3.secretRef": "set storage.s3.existingSecret, to a Secret with the key credentials",
    "storage.s3.secure": "remove it: storage.s3.regionEndpoint begins with https:// or http://",
    "storage.s3.skipverify": "remove it; for a certificate authority of yours set AWS_CA_BUNDLE in extraEnv",
    "storage.filesystem": "remove it: the folder in the container is fixed",
}
