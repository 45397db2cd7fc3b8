"""Docker Engine: certificates by registry, mirrors of Docker Hub.

Sources: docs.docker.com, "Verify repository client with certificates" and the reference of dockerd (registry-mirrors,
which is for Docker Hub only and can be reloaded).
"""

from __future__ import annotations

import json

from privreg_values.errors import UsageError
from privreg_values.node_config.plan import NodeFile, Plan, Wish, marked


def plan(wish: Wish) -> Plan:
    """Give the files.

    Raises:
        UsageError: Docker Engine cannot do that.
    """
    if wish.refuse:
        raise UsageError("Docker Engine has no setting that refuses registries", "close them in the firewall")
    if others := [it for it in wish.mirrors if it != "docker.io"]:
        raise UsageError(f"Docker Engine has mirrors of docker.io only, not of {others[0]}", "leave it out")
    if wish.login:
        raise UsageError("Docker Engine asks mirrors without a login", "leave --login out")
    files = []
    if wish.ca:
        path = f"/etc/docker/certs.d/{wish.host}/ca.crt"
        files.append(NodeFile(path, marked(wish.ca), f"the certificates that {wish.host} is trusted by"))
    if wish.mirrors:
        content = json.dumps({"registry-mirrors": [f"https://{wish.host}"]}, indent=2) + "\n"
        purpose = f"looks for the images of docker.io in {wish.host}, then in docker.io"
        files.append(NodeFile("/etc/docker/daemon.json", content, purpose))
    return Plan("docker", files, "systemctl reload docker" if wish.mirrors else "", _notes(wish))


def _notes(wish: Wish) -> list[str]:
    if not wish.mirrors:
        return []
    return [
        "Docker Engine asks mirrors without a login, so this one has to let everybody pull (auth.mode token can); "
        "otherwise each pull goes on to docker.io",
        f'a daemon.json that is there already is not replaced: add "registry-mirrors": ["https://{wish.host}"] to it',
    ]
