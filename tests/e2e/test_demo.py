"""`make demo` on a cluster of its own, twice, and `make demo-down`."""

import os
import subprocess
from pathlib import Path

from tests.cluster.paths import ROOT


def make(target: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    return subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=ROOT,
        env={**environment, "PRIVREG_CLUSTER_DIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_demo_ends_with_a_running_pod_and_says_how_to_log_in(second_cluster: Path) -> None:
    try:
        for _ in range(2):  # again: it goes on with what is there
            shown = make("demo", second_cluster)
            assert shown.returncode == 0, shown.stdout + shown.stderr
            assert "1/1     Running" in shown.stdout
            assert "Hello from your own registry" in shown.stdout
            assert "skopeo login registry.privreg.test" in shown.stdout
    finally:
        down = make("demo-down", second_cluster)
    assert down.returncode == 0, down.stdout + down.stderr
    assert not (second_cluster / "state").exists()
    assert not (second_cluster / "demo").exists()
