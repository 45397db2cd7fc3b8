"""The client programs that people have, from Debian's testing suite, and how each logs in and pushes."""

import hashlib
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import debian, setup
from tests.cluster.lock import exclusive
from tests.cluster.paths import CACHE
from tests.e2e.machine_client import Machine, Person, Said

# What the computer holds; the others (helm, crane, oras, regctl) are those that the tests build.
PACKAGES = (
    "docker.io", "docker-cli", "docker-buildx", "podman", "buildah", "skopeo", "containerd", "cosign", "notation",
    "busybox-static",
)  # fmt: skip
ROOTS = CACHE / "roots"
# Debian's docker.io as it comes, but for the rules of a firewall.
DOCKERD = ("dockerd", "--iptables=false", "--ip6tables=false", "--containerd=/run/containerd.sock")
CONTAINERD = ("containerd", "--address=/run/containerd.sock", "--root=/var/lib/containerd", "--state=/run/containerd")
# Another one with containerd's image store, as Engine 29 has it by default: the older store holds no index.
STORE = "unix:///run/store.sock"
DOCKERD_WITH_STORE = (
    *DOCKERD,
    f"--host={STORE}",
    "--feature=containerd-snapshotter=true",
    "--data-root=/var/lib/store",
    "--exec-root=/run/store",
    "--pidfile=/run/store.pid",
    "--containerd-namespace=store",
)
CTR = "ctr --address=/run/containerd.sock"
TLS = "--hosts-dir=/etc/containerd/certs.d"
# A signature with a key and nothing else: no transparency log and no timestamp from the internet.
SIGN = "cosign sign --yes --key=cosign.key --signing-config=none.json"
HELLO = "privreg.test/hello:1"


@dataclass(frozen=True)
class Tool:
    """One client.

    Attributes:
        name: what people call it.
        push: the command that pushes `{image}`.
        wrong: what somebody with a wrong password reads.
        refused: what a pull user who pushes reads.
        login: the command that logs in with the password on standard input; empty when there is none.
        prepare: commands that make what is pushed; those that begin with `admin` are of an administrator.
        checks: whether `login` compares the password; else the push is what tells.
    """

    name: str
    push: str
    wrong: str
    refused: str
    login: str = ""
    prepare: tuple[str, ...] = ()
    checks: bool = True


TOOLS = (
    Tool(
        "docker",
        login="docker login --username={user} --password-stdin {host}",
        prepare=("docker load --quiet --input=/home/hello.tar", f"docker tag {HELLO} {{image}}"),
        push="docker push {image}",
        wrong="Error response from daemon: login attempt to https://{host}/v2/ failed with status: 401 Unauthorized",
        refused="denied: this user may not push",
    ),
    Tool(
        "podman",
        login="podman login --username={user} --password-stdin {host}",
        prepare=("podman load --quiet --input=/home/hello.tar",),
        push=f"podman push {HELLO} {{image}}",
        wrong='Error: logging into "{host}": invalid username/password',
        refused="denied: this user may not push",
    ),
    Tool(
        "buildah",
        login="buildah login --username={user} --password-stdin {host}",
        prepare=("buildah pull --quiet docker-archive:/home/hello.tar",),
        push=f"buildah push {HELLO} docker://{{image}}",
        wrong='Error: logging into "{host}": invalid username/password',
        refused="denied: this user may not push",
    ),
    Tool(
        "skopeo",
        login="skopeo login --username={user} --password-stdin {host}",
        push="skopeo copy docker-archive:/home/hello.tar docker://{image}",
        wrong="invalid username/password",
        refused="denied: this user may not push",
    ),
    Tool(
        "ctr",
        prepare=(f"{CTR} images import /home/hello.tar", f"{CTR} images tag --force {HELLO} {{image}}"),
        push=f"{CTR} images push {TLS} --user={{user}}:{{password}} {{image}}",
        wrong="401 Unauthorized",
        refused="403 Forbidden\ndenied: this user may not push",
    ),
    Tool(
        "crane",
        login="crane auth login --username={user} --password-stdin {host}",
        push="crane push /home/hello.tar {image}",
        wrong="unexpected status code 401 Unauthorized",
        refused="DENIED: this user may not push",
        checks=False,
    ),
    Tool(
        "regctl",
        login="regctl registry login --user={user} --pass-stdin {host}",
        push="regctl image import {image} /home/hello.tar",
        wrong="failed to ping registry {host}: unauthorized",
        refused='[http 403]: {{"errors":[{{"code":"DENIED","message":"this user may not push"}}]}}',
    ),
    Tool(
        "oras",
        login="oras login --username={user} --password-stdin {host}",
        push="oras push {image} --disable-path-validation /home/note.txt:text/plain",
        wrong="Error response from registry: unauthorized: user name or password is wrong",
        refused="Error response from registry: denied: this user may not push",
    ),
    Tool(
        "helm",
        login="helm registry login --username={user} --password-stdin {host}",
        prepare=("helm package /home/small",),
        push="helm push small-0.1.2.tgz oci://{repository}",
        wrong="response status code 401: unauthorized: user name or password is wrong",
        refused="response status code 403: denied: this user may not push",
    ),
    Tool(
        "cosign",
        login="cosign login --username={user} --password-stdin {host}",
        prepare=(
            "admin crane push /home/hello.tar {image}",
            "cosign generate-key-pair",
            "cosign signing-config create --out=none.json",
        ),
        push=f"{SIGN} {{image}}",
        wrong="UNAUTHORIZED: user name or password is wrong",
        refused="DENIED: this user may not push",
        checks=False,
    ),
    Tool(
        "notation",  # without a credential helper its login refuses to save what it was told
        prepare=("admin crane push /home/hello.tar {image}", "notation cert generate-test --default privreg.test"),
        push="notation sign {image}",
        wrong="response status code 401: Unauthorized",
        refused="denied: this user may not push",
    ),
)


