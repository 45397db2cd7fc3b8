"""Images and blobs of random bytes, and the requests that put them into a registry."""

import hashlib
import http.client
import json
import os
from dataclasses import dataclass
from typing import Any

from bench.errors import BenchError
from bench.site import Door

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Image:
    """An image that a registry has.

    Attributes:
        repository: where it is.
        tag: its tag.
        layers: the digests of its layers.
    """

    repository: str
    tag: str
    layers: tuple[str, ...]

    @property
    def manifest(self) -> str:
        """The path of the manifest."""
        return f"/v2/{self.repository}/manifests/{self.tag}"

    @property
    def layer(self) -> str:
        """The path of the first layer."""
        return f"/v2/{self.repository}/blobs/{self.layers[0]}"


def push_image(door: Door, repository: str, layers: int, layer_size: int) -> Image:
    """Push an image with that many layers of `layer_size` bytes.

    Raises:
        BenchError: the registry refused something.
    """
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(door, repository, config, "application/vnd.oci.image.config.v1+json"),
        "layers": [
            _descriptor(door, repository, os.urandom(layer_size), "application/vnd.oci.image.layer.v1.tar")
            for _ in range(layers)
        ],
    }
    image = Image(repository, "1", tuple(layer["digest"] for layer in manifest["layers"]))
    _request(door, "PUT", image.manifest, json.dumps(manifest).encode(), MANIFEST_TYPE)
    return image


def start_upload(door: Door, repository: str) -> str:
    """Begin the upload of a blob; returns the path with query that it goes to.

    Raises:
        BenchError: the registry refused.
    """
    return _request(door, "POST", f"/v2/{repository}/blobs/uploads/")


def push_blob(door: Door, repository: str, data: bytes) -> str:
    """Push a blob; returns its digest.

    Raises:
        BenchError: the registry refused.
    """
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    _request(door, "PUT", f"{start_upload(door, repository)}&digest={digest}", data)
    return digest


def _descriptor(door: Door, repository: str, data: bytes, media_type: str) -> dict[str, Any]:
    """Push a blob; returns what a manifest says of it."""
    return {"mediaType": media_type, "digest": push_blob(door, repository, data), "size": len(data)}


def _request(
    door: Door, method: str, path: str, body: bytes = b"", media_type: str = "application/octet-stream"
) -> str:
    """Send a request; returns the Location of the answer."""
    headers = {"Content-Type": media_type, **({"Authorization": door.authorization} if door.authorization else {})}
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        if response.status >= 300:
            raise BenchError(f"{door.name}: {method} {path}: {response.status} {response.read().decode()}")
        return response.headers.get("Location", "")
    finally:
        connection.close()
