"""CRI-O and Podman: the files of the containers/image library.

Sources: containers-certs.d(5), containers-registries.conf(5), containers-registries.conf.d(5),
containers-policy.json(5) and containers-auth.json(5) of containers/image; crio.conf(5) of CRI-O.
"""

from __future__ import annotations

import json

from privreg_values.errors import UsageError
from privreg_values.node_config.plan import NodeFile, Plan, Wish, listed, marked

_ACCEPT = [{"type": "insecureAcceptAnything"}]  # no signature is asked for, as before
_REJECT = [{"type": "reject"}]
_CRIO_POLICY = "/etc/crio/privreg-policy.json"
_CRIO_LOGIN = "/etc/crio/privreg-auth.json"


def crio(wish: Wish) -> Plan:
    """Give the files of CRI-O: it takes a policy and a login of its own, so that others' stay as they are."""
    settings = []
    files = _common(wish)
    if wish.refuse:
        files.append(_policy(wish, _CRIO_POLICY))
        settings.append(f'signature_policy = "{_CRIO_POLICY}"')
    if wish.login:
        content = json.dumps({"auths": {wish.host: {"auth": wish.login.basic}}}, indent=2) + "\n"
        files.append(NodeFile(_CRIO_LOGIN, content, f"the login at {wish.host}", secret=True))
        settings.append(f'global_auth_file = "{_CRIO_LOGIN}"')
    if settings:
        content = marked("\n".join(["[crio.image]", *settings]) + "\n")
        files.append(NodeFile("/etc/crio/crio.conf.d/50-privreg.conf", content, "has CRI-O read these files"))
    restart = "systemctl restart crio" if wish.mirrors or settings else ""
    return Plan("cri-o", files, restart, _notes(wish))


def podman(wish: Wish) -> Plan:
    """Give the files of Podman; Buildah and Skopeo read them too.

    Raises:
        UsageError: a login is asked for, which each user has for themselves.
    """
    if wish.login:
        raise UsageError("Podman's logins belong to its users", f"run `podman login {wish.host}` as each of them")
    files, notes = _common(wish), _notes(wish)
    if wish.refuse:
        files.append(_policy(wish, "/etc/containers/policy.json"))
        notes.append(
            "most systems have a policy.json already, and it is not replaced: put this one in its place if yours "
            'says no more than "default": insecureAcceptAnything, or add its docker part to yours'
        )
    if wish.mirrors:
        notes.append(f"the mirror needs a login: run `podman login {wish.host}` as each user")
    return Plan("podman", files, "", notes)


def _common(wish: Wish) -> list[NodeFile]:
    files = []
    if wish.ca:
        path = f"/etc/containers/certs.d/{wish.host}/ca.crt"
        files.append(NodeFile(path, marked(wish.ca), f"the certificates that {wish.host} is trusted by"))
    if wish.mirrors:
        then = "" if wish.refuse else ", then where they come from"
        purpose = f"looks for the images of {listed(wish.mirrors)} in {wish.host}{then}"
        files.append(NodeFile("/etc/containers/registries.conf.d/50-privreg.conf", _mirrors(wish), purpose))
    return files


def _mirrors(wish: Wish) -> str:
    """Ask this registry first; where others are refused, it stands in their place."""
    tables = []
    for name in wish.mirrors:
        location = wish.host if wish.refuse else name
        lines = ["[[registry]]", f'prefix = "{name}"', f'location = "{location}"']
        if not wish.refuse:
            lines += ["", "[[registry.mirror]]", f'location = "{wish.host}"']
        tables.append("\n".join(lines) + "\n")
    return marked("\n".join(tables))


def _policy(wish: Wish, path: str) -> NodeFile:
    """Refuse registries, and nothing that comes from a file: the policy is about the name an image is pulled by."""
    accepted = dict.fromkeys((wish.host, *wish.mirrors, *wish.allowed), _ACCEPT)
    content = {"default": _ACCEPT, "transports": {"docker": {"": _REJECT, **accepted}}}
    purpose = f"refuses every registry but {listed(accepted)}"
    return NodeFile(path, json.dumps(content, indent=2) + "\n", purpose)


def _notes(wish: Wish) -> list[str]:
    if not wish.refuse:
        return []
    return ["this replaces a policy that demands signatures: if you have one, add its demands to the new file"]
