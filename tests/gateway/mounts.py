"""The chart's gateway and registry as files, their addresses changed to ones of a test."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.chart import rendering
from tests.gateway.users import EVERYBODY, PULL

Values = dict[str, Any]
Files = dict[str, str]

# A release with all the test users and deletion on, and patient: wrong passwords of one test stop no other.
VALUES: Values = {
    "host": "registry.example.com",
    "auth": {"users": [user.value for user in EVERYBODY]},
    "gateway": {"failedLoginsPerMinute": 100_000, "failedLoginsPerSecond": 10_000},
    "httpSecret": {"value": "signs-the-uploads-of-the-gateway-tests"},
    "pullSecrets": {"credential": {"username": PULL.name, "password": PULL.secret}},
    "storage": {"delete": {"enabled": True}},
}


@dataclass(frozen=True)
class Addresses:
    """Where a test's gateway and registry are.

    Attributes:
        clients: the gateway's port.
        metrics: the gateway's port for metrics and health.
        debug: the registry's own port for metrics.
        run: the folder that they share.
        storage: the registry's folder.
    """

    clients: int
    metrics: int
    debug: int
    run: Path
    storage: Path


@dataclass(frozen=True)
class Mounts:
    """What is mounted into the Pod, by folder and file.

    Attributes:
        gateway: haproxy.cfg and its lists, gateway.sh.
        auth: htpasswd; without it where the users are in an existing Secret.
        registry: config.yml.
        verifier: verifier.yml.
    """

    gateway: Files
    auth: Files
    registry: Files
    verifier: Files


def render(values: Values, at: Addresses) -> Mounts:
    """What the chart makes of `values` over VALUES, on loopback ports."""
    rendered = rendering.render(values=merged(VALUES, values))
    gateway = _data(rendered.one("ConfigMap", "privreg-gateway"))
    gateway["haproxy.cfg"] = _on_loopback(gateway["haproxy.cfg"], at)
    users = [each for each in rendered.all("Secret") if each["metadata"]["name"] == "privreg-htpasswd"]
    config = registry_config(rendered)
    config["http"]["addr"] = str(at.run / "registry.sock")
    config["http"]["debug"]["addr"] = f"127.0.0.1:{at.debug}"
    config["storage"]["filesystem"]["rootdirectory"] = str(at.storage)
    verifier = yaml.safe_load(gateway["verifier.yml"])
    verifier["http"]["addr"] = str(at.run / "verifier.sock")
    verifier["auth"]["htpasswd"]["path"] = str(at.run / "htpasswd")
    return Mounts(
        gateway,
        _data(users[0]) if users else {},
        {"config.yml": json.dumps(config)},
        {"verifier.yml": json.dumps(verifier)},
    )


def registry_config(rendered: rendering.Rendering) -> dict[str, Any]:
    """The registry's config.yml, as the chart has it."""
    config: dict[str, Any] = yaml.safe_load(_data(rendered.one("Secret", "privreg-config"))["config.yml"])
    return config


def merged(below: Values, above: Values) -> Values:
    """`above` over `below`, as Helm merges values."""
    both = {key: merged(below[key], above[key]) for key in below.keys() & above.keys() if isinstance(below[key], dict)}
    return below | above | both


def _on_loopback(config: str, at: Addresses) -> str:
    for pattern, address in (
        (r"bind :5000(?= )", f"bind 127.0.0.1:{at.clients}"),
        (r"bind :::5000(?= )", f"bind [::1]:{at.clients}"),
        (r"bind :9000(?=\n)", f"bind 127.0.0.1:{at.metrics}"),
        (r"bind :::9000(?= )", f"bind [::1]:{at.metrics}"),
        (r"server registry 127\.0\.0\.1:5001", f"server registry 127.0.0.1:{at.debug}"),
    ):
        config, found = re.subn(pattern, address, config)
        assert found == 1, f"{pattern} is in haproxy.cfg {found} times"
    return config


def _data(item: dict[str, Any]) -> Files:
    """What a ConfigMap or Secret holds."""
    data: Files = dict(item["data"])
    if item["kind"] == "Secret":
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    return data
