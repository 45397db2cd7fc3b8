"""A small image, made on the spot, to push and to pull."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime

from privreg_values.registry.client import MANIFEST, digest

# More than the megabyte that nginx lets through by default, so that a missing preset shows.
LAYER_SIZE = 1_300_000


@dataclass(frozen=True)
class Image:
    """An OCI image of one layer (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md)."""

    manifest: bytes
    config: bytes
    layer: bytes

    @property
    def digest(self) -> str:
        """The digest that the image is pulled by."""
        return digest(self.manifest)


def make() -> Image:
    """Make an image that is new by its configuration; its layer is always the same, so a registry keeps one."""
    archive = _archive("privreg-check", random.Random(0).randbytes(LAYER_SIZE))  # noqa: S311 - it must not compress
    layer = gzip.compress(archive, compresslevel=1, mtime=0)
    config = _json(
        {
            "created": datetime.now(UTC).isoformat(),
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(archive)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
        }
    )
    return Image(manifest, config, layer)


def _archive(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
