"""A folder that changes as a mounted ConfigMap or Secret does."""

import itertools
import shutil
from pathlib import Path

_number = itertools.count()


class Volume:
    """What the kubelet makes of a ConfigMap or Secret: links to a folder that is swapped in one step.

    (pkg/volume/util/atomic_writer.go of Kubernetes: FILE -> ..data/FILE, ..data -> ..SOME_TIME/FILE)
    """

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self.folder = folder
        folder.mkdir()
        self.files: dict[str, str] = {}
        self.write(files)

    def write(self, files: dict[str, str]) -> None:
        """Replace everything, for a reader at once."""
        new = self.folder / f"..{next(_number)}"
        new.mkdir()
        for name, text in files.items():
            (new / name).write_text(text)
        data = self.folder / "..data"
        old = data.resolve() if data.exists() else None
        link = self.folder / "..data_tmp"
        link.symlink_to(new.name)
        link.rename(data)
        for name in files.keys() - self.files.keys():
            (self.folder / name).symlink_to(f"..data/{name}")
        for name in self.files.keys() - files.keys():
            (self.folder / name).unlink()
        if old:
            shutil.rmtree(old)
        self.files = files
