"""Runs a program in a Pod that is made for it, and removed whatever happens."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

from privreg_values.cluster.helm import Helm
from privreg_values.cluster.kubectl import Kubectl
from privreg_values.cluster.releases import Release
from privreg_values.errors import ClusterError, ForbiddenError, HelmError
from privreg_values.in_cluster.inside import END
from privreg_values.registry.client import printable
from privreg_values.registry.reach import Step

START = 120  # seconds for a node to be found and the image to be pulled
LIFE = 300  # seconds after which the cluster ends the Pod, should nobody be left to remove it
_KEPT = ("image", "imagePullPolicy", "securityContext", "resources")


def manifest(hooks: list[dict[str, Any]], release: Release) -> dict[str, Any]:
    """Give a Pod whose Python reads its program from standard input: that of `helm test`, without its files.

    Args:
        hooks: The hooks of the release, as installed.
        release: The release.

    Raises:
        HelmError: the release has no such Pod.
    """
    tests = [it for it in hooks if it["kind"] == "Pod" and "test" in it["metadata"]["annotations"]["helm.sh/hook"]]
    if not tests:
        raise HelmError(f"the release {release} has no `helm test`", "is it one of this chart?")
    test = tests[0]
    spec = {key: value for key, value in test["spec"].items() if key != "volumes"}
    (container,) = spec["containers"]
    kept = {key: container[key] for key in _KEPT if key in container}
    program = {**kept, "name": "check", "command": ["python3", "-"], "stdin": True, "stdinOnce": True}
    labels = {**test["metadata"]["labels"], "app.kubernetes.io/component": "check"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{release.name[:50].rstrip('.-')}-check-{secrets.token_hex(3)}",
            "namespace": release.namespace,
            "labels": {**labels, "app.kubernetes.io/managed-by": "privreg-values"},
        },
        "spec": {**spec, "activeDeadlineSeconds": LIFE, "containers": [program]},
    }


@contextlib.contextmanager
def running(kubectl: Kubectl, helm: Helm, release: Release) -> Iterator[str]:
    """Give the name of a Pod that waits for its program; it is gone afterwards, also after an interrupt.

    Raises:
        HelmError: helm does not know the release.
        ClusterError: the Pod may not be made, or does not start; the message says why.
    """
    pod = manifest(helm.hooks(release.name, namespace=release.namespace, context=kubectl.context), release)
    name, namespace = pod["metadata"]["name"], release.namespace
    try:
        kubectl.run(["create", "--filename=-"], json.dumps(pod))
        _wait(kubectl, name, namespace)
        yield name
    finally:
        delete = ["delete", "pod", name, f"--namespace={namespace}"]
        with contextlib.suppress(ForbiddenError):  # who may not make it either has been told that
            kubectl.run([*delete, "--ignore-not-found", "--now", "--wait=false"])


def steps(kubectl: Kubectl, name: str, namespace: str, program: str) -> Iterator[Step]:
    """Run a program in the Pod, and give each step that it prints.

    Raises:
        ClusterError: it prints something else, or the way to the Pod breaks.
    """
    where = [name, f"--namespace={namespace}", "--container=check"]
    for line in kubectl.stream(["attach", *where, "--stdin", "--quiet"], program):
        try:
            said = json.loads(line)
            if said == END:
                return
            step = Step(**said)
        except (ValueError, TypeError):
            break
        yield step
    log = kubectl.logs(name, namespace, lines=1).strip() or "nothing"
    raise ClusterError(f"the Pod {namespace}/{name} stopped in the middle of the check; it says: {printable(log)}")


def _wait(kubectl: Kubectl, name: str, namespace: str) -> None:
    waiting = ["wait", f"pod/{name}", f"--namespace={namespace}", "--for=condition=Ready", f"--timeout={START}s"]
    try:
        kubectl.run([*waiting, "--request-timeout=0"])
    except ClusterError as error:
        fields = f"involvedObject.name={name},type=Warning"
        events = kubectl.list("events", namespace, fields=fields)
        why = events[-1]["message"] if events else error.message
        raise ClusterError(
            f"the Pod {namespace}/{name} does not start: {why}", "see jobs.image in the values"
        ) from None
