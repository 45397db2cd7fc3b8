"""Reads the configuration of CNCF distribution: config.yml, and the REGISTRY_* variables that override it.

Sources: docs/content/about/configuration.md and configuration/parser.go of distribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from privreg_values.errors import FileError, SyntaxProblem
from privreg_values.migrate.found import Found
from privreg_values.migrate.sources import bucket
from privreg_values.migrate.sources.objects import line_of
from privreg_values.values import yaml_reader
from privreg_values.values.nodes import Mark, Node, Path, Value, plain
from privreg_values.values.paths import render

ROOT = "/var/lib/registry"  # the driver's default, and what the image declares
PREFIX = "REGISTRY_"
_DRIVERS = ("filesystem", "inmemory", "s3", "s3aws", "gcs", "azure", "swift", "oss")

_SAME: dict[Path, Path] = {
    ("log", "level"): ("log", "level"),
    ("log", "formatter"): ("log", "formatter"),
    ("storage", "delete", "enabled"): ("storage", "delete", "enabled"),
    ("storage", "maintenance", "readonly", "enabled"): ("gateway", "readOnly"),
    ("auth", "htpasswd", "realm"): ("auth", "realm"),
}
# What the chart sets itself, or what has no meaning behind its gateway.
_OWN: tuple[Path, ...] = (
    ("version",),
    ("log", "fields", "service"),
    ("log", "accesslog", "disabled"),
    ("storage", "filesystem", "rootdirectory"),
    ("storage", "cache", "blobdescriptor"),
    ("storage", "cache", "layerinfo"),
    ("storage", "maintenance", "uploadpurging"),
    ("storage", "redirect"),
    ("http", "addr"),
    ("http", "net"),
    ("http", "host"),
    ("http", "relativeurls"),
    ("http", "secret"),
    ("http", "draintimeout"),
    ("http", "http2"),
    ("http", "debug"),
    ("http", "headers", "X-Content-Type-Options"),
    ("auth", "htpasswd", "path"),
    ("health",),
)
_REMEDIES: dict[Path, str] = {
    ("proxy",): "a pull-through cache is a registry of its own: keep the old one for it",
    ("auth",): "set auth.mode and its values by hand, or let the users log in with new passwords",
    ("redis",): "nothing to do: one registry needs no shared cache",
    ("http", "tls"): (
        "put the certificate into a Secret of type kubernetes.io/tls, and name that in tls.secretName where there is "
        "an Ingress, in gateway.tls.secretName where there is none"
    ),
    ("http", "prefix"): "not supported: have clients use the host's root",
}


@dataclass(frozen=True)
class Config:
    """What the rest of the migration needs to know.

    Args:
        root: The folder of the images.
        htpasswd: The file of the users; None where there is none.
        in_memory: The images are kept in memory.
        in_bucket: They are in a bucket, which was taken over.
    """

    root: str
    htpasswd: str | None
    in_memory: bool
    in_bucket: bool


def within(text: Node) -> Node | None:
    """Read YAML that is the text of a manifest's value; its marks are places in that manifest.

    Raises:
        SyntaxProblem: it is not YAML.
    """
    first = line_of(text, 0)
    try:
        documents = yaml_reader.documents("\n" * (first.line - 1) + str(text.value), first.file)
    except SyntaxProblem as error:
        raise SyntaxProblem(error.file, error.line, error.column, f"configuration: {error.problem}") from None
    return documents[0] if documents else None


def from_environment(variables: Iterable[tuple[str, Node]]) -> Iterator[tuple[Path, Node]]:
    """Return what REGISTRY_* variables set, by path in the configuration, in the order in which they count.

    Source: configuration/parser.go of distribution, NewParser: it sorts them by name, so that REGISTRY_STORAGE is
    applied before REGISTRY_STORAGE_S3_BUCKET. Of two with one name the last counts, as in a container's env.
    """
    for name, value in sorted(variables, key=lambda it: it[0]):
        if not name.startswith(PREFIX):
            continue
        path = tuple(part.lower() for part in name.removeprefix(PREFIX).split("_"))
        try:
            parsed = yaml_reader.documents(str(value.value), value.mark.file)
        except SyntaxProblem:
            parsed = []
        yield path, replace(_moved(parsed[0], value.mark) if parsed else value, key_mark=value.mark)


def read(config: Node | None, overrides: Iterable[tuple[Path, Node]], found: Found) -> Config:
    """Take over what the chart has a value for.

    Args:
        config: What config.yml says; None where it is the image's own.
        overrides: What the environment sets over it.
        found: Where it goes.

    Raises:
        FileError: the images are in an object store that the chart cannot use.
    """
    leaves = dict(_leaves(config, ())) if config and isinstance(config.value, dict) else {}
    for path, node in overrides:
        leaves = {there: leaf for there, leaf in leaves.items() if there[: len(path)] != path}
        leaves.update(_leaves(node, path))
    driver, where = _driver(leaves)
    if driver in bucket.DRIVERS:
        bucket.read(leaves, driver, where, found)
    for path, (value, mark) in leaves.items():
        if path in _SAME:
            found.take(_SAME[path], value, mark)
    if secret := leaves.get(("http", "secret")):
        found.set_http_secret(*secret)
    if disabled := leaves.get(("log", "accesslog", "disabled")):
        found.take(("log", "accessLog"), not disabled[0], disabled[1])
    if kind := leaves.get(("auth",)):  # REGISTRY_AUTH=htpasswd
        leaves = {path: leaf for path, leaf in leaves.items() if path != ("auth",) or kind[0] != "htpasswd"}
    _lose_the_rest(leaves, found)
    root = leaves.get(("storage", "filesystem", "rootdirectory"), (ROOT,))[0]
    htpasswd = leaves.get(("auth", "htpasswd", "path"), (None,))[0]
    return Config(
        str(root).rstrip("/"), str(htpasswd) if htpasswd else None, driver == "inmemory", driver in bucket.DRIVERS
    )


def _driver(leaves: dict[Path, tuple[Value, Mark]]) -> tuple[str, Mark]:
    """Give the storage driver, and where it is named."""
    for path, (value, mark) in leaves.items():
        name = str(path[1] if len(path) > 1 else value)
        if path[0] != "storage" or name not in _DRIVERS:
            continue
        if name not in ("filesystem", "inmemory", *bucket.DRIVERS):
            raise FileError(
                f"{mark.file}:{mark.line}: the images are kept in {name}; of object stores, this chart has s3 only",
                "copy the images with `skopeo sync`, or stay with the old registry",
            )
        return name, mark
    return "filesystem", Mark("", 1, 1)


def _lose_the_rest(leaves: dict[Path, tuple[Value, Mark]], found: Found) -> None:
    told: set[Path] = set()
    for path, (value, mark) in leaves.items():
        known = path in _SAME or bucket.knows(path) or any(path[: len(own)] == own for own in _OWN)
        if known or value in (None, "", [], {}) or path[:2] == ("storage", "inmemory") or path == ("storage",):
            continue
        whole = path[0] in ("notifications", "proxy", "redis", "middleware", "validation")
        section = path[: 1 if whole else 3 if bucket.has(path) else 2]
        if section in told:
            continue
        told.add(section)
        variable = PREFIX + "_".join(str(step).upper() for step in path if not isinstance(step, int))
        remedy = _REMEDIES.get(section) or _REMEDIES.get(path[:1]) or f"if you need it, set {variable} in extraEnv"
        found.lose(mark, f"{render(section)} of the registry's configuration", remedy)


def _leaves(node: Node, path: Path) -> Iterator[tuple[Path, tuple[Value, Mark]]]:
    if isinstance(node.value, dict) and node.value:
        for key, child in node.value.items():
            yield from _leaves(child, (*path, key))
    else:
        yield path, (plain(node), node.key_mark or node.mark)


def _moved(node: Node, mark: Mark) -> Node:
    """Give a node whose parts are all found at one place."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _moved(child, mark) for key, child in value.items()}
    return replace(node, value=value, mark=mark, end=mark, key_mark=mark)
