"""`privreg-values node-config`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from privreg_values.cli import options


class Runtime(StrEnum):
    """The container runtimes whose files are known."""

    CONTAINERD = "containerd"
    DOCKER = "docker"
    CRIO = "cri-o"
    K3S = "k3s"
    RKE2 = "rke2"
    PODMAN = "podman"


def node_config(
    *,
    runtime: Annotated[Runtime, typer.Argument(help="What runs the node's containers.", show_default=False)],
    host: options.Host = None,
    values: options.KnownValues = None,
    credentials: options.KnownCredentials = None,
    ca_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", envvar="PRIVREG_CA_FILE", help="The certificate (PEM) of the CA that the node is to trust."
        ),
    ] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGISTRY",
            help="Look for the images of this registry, such as docker.io, in yours first; repeatable. "
            "docker.io/library/busybox is asked for as library/busybox.",
        ),
    ] = None,
    login: Annotated[
        str | None,
        typer.Option(metavar="USER", help="Whom to ask the mirror as; the password is in the credentials file."),
    ] = None,
    refuse_public: Annotated[
        bool, typer.Option("--refuse-public", help="Pull from no other registry than yours.")
    ] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="REGISTRY", help="Go on pulling from this one, with --refuse-public; repeatable."),
    ] = None,
    config_path: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="containerd's config_path, if not /etc/containerd/certs.d."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="A new folder; node-config-RUNTIME by default."),
    ] = None,
    script: Annotated[bool, typer.Option("--script", help="Print one shell script for the nodes instead.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write the files that make a node trust the registry, mirror others by it, or refuse all others.

    The files lie in a folder at the paths that they have on the node, beside a README.txt that tells what
    each does and how to undo it. With --script they come as one shell script, which does not replace a
    file that somebody else wrote, and takes its own back when it is run with the word undo.

    \b
    Examples:
      privreg-values node-config containerd --ca-file ca.crt
      privreg-values node-config k3s --mirror docker.io --login cluster
      privreg-values node-config containerd --refuse-public \\
          --allow registry.k8s.io --script | ssh root@node sh
    """
    from privreg_values.commands.node_config import run  # noqa: PLC0415 - only when it runs

    run(
        runtime,
        host=host,
        values=values,
        credentials=credentials,
        ca_file=ca_file,
        mirrors=mirror or [],
        refuse=refuse_public,
        allowed=allow or [],
        login=login,
        config_path=config_path,
        output=output,
        as_script=script,
        as_json=as_json,
    )
