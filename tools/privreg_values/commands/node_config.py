"""What `node-config` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from privreg_values import gitignore, messages
from privreg_values.errors import UsageError
from privreg_values.node_config import containerd, containers, docker, rancher, text, write
from privreg_values.node_config.plan import Login, Plan, Wish, read_ca
from privreg_values.users.known import Known, read_known
from privreg_values.values import hosts

_PLANS: dict[str, Callable[[Wish], Plan]] = {
    "containerd": containerd.plan,
    "docker": docker.plan,
    "cri-o": containers.crio,
    "k3s": rancher.k3s,
    "rke2": rancher.rke2,
    "podman": containers.podman,
}


def run(
    runtime: str,
    *,
    host: str | None,
    values: str | None,
    credentials: str | None,
    ca_file: str | None,
    mirrors: Sequence[str],
    refuse: bool,
    allowed: Sequence[str],
    login: str | None,
    config_path: str | None,
    output: str | None,
    as_script: bool,
    as_json: bool,
) -> None:
    """Write a node's files, and say what each does.

    Raises:
        PrivregError: it cannot be done; nothing was written.
    """
    if as_script and (output or as_json):
        raise UsageError("--script writes to standard output", "leave --output and --json out")
    if config_path and runtime != "containerd":
        raise UsageError("--config-path is containerd's", "leave it out")
    known = read_known(values, credentials)
    name = host or known.host
    if not name:
        raise UsageError("the registry's name is missing", "give --host or --values")
    hosts.check(name)
    wish = Wish(
        name,
        read_ca(ca_file) if ca_file else None,
        tuple(dict.fromkeys(mirrors)),
        refuse,
        tuple(dict.fromkeys(allowed)),
        _login(known, name, login) if login else None,
        **({"config_path": config_path.rstrip("/")} if config_path else {}),
    )
    wish.check()
    plan = _PLANS[runtime](wish)
    notes = list(plan.notes)
    if as_script:
        typer.echo(text.script(plan, wish), nl=False)
        if login:
            notes.append(f"the script holds the password of {login}: keep it as you keep {known.credentials}")
    else:
        folder = (output or f"node-config-{runtime}").rstrip("/") or "/"
        write.into_folder(plan, wish, folder)
        for line in [text.as_json(plan, folder)] if as_json else text.lines(plan, folder):
            typer.echo(line)
        if login:
            notes += gitignore.protect([folder])
    for note in notes:
        messages.note(note)


def _login(known: Known, host: str, username: str) -> Login:
    known.allow(host)
    if username not in known.passwords:
        raise UsageError(
            f"--login {username[:63]}: {known.credentials} has no password of theirs", "name one of its users"
        )
    return Login(username, known.passwords[username])
