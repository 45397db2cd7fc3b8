"""The chart, rendered: the folders that a Pod would have mounted."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.errors import BenchError
from bench.users import User
from tests.cluster.paths import BIN, ROOT

Json = dict[str, Any]
VALUES = Path(__file__).parent / "values.yaml"


@dataclass(frozen=True)
class Rendered:
    """What the chart makes of one set of values.

    Attributes:
        gateway: the files of the gateway's ConfigMap; empty in the mode htpasswd.
        registry: config.yml.
        htpasswd: the users.
    """

    gateway: dict[str, str]
    registry: str
    htpasswd: str

    def mount(self, folder: Path) -> None:
        """Write everything below `folder`, as the kubelet would: gateway/, auth/htpasswd and config.yml."""
        for name, text in {
            **{f"gateway/{name}": text for name, text in self.gateway.items()},
            "auth/htpasswd": self.htpasswd,
            "config.yml": self.registry,
        }.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def render(mode: str, users: list[User]) -> Rendered:
    """Render the chart for auth.mode `mode` with bench/values.yaml; every user may push.

    Raises:
        BenchError: Helm refused.
    """
    auth = json.dumps({"auth": {"mode": mode, "users": [_entry(user) for user in users]}})
    ended = subprocess.run(
        [BIN / "helm", "template", "bench", ROOT / "charts/privreg", "--values", VALUES, "--values", "-"],
        input=auth,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise BenchError(f"helm template: {ended.stderr.strip()}")
    objects = [found for found in YAML(typ="safe").load_all(ended.stdout) if found]
    return Rendered(
        gateway=_data(objects, "ConfigMap", "haproxy.cfg"),
        registry=_data(objects, "Secret", "config.yml")["config.yml"],
        htpasswd=_data(objects, "Secret", "htpasswd")["htpasswd"],
    )


def _entry(user: User) -> Json:
    limits: Json = {"repositories": list(user.repositories)} if user.repositories else {}
    return {"name": user.name, "hash": user.hash, "role": "push", **limits}


def _data(objects: list[Json], kind: str, key: str) -> dict[str, str]:
    """The texts of the object of `kind` that has `key`; none when there is no such object."""
    for found in objects:
        texts: dict[str, str] = found.get("stringData") or found.get("data") or {}
        if found["kind"] == kind and key in texts:
            encoded = kind == "Secret" and "stringData" not in found
            return {name: base64.b64decode(text).decode() if encoded else text for name, text in texts.items()}
    return {}
