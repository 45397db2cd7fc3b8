"""Small damages to the chart and the CLI, one for each row of README's tables of what it does: each must be noticed.

    python -m tests.damage [WORD...]    all, or those whose row has one of the words; 0 when none survives

tests/damage.yaml has for each row a text in a file, what it becomes, and the test that must fail then. Each damage is
made to a copy of the working tree, never to the tree itself. A test that fails without any damage shows nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.cluster.paths import ROOT

DAMAGES = Path("tests") / "damage.yaml"
COPIED = ("charts", "tools", "tests", "bench", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
TIMEOUT = 300  # seconds, for the tests of one damage


@dataclass(frozen=True)
class Damage:
    """A text that is replaced.

    Attributes:
        row: the row of README that promises what breaks.
        file: where the text is, below the root.
        old: the text; it is there once.
        new: what it becomes.
        test: the test that must fail, PATH::NAME.
    """

    row: str
    file: str
    old: str
    new: str
    test: str

    def apply(self, root: Path) -> None:
        """Replace the text.

        Raises:
            ValueError: it is not there once.
        """
        path = root / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file} has {text.count(self.old)} times: {self.old}")
        path.write_text(text.replace(self.old, self.new))


def read(root: Path = ROOT) -> list[Damage]:
    """Return all damages."""
    rows = YAML(typ="safe").load(root / DAMAGES)
    return [Damage(row, **{"new": "", **entry}) for row, entry in rows.items()]


@contextmanager
def copy_of(root: Path) -> Iterator[Path]:
    """Make a copy of what the tests need, for as long as it is used; what was built is shared."""
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        copy = Path(folder)
        for name in COPIED:
            if (root / name).is_dir():
                shutil.copytree(root / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(root / name, copy / name)
        for name in (".cache", ".venv"):
            (copy / name).symlink_to(root / name)
        yield copy


def failing(copy: Path, tests: list[str]) -> set[str]:
    """Run tests in a copy, and return which of them failed.

    Raises:
        RuntimeError: pytest found none, or was interrupted: neither passed nor failed.
    """
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", "-q", "--tb=no", "-rfE"]
    bin_first = f"{copy / '.cache' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": f"{copy / 'tools'}", "PYTHONDONTWRITEBYTECODE": "1", "PATH": bin_first}
    ended = subprocess.run(
        [*command, *tests], cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    if ended.returncode not in (0, 1):
        raise RuntimeError(ended.stdout[-2000:] + ended.stderr[-2000:])
    return set(re.findall(r"^(?:FAILED|ERROR) ([^\s\[]+)", ended.stdout, re.MULTILINE))


def survives(root: Path, damage: Damage) -> str:
    """Return why a damage was not noticed; nothing when it was."""
    with copy_of(root) as copy:
        try:
            damage.apply(copy)
            return "" if failing(copy, [damage.test]) else f"{damage.test} passes"
        except (ValueError, RuntimeError, subprocess.TimeoutExpired) as error:
            return f"could not be tried: {error}"


def main(words: list[str]) -> int:
    """0 when every damage is noticed."""
    damages = [it for it in read() if not words or any(word in it.row for word in words)]
    with copy_of(ROOT) as copy:
        broken = failing(copy, sorted({it.test for it in damages}))
    survived = 0
    for damage in damages:
        fails = f"{damage.test} fails without it" if damage.test in broken else ""
        reason = fails or survives(ROOT, damage)
        survived += bool(reason)
        sys.stdout.write(f"{'SURVIVED' if reason else 'noticed '}  {damage.row}{f': {reason}' if reason else ''}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(damages)} damages, {survived} survived\n")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
