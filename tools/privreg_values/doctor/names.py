"""The names of images."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """The parts of an image's name.

    Args:
        host: The registry, with its port; docker.io where the name has none.
        repository: The repository.
        reference: The digest, or else the tag.
    """

    host: str
    repository: str
    reference: str


def parse(image: str) -> Reference:
    """Take an image's name apart as docker does: the first part is a host if it has a dot or a colon."""
    rest, _, digest = image.partition("@")
    first, slash, after = rest.partition("/")
    host, path = (first, after) if slash and (set(".:") & set(first) or first == "localhost") else ("docker.io", rest)
    repository, colon, tag = path.rpartition(":")
    if not colon:
        repository, tag = path, "latest"
    return Reference(host, repository, digest or tag)
