"""Pushing small images, for the tests that need one to be there."""

import hashlib
import itertools
import json
from dataclasses import dataclass

from tests.gateway.client import Body, Client
from tests.gateway.users import ADMIN, User

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

_number = itertools.count()


@dataclass(frozen=True)
class Image:
    """A pushed image.

    Attributes:
        repository: where it is, with the tag latest.
        digest: of its manifest.
        layer: the digest of its only layer.
    """

    repository: str
    digest: str
    layer: str


def digest(content: bytes) -> str:
    """The digest of OCI descriptors."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def start_upload(client: Client, repository: str, user: User = ADMIN) -> str:
    """Begin an upload; returns where it goes on, path and query."""
    answer = client.request("POST", f"/v2/{repository}/blobs/uploads/", user)
    assert answer.status == 202, answer
    return answer.headers["Location"]


def finish_upload(client: Client, location: str, of: str, body: Body = None, user: User = ADMIN) -> int:
    """Close an upload with its last bytes and the digest `of` all; returns the status."""
    return client.request("PUT", f"{location}&digest={of}", user, body).status


def push_blob(client: Client, repository: str, content: bytes, user: User = ADMIN) -> str:
    """Upload a blob; returns its digest."""
    assert finish_upload(client, start_upload(client, repository, user), digest(content), content, user) == 201
    return digest(content)


def push_image(client: Client, repository: str, user: User = ADMIN) -> Image:
    """Upload an image of its own content, with the tag latest."""
    layer, config = f"layer {next(_number)} of {repository}".encode(), b"{}"
    for blob in (layer, config):
        push_blob(client, repository, blob, user)
    manifest = manifest_of(config, layer)
    answer = client.request("PUT", f"/v2/{repository}/manifests/latest", user, manifest, {"Content-Type": MANIFEST})
    assert answer.status == 201, answer
    return Image(repository, digest(manifest), digest(layer))


def manifest_of(config: bytes, layer: bytes) -> bytes:
    """The manifest of an image with one layer."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": digest(layer), "size": len(layer)}],
        }
    ).encode()
