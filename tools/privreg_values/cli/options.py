"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE", help='Values files; the later ones win. "-" is standard input; values.yaml if none is named.'
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
    str, typer.Option(metavar="VERSION", help="The version of a --chart in a repository; the newest if not given.")
]
Timeout = Annotated[
    int, typer.Option(metavar="SECONDS", min=1, help="How long to wait for the objects, and for each hook.")
]
Credentials = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="The file with the passwords; credentials.yaml if it is there."),
]
CaFile = Annotated[str | None, typer.Option(metavar="FILE", help="Certificates of authorities to trust as well (PEM).")]
ConnectTo = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS[:PORT]", help="Connect there instead of looking the host up; the port is 443."),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
