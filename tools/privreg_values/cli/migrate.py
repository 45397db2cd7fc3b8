"""`privreg-values migrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from privreg_values.cli import options


def migrate(
    *,
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FROM...", help='Files, or folders of them. "-" is standard input.'),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The values file to write; values.yaml if it is not named. Values of this chart are changed in place.",
        ),
    ] = None,
    credentials: options.Credentials = "credentials.yaml",
    host: Annotated[
        str | None,
        typer.Option(metavar="NAME", envvar="PRIVREG_HOST", help="The registry's name, if it is not in there."),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:ROLE[:PATTERN,...]",
            help="What an old user may do; repeatable. All others get push: pull and push as before.",
        ),
    ] = None,
    keep_pull_user: Annotated[
        bool,
        typer.Option(
            "--keep-pull-user",
            help="Pull with the user of the old pull Secret, instead of a new one who can only pull.",
        ),
    ] = False,
    old_release: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the old release of the chart docker-registry.")
    ] = "docker-registry",
    as_json: options.Json = False,
) -> None:
    """Bring an older set-up over: manifests made by hand, another chart's values, older values of this chart.

    The users keep their passwords, and the images stay where they are. What cannot be carried over is
    told line by line, with what to do about it. Nothing that is there is overwritten. Known are the
    manifests of a registry (Deployment, ConfigMap, Secret, Service, Ingress, Certificate), a values file
    of the chart docker-registry (twuni), and one of this chart, which is changed where it has to be.

    \b
    Examples:
      privreg-values migrate registry.yaml
      privreg-values migrate manifests/ --role alice:admin
      privreg-values migrate twuni-values.yaml --host registry.example.com
      privreg-values migrate values.yaml
    """
    from privreg_values.commands.migrate import run  # noqa: PLC0415 - only when it runs

    run(
        sources,
        output=output,
        credentials=credentials,
        host=host,
        roles=role or [],
        keep_pull_user=keep_pull_user,
        release=old_release,
        as_json=as_json,
    )
