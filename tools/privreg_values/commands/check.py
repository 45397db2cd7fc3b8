"""What `check` does."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Iterable
from pathlib import Path

import typer

from privreg_values import messages, report
from privreg_values.commands.passwords import ask_password, is_terminal, read_password
from privreg_values.errors import UsageError
from privreg_values.registry.check import Check, Login
from privreg_values.registry.client import Site
from privreg_values.registry.connection import HTTPS, check_repository, parse_address, trust
from privreg_values.registry.reach import Step
from privreg_values.terminal import style_of
from privreg_values.users.known import Known, read_known
from privreg_values.values import hosts


def run(
    *,
    values: str | None,
    credentials: str | None,
    user: str | None,
    password_stdin: bool,
    host: str | None,
    ca_file: str | None,
    connect_to: str | None,
    repository: str,
    in_cluster: bool,
    release: str,
    release_namespace: str,
    context: str,
    as_json: bool,
) -> None:
    """Check the live registry, from here or from a Pod, and say what came of each step.

    Raises:
        PrivregError: it is not known what to check, or as whom.
        typer.Exit: a step failed.
    """
    known = read_known(values, credentials)
    name = host or known.host
    if not name:
        raise UsageError("no host is known", "give --host, or the values file that names it")
    hosts.check(name)
    check_repository(repository)
    address, port = parse_address(connect_to) if connect_to else (name, HTTPS)
    site = Site(name, address, port, trust(ca_file))
    check = Check(site, _login(known, name, user, password_stdin), repository, resolve=connect_to is None)
    if in_cluster:
        with contextlib.closing(_from_pod(check, ca_file, release, release_namespace, context)) as going:
            steps = _show(going, as_json)
    else:
        steps = _show(check.steps(), as_json)
    if as_json:
        typer.echo(report.steps_json(name, repository, steps))
    if not steps[-1].ok:
        raise typer.Exit(1)


def _from_pod(
    check: Check, ca_file: str | None, release: str, release_namespace: str, context: str
) -> Generator[Step, None, None]:
    # Only here is a cluster needed, and what speaks to it.
    from privreg_values.cluster import releases  # noqa: PLC0415
    from privreg_values.cluster.helm import Helm  # noqa: PLC0415
    from privreg_values.cluster.kubectl import Kubectl  # noqa: PLC0415
    from privreg_values.in_cluster import pod, program  # noqa: PLC0415

    kubectl = Kubectl(context)
    chosen = releases.only(releases.find(kubectl, name=release, namespace=release_namespace))
    text = program.text(program.order(check, Path(ca_file).read_text("ascii") if ca_file else ""))
    with pod.running(kubectl, Helm(context=kubectl.context), chosen) as name:
        messages.progress(f"from the Pod {name} in namespace {chosen.namespace}:")
        yield from pod.steps(kubectl, name, chosen.namespace, text)


def _show(going: Iterable[Step], as_json: bool) -> list[Step]:
    style = style_of(sys.stdout)
    steps = []
    for step in going:
        steps.append(step)
        if not as_json:
            typer.echo(report.step_text(step, style), color=style.colour)
    return steps


def _login(known: Known, host: str, user: str | None, password_stdin: bool) -> Login:
    name = user or next(iter(known.passwords), None)
    if name is None:
        raise UsageError("no user is known", "give --user, or the --credentials file")
    if password_stdin:
        return Login(name, read_password(sys.stdin.buffer), "standard input")
    if name in known.passwords:
        known.allow(host)
        return Login(name, known.passwords[name], known.credentials)
    if is_terminal():
        return Login(name, ask_password(name), "you")
    raise UsageError(f"no password of {name} is known", "give the --credentials file, or --password-stdin")