@dataclass(frozen=True)
class Work:
    """A client in the hands of one user.

    Attributes:
        tool: the client.
        person: whose home folder it works in.
        admin: somebody who is logged in as admin.
        host: the registry.
        user: who they say they are.
        password: what they type.
    """

    tool: Tool
    person: Person
    admin: Person
    host: str
    user: str
    password: str

    def login(self) -> Said:
        """Log in, where the client has such a thing."""
        return self._run(self.tool.login, stdin=self.password) if self.tool.login else Said(0, "", 0)

    def prepare(self) -> None:
        """Make what is pushed."""
        for line in self.tool.prepare:
            person = self.admin if line.startswith("admin ") else self.person
            person.does(*self._words(line.removeprefix("admin ")), COSIGN_PASSWORD="")

    def push(self) -> Said:
        """Push it."""
        return self._run(self.tool.push)

    def _run(self, line: str, stdin: str = "") -> Said:
        return self.person.tries(
            *self._words(line),
            stdin=stdin,
            COSIGN_PASSWORD="",
            NOTATION_USERNAME=self.user,
            NOTATION_PASSWORD=self.password,
        )

    def _words(self, line: str) -> list[str]:
        repository = f"{self.host}/tools/{self.tool.name}-{self.user}"
        names = {"user": self.user, "password": self.password, "host": self.host, "repository": repository}
        return shlex.split(line.format(**names, image=f"{repository}:1"))


def unpacked() -> Path:
    """Return Debian's testing suite with `PACKAGES`, unpacked once.

    Raises:
        ClusterError: the suite lacks a package.
        StepFailed: a package could not be had.
    """
    root = ROOTS / f"computer-{hashlib.sha256(' '.join(PACKAGES).encode()).hexdigest()[:8]}"
    part = root.with_suffix(".part")
    ROOTS.mkdir(parents=True, exist_ok=True)
    with exclusive(setup.LOCK):  # apt's lists are one for all
        if not root.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            debian.extract(PACKAGES, part)
            part.rename(root)
    return root


def new_computer(machine: Machine, hello: bytes) -> None:
    """Put onto the computer what its people push."""
    machine.path("/home/hello.tar").write_bytes(hello)
    machine.write("/home/note.txt", "kept as it is\n")
    machine.write("/home/small/Chart.yaml", "apiVersion: v2\nname: small\nversion: 0.1.2\n")
    machine.path("/home/small/templates").mkdir()
