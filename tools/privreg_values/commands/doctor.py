"""What `doctor` does."""

from __future__ import annotations

import sys

import typer

from privreg_values.cluster.kubectl import Kubectl
from privreg_values.cluster.releases import Release
from privreg_values.doctor import report
from privreg_values.doctor.asking import Registry
from privreg_values.doctor.collect import Collector, release_of
from privreg_values.doctor.diagnose import diagnose
from privreg_values.doctor.facts import Facts
from privreg_values.doctor.findings import Diagnosis
from privreg_values.errors import ForbiddenError, UsageError
from privreg_values.registry.check import Login
from privreg_values.registry.client import Site
from privreg_values.registry.connection import HTTPS, parse_address, trust
from privreg_values.terminal import style_of
from privreg_values.users.known import Known, read_known
from privreg_values.values import hosts


def run(
    *,
    namespace: str | None,
    pod: str | None,
    values: str | None,
    credentials: str | None,
    user: str | None,
    host: str | None,
    release: str,
    release_namespace: str,
    context: str,
    ca_file: str | None,
    connect_to: str | None,
    as_json: bool,
) -> None:
    """Say why Pods cannot pull.

    Raises:
        PrivregError: the cluster does not answer, what is named is not there, or no host is known.
        typer.Exit: something was found.
    """
    known = read_known(values, credentials)
    kubectl = Kubectl(context)
    unseen: list[str] = []
    name = host or known.host
    try:
        found, its_host = release_of(kubectl, name, name=release, namespace=release_namespace)
    except ForbiddenError as error:
        found, its_host = None, ""
        unseen.append(f"the release: {error.message} (name its namespace with --release-namespace)")
    else:
        if found is None:
            unseen.append("the release: none of this host is in the cluster")
    name = name or its_host
    if not name:
        raise UsageError("no host is known", "give --host, or the --values file that names it")
    hosts.check(name)
    address, port = parse_address(connect_to) if connect_to else (name, HTTPS)
    registry = Registry(Site(name, address, port, trust(ca_file)), resolve=connect_to is None, unseen=unseen)
    collector = Collector(kubectl, registry, name, found, unseen)

    if namespace is None:
        answers = registry.look(_login(known, user, name))
        facts = Facts(name, found, answers, tuple(collector.everywhere()), collector.servers(), context)
        subject = f"the registry {name} answers, and no Pod waits for an image of it"
    else:
        answers = registry.look(None)
        place = collector.pod(namespace, pod) if pod else collector.namespace(namespace)
        facts = Facts(name, found, answers, (place,), context=context)
        subject = f"Pod {namespace}/{pod} waits for no image" if pod else _ready(namespace, name, found)
    diagnosis = Diagnosis(name, subject, diagnose(facts), tuple(unseen))
    if as_json:
        typer.echo(report.as_json(diagnosis))
    else:
        style = style_of(sys.stdout)
        for line in report.text(diagnosis, style):
            typer.echo(line, color=style.colour)
    if not diagnosis.ok:
        raise typer.Exit(1)


def _ready(namespace: str, host: str, release: Release | None) -> str:
    new = f", and new ones can pull from {host}" if release and release.secret_name else ""
    return f"no Pod of namespace {namespace} waits for an image{new}"


def _login(known: Known, user: str | None, host: str) -> Login | None:
    """Give a user of the credentials file, if it is for this host; the first where none is named."""
    if known.credentials_host not in ("", host) or not known.passwords:
        return None
    name = user or next(iter(known.passwords))
    if name not in known.passwords:
        raise UsageError(f"{known.credentials} has no password of {name}", "name one of its users with --user")
    return Login(name, known.passwords[name], known.credentials)
