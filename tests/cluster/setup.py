"""Everything that has to be there before a cluster can start: packages, binaries, images."""

from . import debian, golang, images
from .programs import Program
from .progress import Progress, Step


def plan(programs: tuple[Program, ...], wanted: tuple[images.Image, ...], packages: dict[str, str]) -> list[Step]:
    """The steps that are still to be done, in order."""
    return [
        *([debian.INSTALL] if debian.missing(packages) else []),
        *(golang.step(program) for program in golang.missing(programs)),
        *(images.step(image) for image in images.missing(wanted)),
    ]


def run(
    programs: tuple[Program, ...],
    wanted: tuple[images.Image, ...],
    packages: dict[str, str],
    progress: Progress,
) -> None:
    """Do the steps of `plan`.

    Raises:
        ClusterError: something is missing that cannot be installed.
        StepFailed: a step failed.
    """
    if lacking := debian.missing(packages):
        debian.install(lacking, progress)
    for program in golang.missing(programs):
        golang.build(program, progress)
    for image in images.missing(wanted):
        images.make(image, progress)
