"""K3s and RKE2: one registries.yaml, of which they make containerd's files when they start.

Sources: docs.k3s.io and docs.rke2.io, "Private Registry Configuration" (a registry that is not listed is as "*" is;
--disable-default-registry-endpoint holds for those that are), and K3s pkg/agent/containerd/config.go.
"""

from __future__ import annotations

from privreg_values.node_config.plan import REFUSED, NodeFile, Plan, Wish, address, listed, marked

_RESTART = {
    "k3s": "systemctl restart k3s    # on agents: k3s-agent",
    "rke2": "systemctl restart rke2-server    # on agents: rke2-agent",
}


def k3s(wish: Wish) -> Plan:
    """Give the files of K3s."""
    return _plan(wish, "k3s")


def rke2(wish: Wish) -> Plan:
    """Give the files of RKE2."""
    return _plan(wish, "rke2")


def _plan(wish: Wish, name: str) -> Plan:
    folder = f"/etc/rancher/{name}"
    ca = f"{folder}/privreg-ca.crt"
    files = [NodeFile(f"{folder}/registries.yaml", _registries(wish, ca), _purpose(wish), secret=bool(wish.login))]
    if wish.ca:
        files.append(NodeFile(ca, marked(wish.ca), f"the certificates that {wish.host} is trusted by"))
    if wish.refuse:
        content = marked("disable-default-registry-endpoint: true\n")
        purpose = "has the registries in registries.yaml pulled from where it says, and from nowhere else"
        files.append(NodeFile(f"{folder}/config.yaml.d/50-privreg.yaml", content, purpose))
    return Plan(name, files, _RESTART[name], _notes(wish, name))


def _purpose(wish: Wish) -> str:
    what = [f"trusts {wish.host}"] if wish.ca else []
    if wish.mirrors:
        what.append(f"looks for the images of {listed(wish.mirrors)} in it")
    if wish.refuse:
        what.append(f"refuses all others{' but ' + listed(wish.allowed) if wish.allowed else ''}")
    return " and ".join(what)


def _registries(wish: Wish, ca: str) -> str:
    endpoints = dict.fromkeys(wish.mirrors, f"https://{wish.host}")
    if wish.refuse:
        endpoints = {
            **endpoints,
            wish.host: f"https://{wish.host}",
            **{name: address(name) for name in wish.allowed},
            "*": REFUSED,
        }
    lines = ["mirrors:"] if endpoints else []
    for name, endpoint in endpoints.items():
        lines += [f'  "{name}":', "    endpoint:", f'      - "{endpoint}"']
    if wish.ca or wish.login:
        lines += ["configs:", f'  "{wish.host}":']
    if wish.login:
        lines += [
            "    auth:",
            f'      username: "{wish.login.username}"',
            f"      password: {_quoted(wish.login.password)}",
        ]
    if wish.ca:
        lines += ["    tls:", f'      ca_file: "{ca}"']
    return marked("\n".join(lines) + "\n")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _notes(wish: Wish, name: str) -> list[str]:
    notes = ["every node needs the files, servers as well"]
    if wish.refuse:
        notes.append(
            f"new pulls come from {listed([wish.host, *wish.allowed])} only: those of {name}'s own images too, unless "
            "they are on the node already (--allow docker.io keeps them)"
        )
    return notes
