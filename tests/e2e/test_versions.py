"""The programs in the chart's images have the versions that the tags in its values.yaml say."""

import re
from collections.abc import Iterator

import pytest

from tests.cluster import chart
from tests.cluster.cluster import Cluster
from tests.e2e.release import create_namespace, kubectl

NAMESPACE = "versions"


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace for Pods of these images."""
    create_namespace(cluster, NAMESPACE)
    yield NAMESPACE
    kubectl(cluster, "delete", "namespace", NAMESPACE, "--wait=false")


def said(cluster: Cluster, namespace: str, name: str, image: str, *command: str) -> str:
    """Run a command in a container of `image`, as the chart names it; returns what it prints."""
    run = ("run", name, f"--namespace={namespace}", f"--image={image}", "--image-pull-policy=IfNotPresent")
    kubectl(cluster, *run, "--restart=Never", "--command", "--", *command)
    kubectl(
        cluster, "wait", f"pod/{name}", f"--namespace={namespace}", "--for=jsonpath={.status.phase}=Succeeded",
        "--timeout=120s",
    )  # fmt: skip
    return kubectl(cluster, "logs", f"pod/{name}", f"--namespace={namespace}")


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ((), ("registry", "--version")),
        (("gateway",), ("haproxy", "-v")),
        (("jobs",), ("python3", "--version")),
    ],
    ids=["registry", "haproxy", "python"],
)
def test_a_program_in_the_cluster_has_the_version_of_its_images_tag(
    cluster: Cluster, namespace: str, path: tuple[str, ...], command: tuple[str, ...]
) -> None:
    printed = said(cluster, namespace, command[0], chart.image(*path), *command)
    version = re.search(r"\d+\.\d+\.\d+", printed)
    assert version, printed
    assert f"{version[0]}.".startswith(f"{chart.series(*path)}."), printed


@pytest.mark.parametrize("path", [("gateway",), ("jobs",)], ids=["haproxy", "python"])
def test_the_shell_of_the_images_is_busybox(cluster: Cluster, namespace: str, path: tuple[str, ...]) -> None:
    script = "readlink -f /bin/sh; printf 1 | sha256sum | cut -c1-8"
    shell, digest = said(cluster, namespace, f"{path[0]}-shell", chart.image(*path), "sh", "-ec", script).split()
    assert shell.endswith("/busybox")
    assert digest == "6b86b273"
