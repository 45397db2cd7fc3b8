"""Carries over what a Pod has besides, without what collides with the chart's own entries of that name."""

from __future__ import annotations

from privreg_values.migrate.found import Found
from privreg_values.migrate.sources.objects import children, value_at
from privreg_values.migrate.sources.registry_config import PREFIX
from privreg_values.values.nodes import Node, plain
from privreg_values.values.rules import MOUNTS, VOLUMES

_TRACES = "OTEL_"


def take_variables(variables: Node | None, found: Found) -> None:
    """Carry over the variables that are not the registry's configuration, such as those of a proxy.

    Of two with one name the last counts, as it does in a container's env.
    """
    kept: dict[str, Node] = {}
    for variable in children(variables):
        name = str(value_at(variable, "name"))
        if name.startswith(_TRACES):
            value = value_at(variable, "value")
            if (name, value) != ("OTEL_TRACES_EXPORTER", "none"):  # so the chart has it where there is no endpoint
                found.lose(variable.mark, f"the variable {name}", "set tracing.otlpEndpoint where traces are meant")
        elif not name.startswith(PREFIX):
            kept[name] = variable
    if kept and variables:
        first = next(iter(kept.values()))
        found.take(("extraEnv",), [plain(it) for it in kept.values()], variables.key_mark or first.mark)


def take_volumes(volumes: Node | None, mounts: Node | None, found: Found) -> None:
    """Carry over volumes and mounts."""
    kept: dict[str, Node] = {}
    for volume in children(volumes):
        name = str(value_at(volume, "name"))
        if name in VOLUMES or name in kept:
            what = "there twice" if name in kept else "that of a volume of the chart"
            found.lose(volume.mark, f"the volume {name}: its name is {what}", "give it another name in extraVolumes")
        else:
            kept[name] = volume
    mounted: dict[str, Node] = {}
    for mount in children(mounts):
        name, path = (str(value_at(mount, key)) for key in ("name", "mountPath"))
        place = path.removesuffix("/")
        if name in kept and place not in MOUNTS and place not in mounted:
            mounted[place] = mount
        else:
            remedy = "mount it elsewhere with extraVolumeMounts, if you need it"
            found.lose(mount.mark, f"the mount of the volume {name} at {path}", remedy)
    for key, node, nodes in (("extraVolumes", volumes, kept), ("extraVolumeMounts", mounts, mounted)):
        if node and nodes:
            found.take((key,), [plain(it) for it in nodes.values()], node.key_mark or node.mark)
