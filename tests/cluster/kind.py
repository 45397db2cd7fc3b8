"""A kind cluster, where a Docker engine answers. Its nodes pull the public images."""

import shutil
import subprocess
from pathlib import Path

from . import addons, images, pki
from .cluster import Cluster
from .errors import StepFailed
from .layout import HOSTS
from .paths import BIN, CLUSTER, LOG, environment
from .progress import Progress, Step

NAME = f"privreg-{CLUSTER.name}"  # one for each folder: the tests of the demo have a cluster of their own
NODE = f"{NAME}-control-plane"
STATE = CLUSTER / "kind"
KUBECONFIG = STATE / "kubeconfig"
CERTIFICATES = "/etc/containerd/certs.d"

CREATE = Step("create the kind cluster", 90)
INGRESS = Step("start the Ingress controller", 30)
STEPS = [CREATE, INGRESS]


def docker_answers() -> bool:
    """Whether there is a Docker engine behind the docker command."""
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=30).returncode == 0


def running() -> Cluster | None:
    """The cluster that an earlier `up` made, or None."""
    listing = subprocess.run([_kind(), "get", "clusters"], capture_output=True, text=True, check=False)
    return _cluster() if NAME in listing.stdout.split() and KUBECONFIG.exists() else None


def up(progress: Progress) -> Cluster:
    """Create the cluster, or find it.

    Raises:
        StepFailed: kind, docker or kubectl failed; the log is .cache/log/kind.log.
    """
    if cluster := running():
        return cluster
    down()
    STATE.mkdir(parents=True)
    with progress.step(CREATE):
        _run(_kind(), "create", "cluster", f"--name={NAME}", f"--kubeconfig={KUBECONFIG}", "--wait=120s")
        authority = pki.Authority.create(STATE / "pki")
        authority.issue("registry", HOSTS[0], sans=HOSTS)
        _trust()
    with progress.step(INGRESS):
        _run(_kind(), "load", "image-archive", str(images.TRAEFIK_IMAGE.archive), f"--name={NAME}")
        addons.apply_ingress(KUBECONFIG, LOG / "kind.log")
    return _cluster()


def down() -> bool:
    """Delete the cluster; False when there was none."""
    existed = running() is not None
    _run(_kind(), "delete", "cluster", f"--name={NAME}")
    shutil.rmtree(STATE, ignore_errors=True)
    return existed


def _cluster() -> Cluster:
    hosts = STATE / "hosts"
    address = _node_address()
    hosts.write_text(f"{Path('/etc/hosts').read_text()}\n{address} {' '.join(HOSTS)}\n")
    # A private mount namespace with our own hosts file: the machine's is never changed.
    enter = ("unshare", "--mount", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh")
    return Cluster(
        kind="kind",
        kubeconfig=KUBECONFIG,
        hosts=HOSTS,
        address=address,
        pki=STATE / "pki",
        ingress_class="traefik",
        ingress_preset="traefik",
        enter=enter,
    )


def _trust() -> None:
    """Teach the node the registries' names and their CA, each in the node's own container."""
    script = f"echo '127.0.0.1 {' '.join(HOSTS)}' >> /etc/hosts\n"
    for host in HOSTS:
        folder = f"{CERTIFICATES}/{host}"
        script += f"mkdir -p {folder}\n"
        script += f'printf \'[host."https://{host}"]\\nca = "{CERTIFICATES}/ca.crt"\\n\' > {folder}/hosts.toml\n'
    _run("docker", "exec", NODE, "mkdir", "-p", CERTIFICATES)
    _run("docker", "cp", str(STATE / "pki" / "ca.crt"), f"{NODE}:{CERTIFICATES}/ca.crt")
    _run("docker", "exec", NODE, "sh", "-ec", script)


def _node_address() -> str:
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    found = subprocess.run(
        ["docker", "inspect", f"--format={template}", NODE], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def _kind() -> str:
    return shutil.which("kind") or str(BIN / "kind")


def _run(*command: str) -> None:
    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / "kind.log"
    with log.open("a") as output:
        ended = subprocess.run(command, stdout=output, stderr=output, env=environment(), check=False)
    if ended.returncode:
        raise StepFailed(" ".join(command[:2]), log, f"ended with {ended.returncode}")
