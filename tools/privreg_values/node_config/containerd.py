"""containerd: a folder for each registry, with hosts.toml and certificates.

Source: docs/hosts.md of containerd. Paths in hosts.toml are relative to it. What lies in _default is for the
registries that have no folder. Changes are read at the next pull.

Each file has a [host] table, also where `server` would do: containerd 1.6 takes no file without one ("invalid `host`
tree" in its log), and goes on as if there was none. `server` is asked once more after the hosts, with the keys at the
top only: so the certificates are named there as well.
"""

from __future__ import annotations

from privreg_values.node_config.plan import REFUSED, Login, NodeFile, Plan, Wish, address, listed, marked

_CA = "ca.crt"


def plan(wish: Wish) -> Plan:
    """Give the files."""
    ours = f"https://{wish.host}"
    trust = " with the certificates beside it" if wish.ca else ""
    files = [_hosts(wish, wish.host, ours, ours, f"pulls from {wish.host}{trust}", ca=_CA)]
    if wish.ca:
        purpose = f"the certificates that {wish.host} is trusted by"
        files.append(NodeFile(f"{wish.config_path}/{wish.host}/{_CA}", marked(wish.ca), purpose))
    for name in wish.mirrors:
        then = "" if wish.refuse else f", then in {name}"
        purpose = f"looks for the images of {name} in {wish.host}{then}"
        server = REFUSED if wish.refuse else address(name)
        files.append(_hosts(wish, name, server, ours, purpose, ca=f"../{wish.host}/{_CA}", login=wish.login))
    if wish.refuse:
        for name in wish.allowed:
            files.append(_hosts(wish, name, address(name), address(name), f"pulls from {name} as before"))
        files.append(_hosts(wish, "_default", REFUSED, REFUSED, "refuses every registry that has no folder here"))
    return Plan("containerd", files, "", _notes(wish))


def _hosts(
    wish: Wish, registry: str, server: str, host: str, purpose: str, *, ca: str = "", login: Login | None = None
) -> NodeFile:
    """Give the hosts.toml of a registry: `host` is asked first, `server` after it."""
    table = f'host."{host}"'
    trust = [f'ca = "{ca}"'] if ca and wish.ca else []
    lines = [f'server = "{server}"', *(trust if server == host else []), ""]
    lines += [f"[{table}]", 'capabilities = ["pull", "resolve"]', *trust]
    if login:
        lines += ["", f"[{table}.header]", f'authorization = "Basic {login.basic}"']
    content = marked("\n".join(lines) + "\n")
    return NodeFile(f"{wish.config_path}/{registry}/hosts.toml", content, purpose, secret=login is not None)


def _notes(wish: Wish) -> list[str]:
    notes = [
        f'containerd must look here: config_path = "{wish.config_path}" in /etc/containerd/config.toml, in the table '
        '[plugins."io.containerd.cri.v1.images".registry] of containerd 2, '
        '[plugins."io.containerd.grpc.v1.cri".registry] of containerd 1; after a change there: systemctl restart '
        "containerd",
    ]
    if wish.refuse:
        kept = listed([wish.host, *wish.allowed])
        notes.append(
            f"new pulls come from {kept} only: the sandbox image and those of kube-system too, unless they are on "
            "the node already (--allow registry.k8s.io keeps theirs)"
        )
    return notes
