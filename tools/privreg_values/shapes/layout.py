"""Which files belong together.

- one file: values.yaml holds everything;
- a split pair: values.yaml is safe for git, secrets.yaml lies over it;
- manifests: values.yaml is safe for git and names Kubernetes Secrets, whose manifests are in a folder.

The passwords are in credentials.yaml in each of them.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from privreg_values.errors import UsageError
from privreg_values.values import yaml_reader
from privreg_values.values.secrets import secret_sections
from privreg_values.values.values_file import STDIN, read_text

DEFAULT = "values.yaml"
NAMESPACE = "privreg"  # where a release is, unless somebody says otherwise


@dataclass(frozen=True)
class Files:
    """The files of one release.

    Args:
        values: The name of the values file.
        credentials: The name of the file with the passwords.
        secrets: The name of the file with the secrets that goes over the values; empty without one.
        manifests: The name of the folder with the Secrets' manifests; empty without one.
    """

    values: str
    credentials: str
    secrets: str = ""
    manifests: str = ""

    @property
    def git_safe(self) -> bool:
        """Tell whether the values file is to hold no secret."""
        return bool(self.secrets or self.manifests)

    @property
    def private(self) -> list[str]:
        """The names of those that hold secrets."""
        return [self.secret_place, self.credentials]

    @property
    def secret_place(self) -> str:
        """The name of what the secrets of the values are in."""
        return self.secrets or self.manifests or self.values

    def install(self, namespace: str = NAMESPACE, *, first: bool = False) -> list[str]:
        """Give the commands that bring the files into the cluster.

        They need no chart beside them: the package carries it.

        Args:
            namespace: The release's namespace.
            first: There may be no such namespace yet. `apply` makes it; manifests need it before.
        """
        files = [it for it in (self.values, self.secrets) if it]
        elsewhere = ["--namespace", namespace] if namespace != NAMESPACE else []
        commands = [["privreg-values", "apply", *files, *elsewhere]]
        if self.manifests:
            commands.insert(0, ["kubectl", "apply", "--server-side", "--namespace", namespace, "-f", self.manifests])
            if first:
                commands.insert(0, ["kubectl", "create", "namespace", namespace])
        return [shlex.join(it) for it in commands]


def secrets_name(values: str) -> str:
    """Give the name of the file for the secrets of a values file: secrets.yaml beside values.yaml."""
    path = Path(values)
    stem = path.stem.replace("values", "secrets") if "values" in path.stem else f"{path.stem}-secrets"
    return str(path.with_name(stem + (path.suffix or ".yaml")))


def default() -> list[str]:
    """Give values.yaml of this folder with the file that holds its secrets, if there is one; nothing without it.

    Raises:
        FileError: what lies beside it cannot be read.
    """
    return with_secrets([DEFAULT]) if Path(DEFAULT).is_file() else []


def with_secrets(values: Sequence[str]) -> list[str]:
    """Give a single values file with the file of its secrets that lies beside it; several as they are.

    Raises:
        FileError: what lies beside it cannot be read.
    """
    if len(values) != 1 or values[0] == STDIN or not _is_overlay(beside := secrets_name(values[0])):
        return list(values)
    return [*values, beside]


def find(values: Sequence[str], credentials: str) -> Files:
    """Find the files of a release.

    Args:
        values: The values file, and what holds its secrets: a file that goes over it, or the folder of the
            manifests. With the values file alone, that is secrets.yaml or the folder secrets beside it, if
            there is one.
        credentials: The file with the passwords.

    Raises:
        UsageError: these are too many.
        FileError: what lies beside the values file cannot be read.
    """
    first, *others = values
    if len(others) > 1:
        raise UsageError("more than two files were given", "give the values file, and what holds its secrets")
    if others:
        return _with_secrets(first, credentials, others[0])
    beside = secrets_name(first)
    if _is_overlay(beside):
        return Files(first, credentials, secrets=beside)
    folder = str(Path(beside).with_suffix(""))
    return Files(first, credentials, manifests=folder if _has_manifests(folder) else "")


def for_gen(values: str, credentials: str, *, split: bool, manifests: str | None) -> Files:
    """Give the files that `gen` makes or adds to.

    Args:
        values: The values file.
        credentials: The file for the passwords.
        split: The secrets are to be in a file beside the values.
        manifests: The folder that the manifests of Secrets are to be in; None for none.

    Raises:
        UsageError: both are wanted.
        FileError: what lies beside the values file cannot be read.
    """
    if split and manifests is not None:
        raise UsageError("--split and --manifests were given together", "give one of them")
    if split:
        return Files(values, credentials, secrets=secrets_name(values))
    return Files(values, credentials, manifests=manifests) if manifests else find([values], credentials)


def _with_secrets(values: str, credentials: str, second: str) -> Files:
    if Path(second).is_dir():
        return Files(values, credentials, manifests=second)
    return Files(values, credentials, secrets=second)


def _is_overlay(name: str) -> bool:
    """Tell a file that goes over the values from another one of that name."""
    if not Path(name).is_file():
        return False
    root = yaml_reader.parse(read_text(name), name).root
    return isinstance(root.value, dict) and not {"sops", *(it[0] for it in secret_sections())}.isdisjoint(root.value)


def _has_manifests(name: str) -> bool:
    return Path(name).is_dir() and any(path.suffix in (".yaml", ".yml") for path in Path(name).iterdir())
