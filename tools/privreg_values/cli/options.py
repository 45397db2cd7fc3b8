"""Options that several commands have.

Those that say where something is, and only those, are also read from the environment: from PRIVREG_ and their name
in capitals. What a command does is never chosen there, and no secret is read from there.
"""

from __future__ import annotations

from typing import Annotated

import typer

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        envvar="PRIVREG_VALUES",
        help='Values files; the later ones win. "-" is standard input. Without any, values.yaml and secrets.yaml.',
    ),
]
Release = Annotated[
    str, typer.Option("--release", metavar="NAME", envvar="PRIVREG_RELEASE", help="The release's name.")
]
Namespace = Annotated[
    str, typer.Option("--namespace", "-n", metavar="NAME", envvar="PRIVREG_NAMESPACE", help="Its namespace.")
]
Context = Annotated[
    str,
    typer.Option(
        metavar="NAME", envvar="PRIVREG_CONTEXT", help="A context of your kubeconfig; the current one if not given."
    ),
]
Chart = Annotated[
    str,
    typer.Option(
        metavar="CHART",
        envvar="PRIVREG_CHART",
        help="Another chart than this version's: a folder, an archive, or a reference as helm takes it.",
    ),
]
ChartVersion = Annotated[
    str,
    typer.Option(
        metavar="VERSION",
        envvar="PRIVREG_CHART_VERSION",
        help="The version of a --chart in a repository; the newest if not given.",
    ),
]
Timeout = Annotated[
    int, typer.Option(metavar="SECONDS", min=1, help="How long to wait for the objects, and for each hook.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
CaFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", envvar="PRIVREG_CA_FILE", help="Certificates of authorities to trust as well (PEM)."),
]
ConnectTo = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS[:PORT]",
        envvar="PRIVREG_CONNECT_TO",
        help="Connect there instead of looking the host up; the port is 443.",
    ),
]
KnownValues = Annotated[
    str | None,
    typer.Option(
        "--values",
        "-f",
        metavar="FILE",
        envvar="PRIVREG_VALUES",
        help="The values file that names the host; values.yaml if it is there.",
    ),
]
Credentials = Annotated[
    str,
    typer.Option("--credentials", metavar="FILE", envvar="PRIVREG_CREDENTIALS", help="The file with the passwords."),
]
KnownCredentials = Annotated[
    str | None,
    typer.Option(
        "--credentials",
        metavar="FILE",
        envvar="PRIVREG_CREDENTIALS",
        help="The file with the passwords; credentials.yaml if it is there.",
    ),
]
Host = Annotated[
    str | None,
    typer.Option(metavar="NAME", envvar="PRIVREG_HOST", help="The registry's name; without it, the values file's."),
]


def is_from_environment(ctx: typer.Context, name: str) -> bool:
    """Tell whether an argument or an option was read from its variable."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "ENVIRONMENT"
