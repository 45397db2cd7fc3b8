"""Drives the helm binary; the only module that knows pyhelm3.

pyhelm3 is asynchronous and its `template` knows neither --kube-version nor --show-only, so commands go
through its runner, with values on standard input: none of them is ever an argument.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shlex
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pyhelm3 import errors
from pyhelm3.command import Command, SafeLoader

from privreg_values.cluster.kubectl import UNREACHABLE
from privreg_values.cluster.revisions import Entry, History, Hook, Revision
from privreg_values.errors import HelmError
from privreg_values.values.nodes import Value

# pyhelm3 logs each command that fails; here that is an error which says more.
logging.getLogger("pyhelm3").addHandler(logging.NullHandler())
_LOG = logging.getLogger(__name__)

VARIABLE = "PRIVREG_HELM"  # names another binary than the helm on PATH


def default_binary() -> str:
    """Give the helm to use where nobody names one."""
    return os.environ.get(VARIABLE, "helm")


@dataclass(frozen=True)
class Helm:
    """One helm binary.

    Args:
        binary: Its name on PATH, or its path.
        context: A context of the kubeconfig; the current one when empty.
    """

    binary: str = field(default_factory=default_binary)
    context: str = ""

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
        chart_version: str = "",
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
            chart_version: The version of a chart that is in a repository; the newest when empty.
            kube_version: The Kubernetes version to render for.
            api_versions: API versions that the cluster is to have besides the usual ones.
            show_only: Templates to render; all of them when empty.
            is_upgrade: Render as for an upgrade.

        Raises:
            HelmError: helm refuses the chart or the values; the message is helm's.
        """
        command = ["template", release, str(chart), "--namespace", namespace, *_value_files(files)]
        command += _version(chart_version)
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
        return _objects(self.template_text(chart, **options))

    def hooks(self, release: str, namespace: str) -> list[dict[str, Any]]:
        """Give the hooks of an installed release, as objects.

        Raises:
            HelmError: helm does not know the release; the message is helm's.
        """
        return _objects(self._run(["get", "hooks", release, "--namespace", namespace]))

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

    def status(self, release: str, namespace: str) -> Revision | None:
        """Give the last revision of a release, or None where there is no such release.

        Raises:
            HelmError: helm cannot tell.
        """
        with _absent_is_none():
            return _revision(self._run(["status", release, "--namespace", namespace, "--output", "json"]))
        return None

    def history(self, release: str, namespace: str) -> History:
        """Give the revisions of a release; none where there is no such release.

        Raises:
            HelmError: helm cannot tell.
        """
        with _absent_is_none():
            answer = json.loads(self._run(["history", release, "--namespace", namespace, "--output", "json"]))
            return History([Entry(int(it["revision"]), it["status"], it["chart"]) for it in answer])
        return History([])

    def values(
        self, release: str, namespace: str, *, revision: int | None = None, defaults: bool = False
    ) -> dict[str, Any]:
        """Give the values of a release. There are secrets in it.

        Args:
            release: The release's name.
            namespace: Its namespace.
            revision: Which one; the last if not given.
            defaults: The chart's defaults as well, not only what the user set.

        Raises:
            HelmError: helm cannot tell.
        """
        command = ["get", "values", release, "--namespace", namespace, "--output", "json"]
        command += ["--revision", str(revision)] if revision else []
        return dict(json.loads(self._run([*command, *(["--all"] if defaults else [])])) or {})

    def preview(
        self, release: str, namespace: str, chart: Path | str, values: Mapping[str, Any], *, chart_version: str = ""
    ) -> Revision:
        """Give the revision that `upgrade` would make; the cluster is asked, and nothing changed.

        Args:
            release: The release's name.
            namespace: Its namespace.
            chart: The chart's folder, archive or reference.
            values: The user's values.
            chart_version: The version of a chart that is in a repository; the newest when empty.

        Raises:
            HelmError: helm refuses the chart or the values; the message is helm's.
        """
        command = _upgrade(release, namespace, chart, chart_version)
        return _revision(self._run([*command, "--dry-run=server"], values))

    def upgrade(
        self,
        release: str,
        namespace: str,
        chart: Path | str,
        values: Mapping[str, Any],
        *,
        chart_version: str = "",
        timeout: int = 300,
        wait: bool = True,
    ) -> Operation:
        """Begin to install or to upgrade a release. The namespace is made where it is missing.

        Args:
            release: The release's name.
            namespace: Its namespace.
            chart: The chart's folder, archive or reference.
            values: The user's values.
            chart_version: The version of a chart that is in a repository; the newest when empty.
            timeout: Seconds to wait for the objects, and for each hook.
            wait: Wait until the objects are ready; hooks are waited for in any case.

        Raises:
            HelmError: there is no such binary.
        """
        command = [*_upgrade(release, namespace, chart, chart_version), f"--timeout={timeout}s"]
        return Operation(self._command(), *self._input([*command, *(["--wait"] if wait else [])], values))

    def rollback(
        self, release: str, namespace: str, revision: int, *, timeout: int = 300, wait: bool = True
    ) -> Operation:
        """Begin to go back to a revision; the arguments are those of `upgrade`.

        Raises:
            HelmError: there is no such binary.
        """
        command = ["rollback", release, str(revision), "--namespace", namespace, f"--timeout={timeout}s"]
        return Operation(self._command(), *self._input([*command, *(["--wait"] if wait else [])], None))

    def uninstall(self, release: str, namespace: str, *, timeout: int = 300) -> None:
        """Take a release away, and wait until its objects are gone.

        Raises:
            HelmError: helm cannot.
        """
        self._run(["uninstall", release, "--namespace", namespace, "--wait", f"--timeout={timeout}s"])

    def _run(self, command: list[str], values: Mapping[str, Any] | None = None) -> str:
        arguments, stdin = self._input(command, values)
        try:
            output: bytes = asyncio.run(self._command().run(arguments, stdin))
        except (errors.Error, OSError, UnicodeDecodeError) as error:
            raise _failure(error) from None
        try:
            return output.decode("utf-8")
        except UnicodeDecodeError:
            what = f"what `helm {command[0]}` prints is not UTF-8"
            raise HelmError(what, "look for a file in the chart that is not") from None

    def _command(self) -> Command:
        if shutil.which(self.binary) is None:
            raise HelmError(f"{self.binary} is not there", f"install helm, or name its binary in {VARIABLE}")
        # The shell that pyhelm3 starts becomes helm: who ends the one ends the other.
        return Command(executable="exec", kubecontext=self.context or None)

    def _input(self, command: list[str], values: Mapping[str, Any] | None) -> tuple[list[str], bytes | None]:
        arguments = [self.binary, *command, *([] if values is None else ["--values", "-"])]
        context = ["--kube-context", self.context] if self.context else []  # where pyhelm3 puts it
        _LOG.debug("run: %s", shlex.join([*arguments, *context]))
        if values is None:
            return arguments, None
        return arguments, json.dumps(values, ensure_ascii=False).encode("utf-8")  # YAML knows no surrogates


