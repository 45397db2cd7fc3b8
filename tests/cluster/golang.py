"""Builds the pinned programs with the Go toolchain, once for each version."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from .errors import ClusterError, StepFailed
from .paths import BIN, LOG, MODULES, environment
from .programs import Program
from .progress import Progress, Step


def missing(programs: tuple[Program, ...]) -> list[Program]:
    """Those of `programs` whose binaries are not there, or are of another version or build."""
    return [program for program in programs if not _is_built(program)]


def step(program: Program) -> Step:
    """The step that builds `program`."""
    return Step(f"build {program.name} {program.version}", program.seconds)


def build(program: Program, progress: Progress) -> None:
    """Build `program` into .cache/bin.

    Raises:
        ClusterError: there is no Go toolchain.
        StepFailed: the build failed; the log is .cache/log/build-NAME.log.
    """
    if not shutil.which("go"):
        raise ClusterError("go: not found; install Go 1.26 or newer (go.dev/doc/install) and run this again")
    BIN.mkdir(parents=True, exist_ok=True)
    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / f"build-{program.name}.log"
    target = BIN if len(program.binaries) > 1 else BIN / program.binaries[0]
    command = ["go", "build", "-trimpath", "-mod=readonly", f"-ldflags={program.ldflags}", "-o", str(target)]
    with progress.step(step(program)), log.open("w") as output:
        ended = subprocess.run(
            [*command, program.package],
            cwd=MODULES / program.source,
            env=environment(CGO_ENABLED="0"),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if ended.returncode:
            raise StepFailed(f"build {program.name}", log, f"go build ended with {ended.returncode}")
    _stamp(program).write_text(_key(program))


def _is_built(program: Program) -> bool:
    stamp = _stamp(program)
    have_all = all((BIN / binary).exists() for binary in program.binaries)
    return have_all and stamp.exists() and stamp.read_text() == _key(program)


def _stamp(program: Program) -> Path:
    return BIN / f".{program.name}.key"


def _key(program: Program) -> str:
    """All that the binaries depend on but the toolchain."""
    digest = hashlib.sha256(f"{program.package} {program.ldflags}".encode())
    for path in sorted((MODULES / program.source).iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
