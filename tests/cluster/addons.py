"""What runs in the cluster besides the control plane: DNS, the Ingress controller, storage."""

import json
import subprocess
from pathlib import Path
from string import Template

from . import images
from .errors import StepFailed
from .layout import DNS_SERVICE_IP, HOSTS, NODE_NAME, RUN, VOLUMES
from .paths import ADDONS, MODULES, environment
from .programs import KUBECTL

READY_TIMEOUT = 60  # seconds


def apply_dns(kubeconfig: Path, node_ip: str, log: Path) -> None:
    """Apply CoreDNS, which also knows the registries' names."""
    _apply(kubeconfig, _fill("coredns.yaml", node_ip), log)


def apply_ingress(kubeconfig: Path, log: Path) -> None:
    """Apply Traefik and its custom resource definitions."""
    _apply(kubeconfig, traefik_crds().read_text(), log)
    _apply(kubeconfig, _fill("traefik.yaml", ""), log)


def apply_storage(kubeconfig: Path, log: Path) -> None:
    """Apply the StorageClass and its volumes."""
    _apply(kubeconfig, _fill("storage.yaml", ""), log)
    _apply(kubeconfig, json.dumps({"apiVersion": "v1", "kind": "List", "items": _volumes()}), log)


def wait_until_ready(kubeconfig: Path, log: Path) -> None:
    """Return when the node and the addons are ready.

    Raises:
        StepFailed: they are not within a minute.
    """
    wait = ["wait", f"--timeout={READY_TIMEOUT}s"]
    _kubectl(kubeconfig, [*wait, "--for=create", f"node/{NODE_NAME}"], log)
    _kubectl(kubeconfig, [*wait, "--for=condition=Ready", f"node/{NODE_NAME}"], log)
    for namespace, deployment in (("kube-system", "coredns"), ("ingress", "traefik")):
        available = ["--for=condition=Available", f"deployment/{deployment}", f"--namespace={namespace}"]
        _kubectl(kubeconfig, [*wait, *available], log)


def traefik_crds() -> Path:
    """The CRDs inside Traefik's own module.

    Raises:
        subprocess.CalledProcessError: the module cannot be had.
    """
    module = "github.com/traefik/traefik/v3"
    command = ["go", "list", "-m", "-f", "{{.Dir}}", module]
    found = subprocess.run(command, cwd=MODULES / "traefik", check=True, capture_output=True, text=True)
    return Path(found.stdout.strip()) / "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"


def make_volume_folders(state: Path) -> None:
    """Make the folders behind the volumes."""
    for number in range(VOLUMES):
        (state / "volumes" / str(number)).mkdir(parents=True)


def _volumes() -> list[dict[str, object]]:
    node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"local-{number}"},
            "spec": {
                "capacity": {"storage": "100Gi"},
                "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
                "storageClassName": "local",
                "persistentVolumeReclaimPolicy": "Retain",
                "local": {"path": str(RUN / "volumes" / str(number))},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [node]}]}},
            },
        }
        for number in range(VOLUMES)
    ]


def _fill(name: str, node_ip: str) -> str:
    return Template((ADDONS / name).read_text()).substitute(
        NODE_IP=node_ip,
        HOSTS=" ".join(HOSTS),
        DNS_SERVICE_IP=DNS_SERVICE_IP,
        COREDNS_IMAGE=images.COREDNS_IMAGE.name,
        TRAEFIK_IMAGE=images.TRAEFIK_IMAGE.name,
    )


def _apply(kubeconfig: Path, manifests: str, log: Path) -> None:
    _kubectl(kubeconfig, ["apply", "--server-side", "--force-conflicts", "--filename=-"], log, manifests)


def _kubectl(kubeconfig: Path, arguments: list[str], log: Path, stdin: str = "") -> None:
    command = [str(KUBECTL), f"--kubeconfig={kubeconfig}", *arguments]
    with log.open("a") as output:
        ended = subprocess.run(
            command, input=stdin, text=True, stdout=output, stderr=output, env=environment(), check=False
        )
    if ended.returncode:
        raise StepFailed(f"kubectl {arguments[0]}", log, f"ended with {ended.returncode}")
