"""Everything that has to be there before a cluster can start: packages, binaries, images."""

from dataclasses import dataclass, field

from . import debian, golang, images, store
from .debian import Unpacked
from .images import Image
from .lock import exclusive
from .paths import CACHE
from .programs import Program
from .progress import Progress, Step

LOCK = CACHE / "set-up.lock"


@dataclass(frozen=True)
class Needs:
    """What has to be there.

    Attributes:
        programs: built from Go modules.
        images: made here.
        packages: of Debian; see debian.FOR_CLUSTER.
        unpacked: programs of Debian's testing suite.
        store: the images unpacked, for the embedded cluster.
    """

    programs: tuple[Program, ...]
    images: tuple[Image, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)
    unpacked: tuple[Unpacked, ...] = ()
    store: bool = False


def run(needs: Needs, after: list[Step]) -> Progress:
    """Make what is missing, while nobody else does; returns the progress that the steps `after` go on with.

    Raises:
        ClusterError: something is missing that cannot be installed.
        StepFailed: a step failed.
    """
    if not _plan(needs):
        return Progress(after)
    with exclusive(LOCK):
        progress = Progress([*_plan(needs), *after])
        if lacking := debian.missing(needs.packages):
            debian.install(lacking, progress)
        for unpacked in _not_there(needs.unpacked):
            unpacked.make(progress)
        for program in golang.missing(needs.programs):
            golang.build(program, progress)
        for image in images.missing(needs.images):
            images.make(image, progress)
        if needs.store and store.missing():
            store.make(progress)
    return progress


def _plan(needs: Needs) -> list[Step]:
    """The steps that are still to be done, in order."""
    return [
        *([debian.INSTALL] if debian.missing(needs.packages) else []),
        *(unpacked.step for unpacked in _not_there(needs.unpacked)),
        *(golang.step(program) for program in golang.missing(needs.programs)),
        *(images.step(image) for image in images.missing(needs.images)),
        *([store.STEP] if needs.store and store.missing() else []),
    ]


def _not_there(unpacked: tuple[Unpacked, ...]) -> list[Unpacked]:
    return [each for each in unpacked if not each.is_there]
