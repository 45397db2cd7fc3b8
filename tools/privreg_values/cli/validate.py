"""`privreg-values validate`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from privreg_values.cli import options


class Form(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def validate(
    ctx: typer.Context,
    *,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            envvar="PRIVREG_VALUES",
            help='Values files; the later ones win. "-" is standard input. Without any, values.yaml and secrets.yaml.',
        ),
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--values", "-f", metavar="FILE", help="The same, as helm has it.")
    ] = None,
    git_safe: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="One of the files, that is meant for git: refuse secrets in it."),
    ] = None,
    dns: Annotated[bool, typer.Option("--dns", help="Look the host up.")] = False,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Compare with the cluster that kubectl speaks to.")
    ] = False,
    context: Annotated[
        str,
        typer.Option(metavar="NAME", envvar="PRIVREG_CONTEXT", help="Compare with the cluster of this context."),
    ] = "",
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace",
            "-n",
            metavar="NAME",
            envvar="PRIVREG_NAMESPACE",
            help="The release's namespace in the cluster.",
        ),
    ] = "privreg",
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as problems.")] = False,
    form: Annotated[Form, typer.Option("--format", help="How to write the answer.")] = Form.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
) -> None:
    """Check values files as Helm would, and for what Helm does not notice.

    Several files are laid over each other and over the chart's defaults as `helm install -f A -f B`
    does. Each problem is a line, FILE:LINE:COLUMN: what is wrong, with the place below it; secrets are
    masked. Exit code 1 when there is a problem.

    A problem is what Helm refuses; with --git-safe, or for values.yaml with a secrets.yaml beside it, a
    secret in the file for git; with --cluster, what the cluster lacks: classes, issuers, Secrets and
    their keys, namespaces. What may be meant is a warning: weak hashes, values without effect, an
    Ingress that would refuse large pushes, a host that is not in DNS (--dns).

    \b
    Examples:
      privreg-values validate
      privreg-values validate values.yaml secrets.yaml --strict
      privreg-values validate values.yaml --dns --cluster --namespace privreg
      privreg-values validate values.yaml --format sarif > privreg.sarif
    """
    from privreg_values.commands.validate import run  # noqa: PLC0415 - only when it runs
    from privreg_values.validation.judge import Wishes  # noqa: PLC0415 - only when it runs

    named = [] if values and options.is_from_environment(ctx, "files") else files or []
    compare = cluster or bool(context and not options.is_from_environment(ctx, "context"))
    wishes = Wishes(git_safe=git_safe or (), dns=dns, cluster=compare, context=context, namespace=namespace)
    run([*named, *(values or ())], wishes, form=Form.JSON if as_json else form, strict=strict)
