"""Finds what Helm would install without a word and the user would be sorry for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privreg_values.users.credentials import COST_OF_GENERATED
from privreg_values.validation import no_effect
from privreg_values.validation.resources import over_their_limits
from privreg_values.values import chart
from privreg_values.values.nodes import Node, Path, Value, coalesce, locate, plain
from privreg_values.values.paths import render
from privreg_values.values.validate import Kind, Problem

LEAST_COST = 10  # of a hash, for passwords that people choose (OWASP, Password Storage Cheat Sheet)
NODE_PORTS = range(30000, 32768)  # --service-node-port-range of kube-apiserver, unless somebody changed it
CONTROLLERS = ("haproxy", "nginx", "traefik")
CLASS_ANNOTATION = "kubernetes.io/ingress.class"


def check(values: Node) -> list[Problem]:
    """Look over values that Helm accepts.

    Args:
        values: What the user set, all files laid over each other.
    """
    effective = plain(coalesce(chart.defaults(), values))
    return [
        Problem(locate(values, path), render(path), message, kind=kind)
        for kind, path, message in _findings(values, effective)
    ]


def _findings(values: Node, effective: Value) -> Iterator[tuple[Kind, Path, str]]:
    for rule in (_weak_hashes, _ingress_preset, _ingress_class, _node_port, _images_lost, _size_in_bytes):
        yield from rule(effective)
    yield from (("resources", path, message) for path, message in over_their_limits(effective, values))
    yield from (("no-effect", path, message) for path, message in no_effect.check(values, effective))


def _weak_hashes(values: Value) -> Iterator[tuple[Kind, Path, str]]:
    """A hash of the lowest cost is one of ours, of a random password; the others may be of one that can be guessed."""
    for index, user in enumerate(values["auth"].get("users") or []):
        found = re.match(r"\$2[aby]\$([0-9]{2})\$", user["hash"])
        cost = int(found[1]) if found else LEAST_COST
        if COST_OF_GENERATED < cost < LEAST_COST:
            yield (
                "weak-hash",
                ("auth", "users", index, "hash"),
                f"has cost {cost}, and a password that a person chose needs {LEAST_COST} or more, should the hash get "
                f"out; `privreg-values users rotate {user['name']}` makes a password that cannot be guessed",
            )


def _ingress_preset(values: Value) -> Iterator[tuple[Kind, Path, str]]:
    ingress = values["ingress"]
    class_name, preset = ingress.get("className") or "", ingress["preset"]
    controller = next((name for name in CONTROLLERS if name in class_name), None)
    if not ingress["enabled"] or controller in (None, preset):
        return
    if preset != "none":
        message = f"is {preset}, and ingress.className is {class_name}; set it to {controller}"
        yield "ingress-preset", ("ingress", "preset"), message
    elif not any(controller in key for key in ingress.get("annotations") or {}):
        message = (
            f"is {class_name}, and ingress.preset is none: large pushes may end with 413 or a timeout; "
            f"set ingress.preset to {controller}"
        )
        yield "ingress-preset", ("ingress", "className"), message


def _ingress_class(values: Value) -> Iterator[tuple[Kind, Path, str]]:
    if values["ingress"]["enabled"] and (values["ingress"].get("annotations") or {}).get(CLASS_ANNOTATION):
        message = "is the old way to choose a class, and some controllers do not look at it; set ingress.className"
        yield "ingress-preset", ("ingress", "annotations", CLASS_ANNOTATION), message


def _node_port(values: Value) -> Iterator[tuple[Kind, Path, str]]:
    port = values["service"].get("nodePort")
    if port and port not in NODE_PORTS:
        message = (
            f"is not from {NODE_PORTS[0]} to {NODE_PORTS[-1]}, and most clusters refuse others; choose one of these"
        )
        yield "node-port", ("service", "nodePort"), message


def _size_in_bytes(values: Value) -> Iterator[tuple[Kind, Path, str]]:
    for path in (("storage", "persistence", "size"), ("storage", "emptyDir", "sizeLimit")):
        size = str(values["storage"].get(path[1], {}).get(path[2]) or "")
        if size.isdecimal():
            yield "storage-size", path, f"is {size} bytes; add the unit, such as {size}Gi"


def _images_lost(values: Value) -> Iterator[tuple[Kind, Path, str]]:
    if values["storage"]["type"] == "emptyDir":
        message = "is emptyDir: every image is lost when the Pod is; set it to pvc, hostPath, nfs or s3"
        yield "images-lost", ("storage", "type"), message
