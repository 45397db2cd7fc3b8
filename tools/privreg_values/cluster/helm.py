"""Drives the helm binary; the only module that knows pyhelm3.

pyhelm3 is asynchronous and its `template` knows neither --kube-version nor --show-only, so commands go
through its runner, with values on standard input: none of them is ever an argument.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pyhelm3 import errors
from pyhelm3.command import Command, SafeLoader

from privreg_values.errors import HelmError
from privreg_values.values.nodes import Value

# pyhelm3 logs each command that fails; here that is an error which says more.
logging.getLogger("pyhelm3").addHandler(logging.NullHandler())

VARIABLE = "PRIVREG_HELM"  # names another binary than the helm on PATH


def default_binary() -> str:
    """Give the helm to use where nobody names one."""
    return os.environ.get(VARIABLE, "helm")


@dataclass(frozen=True)
class Helm:
    """One helm binary.

    Args:
        binary: Its name on PATH, or its path.
    """

    binary: str = field(default_factory=default_binary)

    def version(self) -> str:
        """Give the version, such as v4.3.1.

        Raises:
            HelmError: there is no such binary, or it fails.
        """
        return self._run(["version", "--template", "{{ .Version }}"]).strip()

    def template_text(
        self,
        chart: Path | str,
        *,
        values: Mapping[str, Any] | None = None,
        files: Sequence[Path | str] = (),
        release: str = "privreg",
        namespace: str = "default",
        kube_version: str | None = None,
        api_versions: Sequence[str] = (),
        show_only: Sequence[str] = (),
        is_upgrade: bool = False,
    ) -> str:
        """Render a chart to the text that helm prints.

        Args:
            chart: The chart's folder or archive.
            values: Values to lay over the files.
            files: Values files; the later ones win.
            release: The release's name.
            namespace: The release's namespace.
            kube_version: The Kubernetes version to render for.
            api_versions: API versions that the cluster is to have besides the usual ones.
            show_only: Templates to render; all of them when empty.
            is_upgrade: Render as for an upgrade.

        Raises:
            HelmError: helm refuses the chart or the values; the message is helm's.
        """
        command = ["template", release, str(chart), "--namespace", namespace, *_value_files(files)]
        if kube_version:
            command += ["--kube-version", kube_version]
        for name in api_versions:
            command += ["--api-versions", name]
        for template in show_only:
            command += ["--show-only", template]
        if is_upgrade:
            command.append("--is-upgrade")
        return self._run(command, values)

    def template(self, chart: Path | str, **options: Value) -> list[dict[str, Any]]:
        """Render a chart to objects; the options are those of `template_text`.

        Raises:
            HelmError: helm refuses the chart or the values; the message is helm's.
        """
        documents = yaml.load_all(self.template_text(chart, **options), Loader=SafeLoader)
        return [document for document in documents if document]

    def hooks(self, release: str, *, namespace: str, context: str = "") -> list[dict[str, Any]]:
        """Give the hooks of an installed release, as objects.

        Args:
            release: The release's name.
            namespace: The release's namespace.
            context: A context of the kubeconfig; the current one when empty.

        Raises:
            HelmError: helm does not know the release; the message is helm's.
        """
        chosen = ["--kube-context", context] if context else []
        text = self._run(["get", "hooks", release, "--namespace", namespace, *chosen])
        return [document for document in yaml.load_all(text, Loader=SafeLoader) if document]

    def lint(
        self,
        chart: Path | str,
        *,
        values: Mapping[str, Any] | None = None,
        files: Sequence[Path | str] = (),
        kube_version: str | None = None,
    ) -> str:
        """Lint a chart strictly, and give what helm prints.

        Args:
            chart: The chart's folder or archive.
            values: Values to lay over the files.
            files: Values files; the later ones win.
            kube_version: The Kubernetes version to lint for.

        Raises:
            HelmError: helm finds something; the message is helm's.
        """
        command = ["lint", str(chart), "--strict", *_value_files(files)]
        if kube_version:
            command += ["--kube-version", kube_version]
        return self._run(command, values)

    def _run(self, command: list[str], values: Mapping[str, Any] | None = None) -> str:
        if shutil.which(self.binary) is None:
            raise HelmError(f"{self.binary} is not there", f"install helm, or name its binary in {VARIABLE}")
        stdin = None
        if values is not None:
            command = [*command, "--values", "-"]
            stdin = json.dumps(values, ensure_ascii=False).encode("utf-8")  # YAML knows no surrogates
        try:
            output: bytes = asyncio.run(Command(executable=self.binary).run(command, stdin))
        except errors.Error as error:
            # helm lint says what it found on its standard output.
            texts = (raw.decode("utf-8", "replace").strip() for raw in (error.stderr, error.stdout))
            raise HelmError("\n".join(text for text in texts if text)) from None
        return output.decode("utf-8")


def _value_files(files: Sequence[Path | str]) -> list[str]:
    return [argument for file in files for argument in ("--values", str(file))]
