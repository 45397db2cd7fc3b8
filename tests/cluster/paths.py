"""Where things live: everything that is made here is below the git-ignored .cache/."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
BIN = CACHE / "bin"
LOG = CACHE / "log"
IMAGES = CACHE / "images"
CLUSTER = Path(os.environ.get("PRIVREG_CLUSTER_DIR", CACHE / "cluster"))
MODULES = Path(__file__).parent / "modules"
ADDONS = Path(__file__).parent / "addons"


def environment(**extra: str) -> dict[str, str]:
    """The process environment with .cache/bin first on PATH, and `extra` over it."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **extra}