class Operation:
    """A helm command at work, in a thread of its own.

    Args:
        command: pyhelm3's runner.
        arguments: The command.
        stdin: What it reads.
    """

    def __init__(self, command: Command, arguments: list[str], stdin: bytes | None) -> None:
        self._error: HelmError | None = None
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(command.run(arguments, stdin))
        # Not the thread's end: a join that Ctrl-C breaks off takes the thread for ended (bpo-45274 in threading.py).
        self._ended = threading.Event()
        threading.Thread(target=self._work, daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, and tell whether it has come.

        Raises:
            HelmError: helm has ended and failed; the message is helm's.
        """
        if not self._ended.wait(seconds):
            return False
        if self._error:
            raise self._error
        return True

    def cancel(self) -> None:
        """End helm, which then writes down how far it came, and wait until it has."""
        with contextlib.suppress(RuntimeError):  # it has just ended by itself
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._ended.wait()

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            self._error = HelmError("helm was ended")
        except Exception as error:  # whatever it is: an end without an error would pass for success
            self._error = _failure(error)
        finally:
            self._loop.close()
            self._ended.set()


def _upgrade(release: str, namespace: str, chart: Path | str, chart_version: str) -> list[str]:
    command = ["upgrade", release, str(chart), "--install", "--namespace", namespace, "--create-namespace"]
    return [*command, "--output", "json", *_version(chart_version)]


def _version(chart_version: str) -> list[str]:
    return ["--version", chart_version] if chart_version else []


def _value_files(files: Sequence[Path | str]) -> list[str]:
    return [argument for file in files for argument in ("--values", str(file))]


def _objects(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.load_all(text, Loader=SafeLoader) if document]


def _revision(text: str) -> Revision:
    answer = json.loads(text[text.index("{") :])  # helm 4 says first what it pulled from an OCI registry
    hooks = [
        Hook(made, tuple(it["events"]), str((it.get("last_run") or {}).get("phase") or ""))
        for it in answer.get("hooks") or []
        for made in _objects(it["manifest"])
    ]
    info = answer["info"]
    updated = datetime.fromisoformat(info["last_deployed"]).astimezone(UTC)
    return Revision(
        answer["version"],
        info["status"],
        updated.isoformat(timespec="seconds"),
        answer.get("config") or {},
        _objects(answer.get("manifest") or ""),
        hooks,
    )


def _failure(error: Exception) -> HelmError:
    if isinstance(error, errors.Error):
        # helm lint says what it found on its standard output.
        words = _words(error.stderr, error.stdout) or f"helm failed with exit code {error.returncode} and said nothing"
    elif isinstance(error, UnicodeDecodeError):  # pyhelm3 reads what a helm that fails says as UTF-8, or not at all
        words = _words(error.object) or "helm failed and said nothing that can be read"
    else:
        words = f"helm could not be run to its end: {error}"
    return HelmError(words, UNREACHABLE if "cluster unreachable" in words else "")


def _words(*said: bytes) -> str:
    lines = (line.rstrip() for raw in said for line in raw.decode("utf-8", "replace").splitlines())
    message = "\n".join(line for line in lines if line and not line.startswith("level="))  # helm 4 logs it as well
    for each in ("Error: ", "UPGRADE FAILED: ", "INSTALLATION FAILED: "):
        message = message.removeprefix(each)
    return message


@contextlib.contextmanager
def _absent_is_none() -> Iterator[None]:
    try:
        yield
    except HelmError as error:
        if "release: not found" not in error.message:
            raise
