"""kubectl, on a control plane without nodes."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.chart.rendering import NAMESPACE
from tests.cluster.paths import BIN
from tests.control_plane import ControlPlane


@dataclass(frozen=True)
class Kubectl:
    """kubectl as the administrator of a control plane."""

    control_plane: ControlPlane
    folder: Path

    def run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run it in the release's namespace, and give back what it said."""
        kubeconfig = self.control_plane.write_kubeconfig(self.folder / "kubeconfig", NAMESPACE)
        command = [f"{BIN}/kubectl", f"--kubeconfig={kubeconfig}", f"--cache-dir={self.folder}", *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    def dry_run(self, manifests: str | Path) -> str:
        """What is wrong with manifests, or with those in a folder, when the API server reads them strictly and makes
        nothing."""
        file, stdin = (manifests, "") if isinstance(manifests, Path) else ("-", manifests)
        return self.run("create", "--dry-run=server", "--validate=strict", f"--filename={file}", stdin=stdin).stderr
