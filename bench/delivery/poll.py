"""What others do: every few seconds, ask about each namespace, and write what lacks there.

It does what titansoft's imagepullsecret-patcher does (main.go at 185aec9, CONFIG_ALLSERVICEACCOUNT on), request
for request, with this chart's client. It is faster than that program, whose client sends five requests a second
at most (client-go's default), and it does not replace Secrets that differ, since none does here.
"""

import threading
from collections.abc import Callable

from kubernetes_api import Api, Json

INTERVAL = 10.0  # seconds between two rounds


class Poller:
    """Delivers a Secret by asking again and again.

    Args:
        api: a connection of somebody who may do everything.
        name: of the Secret.
        credential: its content, in base64.
        serves: whether a namespace of that name is served.
    """

    def __init__(self, api: Api, name: str, credential: str, serves: Callable[[str], bool]) -> None:
        self._api, self._name, self._credential, self._serves = api, name, credential, serves

    def run(self, stop: threading.Event) -> None:
        """Go round until told to stop."""
        while not stop.is_set():
            self.round()
            stop.wait(INTERVAL)

    def round(self) -> None:
        """Look at every namespace once."""
        for namespace in self._list("/api/v1/namespaces"):
            name = namespace["metadata"]["name"]
            if self._serves(name):
                self._process_secret(name)
                self._process_accounts(name)

    def _process_secret(self, namespace: str) -> None:
        path = f"/api/v1/namespaces/{namespace}/secrets"
        if self._api.get(f"{path}/{self._name}") is None:
            secret = {
                "metadata": {"name": self._name},
                "type": "kubernetes.io/dockerconfigjson",
                "data": {".dockerconfigjson": self._credential},
            }
            self._api.create(path, secret)

    def _process_accounts(self, namespace: str) -> None:
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        for account in self._list(path):
            references = account.get("imagePullSecrets") or []
            if all(entry["name"] != self._name for entry in references):
                change = {"imagePullSecrets": [*references, {"name": self._name}]}
                self._api.patch(f"{path}/{account['metadata']['name']}", change)

    def _list(self, path: str) -> list[Json]:
        return (self._api.get(path) or {}).get("items") or []
