"""The images that the cluster runs, made here under the names that the chart and the addons use.

They carry the same programs as the public images, in other builds: the registry from its Go module,
HAProxy, Python and busybox from Debian's testing suite. An image is a docker-archive of one layer, which
`ctr images import`, `kind load` and `skopeo copy docker-archive:` all take.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import chart, debian
from .paths import BIN, IMAGES
from .programs import COREDNS, REGISTRY, TRAEFIK, VERSITYGW, Program
from .progress import Progress, Step

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
# Those of Alpine's busybox that a script or a person in a container may use, and Debian's has as well.
ALPINE_APPLETS = """
    [ [[ arch ash awk base64 basename bunzip2 bzcat bzip2 cat chgrp chmod chown chroot clear cmp cp cpio cut
    date dc dd df diff dirname dmesg dos2unix du echo egrep env expand expr factor fallocate false fgrep find
    fold free getopt grep groups gunzip gzip head hexdump hostid hostname id install ip kill killall less link
    ln logger ls lzcat md5sum mkdir mkfifo mknod mktemp more mount mv nc netstat nl nproc nslookup od paste
    pidof ping printf ps pwd readlink realpath rev rm rmdir sed seq setsid sh sha1sum sha256sum sha512sum shred
    shuf sleep sort stat strings stty sync tac tail tar tee test timeout top touch tr traceroute true truncate
    tty umount uname unexpand uniq unix2dos unlink unlzma unxz unzip uptime usleep vi watch wc wget which whoami
    xargs xxd xzcat yes zcat
"""


@dataclass(frozen=True)
class Image:
    """An image and how its root folder is filled.

    Attributes:
        name: repository and tag, as manifests name it.
        fill: puts the files into the folder it is given.
        key: changes when the content does.
        seconds: how long it takes to make on two cores.
        command: what a container of it runs by default.
    """

    name: str
    fill: Callable[[Path], None]
    key: str
    seconds: float = 3
    command: tuple[str, ...] = ()

    @property
    def archive(self) -> Path:
        """The docker-archive, named by image and content key."""
        digest = hashlib.sha256(f"{self.name} {self.key} {self.command}".encode()).hexdigest()[:12]
        return IMAGES / f"{self.name.rpartition('/')[2].replace(':', '-')}-{digest}.tar"


def _binary(program: Program) -> Callable[[Path], None]:
    def fill(root: Path) -> None:
        (root / "bin").mkdir()
        shutil.copy2(BIN / program.binaries[0], root / "bin")

    return fill


def _busybox(root: Path) -> None:
    debian.extract(("busybox-static",), root)


def _python(root: Path) -> None:
    series = chart.series("jobs")
    package = "python" + ".".join(series.split(".")[:2])
    debian.extract((f"{package}={series}", "ca-certificates", "busybox-static"), root)
    for name in ("python3", "python"):
        (root / "usr" / "bin" / name).unlink(missing_ok=True)
        (root / "usr" / "bin" / name).symlink_to(package)
    _like_alpine(root)
    debian.compile_python(root)


def _haproxy(root: Path) -> None:
    debian.extract((f"haproxy={chart.series('gateway')}", "busybox-static"), root)
    _like_alpine(root)


def _like_alpine(root: Path) -> None:
    """Leave the shell and the tools that the official image has too, and no more."""
    for folder in ("doc", "man", "locale", "zoneinfo", "info"):
        shutil.rmtree(root / "usr" / "share" / folder, ignore_errors=True)
    for applet in ALPINE_APPLETS.split():
        tool = root / "usr" / "bin" / applet
        tool.unlink(missing_ok=True)
        tool.symlink_to("busybox")


def _of(program: Program, name: str) -> Image:
    entry = f"/bin/{program.binaries[0]}"
    return Image(name, _binary(program), f"{program.version} {program.ldflags}", command=(entry,))


PAUSE = Image("privreg.test/pause:1", _busybox, "2", seconds=5, command=("/bin/busybox", "sleep", "2147483647"))
# What the demo and the tests push and pull: it says hello and stays.
HELLO = Image(
    "privreg.test/hello:1",
    _busybox,
    "2",
    seconds=2,
    command=("/bin/busybox", "sh", "-c", "echo Hello from your own registry; exec /bin/busybox sleep 2147483647"),
)
COREDNS_IMAGE = _of(COREDNS, f"privreg.test/coredns:{COREDNS.version}")
TRAEFIK_IMAGE = _of(TRAEFIK, f"privreg.test/traefik:{TRAEFIK.version}")
REGISTRY_IMAGE = _of(REGISTRY, f"docker.io/library/registry:{REGISTRY.version.removeprefix('v')}")
HAPROXY_IMAGE = Image(chart.image("gateway"), _haproxy, "3", seconds=15, command=("haproxy",))
PYTHON_IMAGE = Image(chart.image("jobs"), _python, "4", seconds=35, command=("python3",))
# A test makes it, pushes it into a registry of ours, and has the cluster pull it from there.
VERSITYGW_IMAGE = _of(VERSITYGW, f"privreg.test/versitygw:{VERSITYGW.version}")

FOR_NODE = (PAUSE, COREDNS_IMAGE, TRAEFIK_IMAGE, REGISTRY_IMAGE, HAPROXY_IMAGE, PYTHON_IMAGE)
FOR_CLIENTS = (HELLO,)


def missing(images: tuple[Image, ...]) -> list[Image]:
    """Those of `images` that have not been made in this version."""
    return [image for image in images if not image.archive.exists()]


def step(image: Image) -> Step:
    """The step that makes `image`."""
    return Step(f"make image {image.name}", image.seconds)


def make(image: Image, progress: Progress) -> None:
    """Make the docker-archive of `image`, and remove those of its other versions.

    Raises:
        StepFailed: a Debian package could not be had.
    """
    with progress.step(step(image)), tempfile.TemporaryDirectory(prefix="privreg-image-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        image.fill(root)
        (root / "tmp").mkdir(exist_ok=True)
        (root / "tmp").chmod(0o1777)
        write_archive(image.archive, image.name, root, image.command)
    stem = image.archive.name.rpartition("-")[0]
    for other in IMAGES.glob(f"{stem}-????????????.tar"):
        if other != image.archive:
            other.unlink()


def write_archive(archive: Path, name: str, root: Path, command: tuple[str, ...] = ()) -> None:
    """Write the folder `root` as a one-layer image called `name`; the file appears whole or not at all.

    Source: the Docker image specification 1.2, which containerd and skopeo still read.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_suffix(f".{os.getpid()}.part")
    with tempfile.NamedTemporaryFile(prefix="privreg-layer-") as layer:
        with tarfile.open(fileobj=layer, mode="w") as tar:
            for path in sorted(root.iterdir()):
                tar.add(path, arcname=path.name, filter=_as_root)
        layer.flush()
        digest = subprocess.run(["sha256sum", layer.name], check=True, capture_output=True, text=True).stdout.split()[0]
        config = {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
            "os": "linux",
            "config": {"Env": [f"PATH={PATH}"], "Cmd": list(command) or None},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
            "history": [{"created_by": "privreg's tests"}],
        }
        manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
        with tarfile.open(part, "w") as tar:
            tar.add(layer.name, arcname="layer.tar")
            for member, content in (("config.json", config), ("manifest.json", manifest)):
                data = json.dumps(content).encode()
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    part.rename(archive)


def _as_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info
