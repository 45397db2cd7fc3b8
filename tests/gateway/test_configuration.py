"""What HAProxy itself says of the rendered configuration."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster.pki import Authority
from tests.gateway.mounts import Addresses, Values, render
from tests.gateway.users import ADMIN, EVERYBODY, PULL, TEAM_PULL

NO_PULL_SECRET = {"enabled": False}
VALUES: dict[str, Values] = {
    "the defaults": {},
    "one user": {"auth": {"users": [ADMIN.value]}, "pullSecrets": NO_PULL_SECRET},
    "only limited users": {
        "auth": {"users": [TEAM_PULL.value]}, "pullSecrets": NO_PULL_SECRET,
    },
    "more threads": {"gateway": {"threads": 2, "maxConnections": 100000}},
    "the least": {"gateway": {
        "cacheSeconds": 1, "maxConnections": 10, "maxDownloads": 1, "failedLoginsPerMinute": 1,
        "failedLoginsPerSecond": 1,
    }},
    "trusted proxies": {"gateway": {"trustedProxies": ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"]}},
    "https": {"gateway": {"tls": {"secretName": "registry-tls"}}, "ingress": {"enabled": False}},
    "read-only": {"gateway": {"readOnly": True}},
    "an odd realm": {"auth": {"realm": "it's 100% {odd} $HOME #1 ${RUN} %[src]"}},
    "an existing Secret": {"auth": {
        "users": [], "existingSecret": "ours", "access": [user.access for user in EVERYBODY],
    }},
    "a thousand limited users": {"auth": {"users": [
        PULL.value,
        *({**TEAM_PULL.value, "name": f"team-{number}", "repositories": [f"team-{number}/**"]} for number in range(999))
    ]}},
    "every kind of pattern": {"auth": {"users": [
        PULL.value,
        {**TEAM_PULL.value, "repositories": ["*", "**", "a", "a/*", "a/**/b", "*/a-*", "**/x", "a.b_c--d/*.e"]},
    ]}},
    "names that need quoting": {"auth": {"users": [
        PULL.value, *({**ADMIN.value, "name": name} for name in ("a.b", "a@b.c", "A-b_c", "0", "user", "none"))
    ]}},
}  # fmt: skip


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
def test_haproxy_takes_it_without_a_warning(values: Values, tmp_path: Path) -> None:
    said = prepare(values, tmp_path)
    assert said.stdout.strip() == "Configuration file is valid", said.stderr
    assert said.stderr == ""
    assert said.returncode == 0


def test_one_processor_and_few_file_descriptors_are_enough(tmp_path: Path) -> None:
    """G19, and containers with a limit of 1,024: HAProxy takes what it gets."""
    said = prepare({}, tmp_path, "taskset", "--cpu-list", "0", "prlimit", "--nofile=1024:1024")
    assert (said.returncode, said.stderr) == (0, "")


def prepare(values: Values, folder: Path, *below: str) -> subprocess.CompletedProcess[str]:
    """Check the configuration as gateway.sh does, with warnings as errors (-dW)."""
    authority = Authority.create(folder / "authority")
    authority.issue("tls", "registry.example.com", sans=("registry.example.com",))
    mounts = render(values, Addresses(15000, 15001, 15002, folder, folder))
    files = {name: text for name, text in mounts.gateway.items() if name != "gateway.sh"}
    files["previous.lst"] = ""
    for end in ("crt", "key"):
        files[f"tls.{end}"] = (authority.folder / f"tls.{end}").read_text()
    for name, text in files.items():
        (folder / name).write_text(text)
    return subprocess.run(
        [*below, "haproxy", "-c", "-V", "-dW", "-f", "haproxy.cfg"],
        cwd=folder, env={**os.environ, "RUN": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
