"""containerd's folder with the node's images unpacked in it: made once, and linked into each cluster that starts.

To load the images takes four seconds of two cores. What is unpacked is never written again, neither by containerd nor
by a container, whose changes go to a layer of its own; so a cluster's copy is made of hard links.
"""

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .components import containerd_config
from .errors import StepFailed
from .images import FOR_NODE
from .paths import BIN, IMAGES, LOG, environment
from .progress import Progress, Step

STEP = Step("unpack the images", 8)


def folder() -> Path:
    """Where the store of the images as they are now is."""
    names = " ".join(image.archive.name for image in FOR_NODE)
    return IMAGES / f"store-{hashlib.sha256(names.encode()).hexdigest()[:12]}"


def missing() -> bool:
    """Whether it has not been made of these images."""
    return not folder().exists()


def make(progress: Progress) -> None:
    """Load the images by a containerd that is ended again, and remove the stores of earlier images.

    Raises:
        StepFailed: containerd did not answer, or refused an image; the log is .cache/log/store.log.
    """
    with progress.step(STEP):
        for other in IMAGES.glob("store-*"):
            shutil.rmtree(other)
        part = Path(tempfile.mkdtemp(prefix="store-part-", dir=IMAGES))
        with _containerd(part) as socket:
            for image in FOR_NODE:
                _ctr(socket, "--namespace=k8s.io", "images", "import", str(image.archive))
        part.rename(folder())


def link(into: Path) -> None:
    """Give a new cluster the store as containerd's folder, which must not be there yet."""
    is_same_disk = into.parent.stat().st_dev == IMAGES.stat().st_dev
    subprocess.run(["cp", "--archive", *(["--link"] if is_same_disk else []), folder(), into], check=True)
    for database in into.glob("io.containerd.*/*.db"):  # bbolt writes them in place
        own = database.with_suffix(".own")
        shutil.copy2(database, own)
        own.rename(database)


@contextmanager
def _containerd(root: Path) -> Iterator[str]:
    """Run containerd over `root`, with its mounts in a namespace of their own; yields its socket."""
    log = LOG / "store.log"
    LOG.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="privreg-store-") as name, log.open("w") as output:
        run = Path(name)
        socket = run / "containerd.sock"
        config = run / "containerd.toml"
        config.write_text(containerd_config(root, run / "state", socket))
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", f"{BIN}/containerd", f"--config={config}"]
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())
        try:
            _wait_for(process, socket)
            yield str(socket)
        finally:
            process.terminate()
            process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", socket: Path, timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StepFailed("start containerd", LOG / "store.log", "no answer")
        time.sleep(0.1)
    _ctr(str(socket), "version")


def _ctr(socket: str, *arguments: str) -> None:
    with (LOG / "store.log").open("a") as output:
        command = [f"{BIN}/ctr", f"--address={socket}", *arguments]
        ended = subprocess.run(command, stdout=output, stderr=output, check=False)
    if ended.returncode:
        raise StepFailed(" ".join(["ctr", *arguments[-2:]]), LOG / "store.log", f"ended with {ended.returncode}")
