"""The versions that the chart's images have, read from its values.yaml."""

from ruamel.yaml import YAML

from .paths import ROOT

_VALUES = YAML(typ="safe").load(ROOT / "charts" / "privreg" / "values.yaml")


def image(*path: str) -> str:
    """Return the image at `path` of the values, such as docker.io/library/haproxy:3.2-alpine."""
    found = _at(path)
    return f"{found['registry']}/{found['repository']}:{found['tag']}"


def series(*path: str) -> str:
    """Return the version in the tag of the image at `path`, such as 3.2 of 3.2-alpine."""
    return str(_at(path)["tag"]).partition("-")[0]


def _at(path: tuple[str, ...]) -> dict[str, str]:
    found = _VALUES
    for key in path:
        found = found[key]
    return dict(found["image"])
