"""Writes the pull Secret as a manifest, or as commands that put it into one namespace."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Sequence

from privreg_values.pull_secret.docker_config import SECRET_KEY, SECRET_TYPE


def manifest(config: str, namespace: str, name: str) -> str:
    """Give the Secret as YAML.

    It carries no mark of a release: what a person puts into a namespace is the person's, and no hook takes
    it away.

    Args:
        config: The docker configuration.
        namespace: The namespace; empty to leave it to kubectl.
        name: The Secret's name.
    """
    place = f"\n  namespace: {json.dumps(namespace)}" if namespace else ""
    data = base64.b64encode(config.encode()).decode("ascii")
    return f"""\
apiVersion: v1
kind: Secret
metadata:
  name: {json.dumps(name)}{place}
type: {SECRET_TYPE}
data:
  {SECRET_KEY}: {data}
"""


def commands(again: Sequence[str], namespace: str, name: str, account: str) -> str:
    """Give the commands that let the Pods of one namespace pull, none of them with a secret in it.

    imagePullSecrets of a ServiceAccount is one atomic list: a merge patch would drop others' entries. So the
    first patch adds an entry to the list that is there; where there is none it fails and changes nothing, and
    the second makes one, if there is still none.

    Args:
        again: The arguments of `pull-secret` that chose the credential.
        namespace: The namespace.
        name: The Secret's name.
        account: The ServiceAccount.
    """
    make = ["pull-secret", *again, "--namespace", namespace, "--name", name, "--output", "secret"]
    patch = ["kubectl", "patch", "serviceaccount", account, "--namespace", namespace, "--type", "json", "--patch"]
    entry = {"name": name}
    add = [{"op": "add", "path": "/imagePullSecrets/-", "value": entry}]
    begin = [
        {"op": "test", "path": "/imagePullSecrets", "value": None},
        {"op": "add", "path": "/imagePullSecrets", "value": [entry]},
    ]
    return f"""\
# The Secret; its password is on standard input only, and not repeated in an annotation.
privreg-values {shlex.join(make)} |
  kubectl apply --server-side --filename -
# Its name on the ServiceAccount, after those that are there; or else as the first one.
{shlex.join([*patch, json.dumps(add)])} ||
  {shlex.join([*patch, json.dumps(begin)])}
# Pods that are there already do not get it: delete those that cannot pull.
"""
