"""Which release, in which cluster, from which chart."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from privreg_values.cluster.helm import Helm
from privreg_values.cluster.kubectl import Kubectl

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Target:
    """A release and its cluster.

    Args:
        release: The release's name.
        namespace: Its namespace.
        context: A context of the kubeconfig; the current one when empty.
    """

    release: str
    namespace: str
    context: str = ""

    @property
    def helm(self) -> Helm:
        """The helm that speaks to this cluster."""
        return Helm(context=self.context)

    @property
    def kubectl(self) -> Kubectl:
        """The kubectl that speaks to this cluster."""
        return Kubectl(context=self.context)

    def helm_command(self, *arguments: str) -> str:
        """Give a command of helm about this release, for a person to paste."""
        context = ["--kube-context", self.context] if self.context else []
        return shlex.join(["helm", *arguments, "--namespace", self.namespace, *context])

    def kubectl_command(self, *arguments: str) -> str:
        """Give a command of kubectl about this namespace, for a person to paste."""
        context = ["--context", self.context] if self.context else []
        return shlex.join(["kubectl", *arguments, "--namespace", self.namespace, *context])

    def __str__(self) -> str:
        return f"release {self.release} in namespace {self.namespace}"


@dataclass(frozen=True)
class Chart:
    """Where the chart is from.

    Args:
        reference: A folder, an archive, or REPOSITORY/CHART or oci://… as helm takes it; empty for the chart of
            this version of privreg-values.
        version: The version of a chart in a repository; the newest when empty.
    """

    reference: str = ""
    version: str = ""

    @property
    def is_own(self) -> bool:
        """Tell whether it is the chart that this version's schema and rules are of."""
        return not self.reference

    @property
    def path(self) -> str:
        """The chart as helm is given it: in an installed package the one it carries, else the checkout's."""
        if self.reference:
            return self.reference
        carried = _PACKAGE / "chart"
        return str(carried if carried.is_dir() else _PACKAGE.parents[1] / "charts" / "privreg")
