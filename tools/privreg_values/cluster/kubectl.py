"""Drives the kubectl binary; the only module that starts it.

kubectl knows every way to log in to a cluster that its user has (contexts, exec plugins, tokens), so nothing
of that is repeated here. Objects are written on its standard input: none of them is ever an argument.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, cast

from privreg_values.errors import ClusterError, ForbiddenError

VARIABLE = "PRIVREG_KUBECTL"  # names another binary than the kubectl on PATH
UNREACHABLE = "set KUBECONFIG, choose a context with `kubectl config`, or start it"  # what to do then
REQUEST_TIMEOUT = 15  # seconds; a cluster that is not there is known to be so by then

Object = dict[str, Any]
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LOG = logging.getLogger(__name__)


def default_binary() -> str:
    """Give the kubectl to use where nobody names one."""
    return os.environ.get(VARIABLE, "kubectl")


@dataclass(frozen=True)
class Kubectl:
    """One kubectl binary, and the cluster it speaks to.

    Args:
        context: A context of the kubeconfig; the current one when empty.
        binary: Its name on PATH, or its path.
        request_timeout: Seconds that the cluster has for one answer.

    Every method raises ClusterError when there is no kubectl, no cluster answers or it refuses, and its
    kind ForbiddenError when the user may not.
    """

    context: str = ""
    binary: str = field(default_factory=default_binary)
    request_timeout: int = REQUEST_TIMEOUT

    def get(self, resource: str, name: str, namespace: str = "") -> Object | None:
        """Give one object, or None where there is none (or the cluster does not know its kind).

        Args:
            resource: Its resource, such as secrets or certificates.cert-manager.io.
            name: Its name, also one that somebody wrote who may be no friend: Kubernetes does not check the names in
                imagePullSecrets, and kubectl would take `--server=…` for an option.
            namespace: Its namespace; empty for what has none.
        """
        if not is_name(name):
            return None
        try:
            return dict(json.loads(self.run(["get", resource, name, *_in(namespace), "--output=json"])))
        except ClusterError as error:
            if _is_absent(error):
                return None
            raise

    def find(self, objects: Iterable[Object]) -> Sequence[Object]:
        """Give those of some objects that are there, as they are now.

        Args:
            objects: Kinds, names and namespaces; all else in them does not matter.
        """
        wanted = [{**_named(it), "metadata": _named(it["metadata"])} for it in objects]
        if not wanted:
            return []
        manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted})
        answer = self.run(["get", "--filename=-", "--ignore-not-found", "--output=json"], manifest)
        if not answer.strip():
            return []
        found = json.loads(answer)
        items: Sequence[Object] = found["items"] if found["kind"] == "List" else [found]
        return items

    def list(self, resource: str, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """Give all objects of a kind; none where the cluster does not know the kind.

        Args:
            resource: Their resource.
            namespace: Their namespace; empty for all.
            labels: A label selector.
            fields: A field selector.
        """
        where = _in(namespace) or ["--all-namespaces"]
        which = [*([f"--selector={labels}"] if labels else []), *([f"--field-selector={fields}"] if fields else [])]
        try:
            answer = json.loads(self.run(["get", resource, *where, *which, "--output=json"]))
        except ClusterError as error:
            if _is_absent(error):
                return []
            raise
        return list(answer["items"])

    def logs(
        self,
        pod: str,
        namespace: str,
        *,
        container: str = "",
        lines: int = 20,
        since: str = "",
        previous: bool = False,
    ) -> str:
        """Give the last lines that a container wrote.

        Args:
            pod: The Pod's name.
            namespace: Its namespace.
            container: The container; the Pod's first when empty.
            lines: How many lines.
            since: Only those of the time since then, such as 1h.
            previous: Those of the container's last run instead of this one.
        """
        which = [f"--container={container}"] if container else []
        when = [*(["--previous"] if previous else []), *([f"--since={since}"] if since else [])]
        return self.run(["logs", pod, *_in(namespace), *which, *when, f"--tail={lines}"])

    def delete(self, objects: Iterable[Object]) -> None:
        """Delete objects; those that are not there are none the worse."""
        manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.run(["delete", "--filename=-", "--ignore-not-found", "--wait=false"], manifest)

    def run(self, arguments: Sequence[str], stdin: str | None = None, *, timeout: float | None = None) -> str:
        """Run kubectl, and give what it prints.

        Args:
            arguments: Its arguments; never a secret.
            stdin: What it reads; nothing of our own standard input, which may hold a password.
            timeout: Seconds after which it is given up; without it, kubectl's own limits hold.
        """
        command = self._command(arguments)
        try:
            ended = subprocess.run(
                command, input=stdin or "", capture_output=True, text=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired:
            raise ClusterError(f"kubectl {arguments[0]}: no end after {timeout:g} s") from None
        if ended.returncode:
            raise _error(ended.stderr.strip())
        return ended.stdout

    def stream(self, arguments: Sequence[str], stdin: str) -> Generator[str, None, None]:
        """Run kubectl for as long as it takes, and give each line when it is printed.

        Args:
            arguments: Its arguments; never a secret.
            stdin: What it reads.
        """
        command = self._command([*arguments, "--request-timeout=0"])
        with tempfile.TemporaryFile("w+") as errors:
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process:
                try:
                    with contextlib.suppress(BrokenPipeError), cast(IO[str], process.stdin) as writing:
                        writing.write(stdin)
                    yield from cast(IO[str], process.stdout)
                except BaseException:
                    process.terminate()
                    raise
            errors.seek(0)
            if process.returncode:
                raise _error(errors.read().strip())

    def _command(self, arguments: Sequence[str]) -> Sequence[str]:
        if shutil.which(self.binary) is None:
            raise ClusterError(f"{self.binary} is not there", f"install kubectl, or name its binary in {VARIABLE}")
        context = [f"--context={self.context}"] if self.context else []
        command = [self.binary, *context, f"--request-timeout={self.request_timeout}s", *arguments]
        _LOG.debug("run: %s", shlex.join(command))
        return command


def is_name(text: str) -> bool:
    """Tell whether an object can have this name: a DNS subdomain, as of Secrets, ConfigMaps and ServiceAccounts.

    Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
    """
    return len(text) <= 253 and _NAME.fullmatch(text) is not None


def _in(namespace: str) -> list[str]:
    return [f"--namespace={namespace}"] if namespace else []


def _named(part: Object) -> Object:
    return {key: part[key] for key in ("apiVersion", "kind", "name", "namespace") if key in part}


def _error(text: str) -> ClusterError:
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "kubectl failed and did not say why")
    message = last.removeprefix("error: ").removeprefix("Error from server ")
    message = message.removesuffix(" - did you specify the right host or port?")  # the remedy says it better
    if "Forbidden" in last:
        return ForbiddenError(message, "log in to the cluster as somebody who may")
    unreachable = ("was refused", "no such host", "Unable to connect", "i/o timeout", "deadline exceeded")
    if any(sign in last for sign in unreachable):
        return ClusterError(f"no cluster answers: {message}", UNREACHABLE)
    if "context was not found" in last:
        return ClusterError(message, "`kubectl config get-contexts` lists them")
    return ClusterError(message)


def _is_absent(error: ClusterError) -> bool:
    return error.message.startswith("(NotFound)") or "the server doesn't have a resource type" in error.message
