"""What `privreg-values node-config cri-o` writes, read by skopeo: it has the same library as CRI-O and Podman.

No cluster is needed, only a registry on loopback.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from privreg_values.node_config import containers
from privreg_values.node_config.plan import Login, Wish
from tests.cluster.images import HELLO
from tests.unit import registry_site
from tests.unit.registry_site import PASSWORD, USER, RunningRegistry


@dataclass(frozen=True)
class Node:
    """A node that has the files, and nothing else.

    Attributes:
        folder: where they lie.
        registry: the registry.
    """

    folder: Path
    registry: RunningRegistry

    @property
    def host(self) -> str:
        return f"localhost:{self.registry.port}"

    @property
    def certificates(self) -> Path:
        return self.folder / "etc" / "containers" / "certs.d" / self.host

    def configure(self, *, refuse: bool) -> None:
        """Write the files; those that skopeo is not told of have no effect."""
        wish = Wish(self.host, self.registry.ca.read_text(), ("docker.io",), refuse, login=Login(USER, PASSWORD))
        for file in containers.crio(wish).files:
            path = Path(f"{self.folder}{file.path}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.content)

    def skopeo(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        policy = self.folder / "etc" / "crio" / "privreg-policy.json"
        options = [f"--policy={policy}"] if policy.exists() else ["--insecure-policy"]
        command = [
            "skopeo",
            *options,
            f"--registries-conf={self.folder}/etc/containers/registries.conf.d/50-privreg.conf",
            *arguments,
        ]
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "SSL_CERT_FILE": str(self.certificates / "ca.crt"),
        }
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def pull(self, image: str, *options: str) -> "subprocess.CompletedProcess[str]":
        target = self.folder / "pulled" / image.replace("/", "-")
        target.mkdir(parents=True, exist_ok=True)
        login = f"--src-authfile={self.folder}/etc/crio/privreg-auth.json"
        return self.skopeo("copy", login, *options, f"docker://{image}", f"dir:{target}")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with registry_site.running(tmp_path / "registry") as registry:
        folder = tmp_path / "node"
        folder.mkdir()
        made = Node(folder, registry)
        made.configure(refuse=False)
        login = f"--dest-authfile={folder}/etc/crio/privreg-auth.json"
        source, target = f"docker-archive:{HELLO.archive}", f"docker://{made.host}/library/hello:1"
        pushed = made.skopeo("copy", login, source, target)
        assert pushed.returncode == 0, pushed.stderr
        yield made


@pytest.mark.parametrize("refuse", [False, True])
def test_an_image_of_docker_io_comes_from_the_mirror(refuse: bool, node: Node) -> None:
    node.configure(refuse=refuse)
    for image in ("docker.io/library/hello:1", "hello:1", f"{node.host}/library/hello:1"):
        pulled = node.pull(image)
        assert pulled.returncode == 0, pulled.stderr


def test_every_other_registry_is_refused(node: Node) -> None:
    other = f"127.0.0.1:{node.registry.port}/library/hello:1"  # the same one by another name
    access = ("--src-tls-verify=false", f"--src-creds={USER}:{PASSWORD}")
    login = node.skopeo("copy", *access, f"docker://{other}", f"dir:{node.folder}/before")
    assert login.returncode == 0, login.stderr
    node.configure(refuse=True)
    refused = node.skopeo("copy", *access, f"docker://{other}", f"dir:{node.folder}/after")
    assert refused.returncode != 0
    assert "rejected by policy" in refused.stderr
