"""A cluster as the demo and the tests use it, whoever made it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .paths import CLUSTER, environment


@dataclass(frozen=True)
class Cluster:
    """What a test needs to know of a cluster.

    Attributes:
        kind: "embedded", "kind" or "existing".
        kubeconfig: an administrator's.
        hosts: names that a registry can be installed under; they resolve for `inside` and on the nodes.
        address: where the Ingress controller answers; empty when only DNS knows.
        pki: the folder with ca.crt, registry.crt and registry.key; None when the nodes trust public CAs only.
        ingress_class: the Ingress class to use.
        ingress_preset: the chart's ingress.preset for it.
        enter: the command prefix that runs a client where the hosts resolve.
        init_pid: the embedded cluster's first process, else 0.
    """

    kind: str
    kubeconfig: Path
    hosts: tuple[str, ...]
    address: str
    pki: Path | None
    ingress_class: str
    ingress_preset: str
    enter: tuple[str, ...] = ()
    init_pid: int = 0

    def inside(self, command: list[str]) -> list[str]:
        """The command line that runs `command` where the registries' names resolve, in the same folder."""
        if self.kind == "embedded":
            return [*self.enter, f"--wdns={Path.cwd()}", "--", *command]
        return [*self.enter, *command]

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment in which kubectl and helm find this cluster."""
        return environment(KUBECONFIG=str(self.kubeconfig), **extra)

    def run(
        self,
        command: list[str],
        *,
        stdin: str | None = None,
        check: bool = True,
        timeout: float = 120,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a client `inside`, its output captured, with the variables `env` added to the environment.

        Raises:
            subprocess.CalledProcessError: it failed and `check` is set; `stderr` has its words.
            subprocess.TimeoutExpired: it took more than `timeout` seconds.
        """
        return subprocess.run(
            self.inside(command),
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment(**(env or {})),
            check=check,
            timeout=timeout,
        )


def kubeconfig_of_user() -> Path | None:
    """The first file of $KUBECONFIG, or None when it is not set or names a cluster of our own."""
    value = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    if not value or Path(value).resolve().is_relative_to(CLUSTER.resolve()):
        return None
    return Path(value)
