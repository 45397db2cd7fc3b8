"""The cluster of the bench: the administrator's connections, the release, and what the API server counts."""

import base64
import json
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kubernetes_api import Api
from tests.cluster import provider
from tests.cluster.cluster import Cluster
from tests.e2e.release import Release, apply, kubectl

NAMESPACE = "delivery-bench"
ADMINISTRATORS = ("admin", "poller")
CHOSEN = {"namespaces": ["bench-*"], "serviceAccounts": ["*"]}


@dataclass(frozen=True)
class Site:
    """Where everything is measured.

    Attributes:
        cluster: it.
        release: of the chart, not yet installed.
        admin: an administrator's connection.
        folder: has a folder for each administrator, with its token, as a Pod has.
    """

    cluster: Cluster
    release: Release
    admin: Api
    folder: Path

    @property
    def program(self) -> str:
        """The name of the ServiceAccount, and of the Deployment, that delivers."""
        return f"{self.release.fullname}-pull-secrets"

    @property
    def secret(self) -> str:
        """The name of the pull Secret."""
        return f"{self.release.fullname}-pull"

    def connect(self, administrator: str) -> Api:
        """A further connection, for a thread of its own or by another administrator."""
        return _connect(self.cluster, self.folder / administrator)

    def requests_of(self, account: str) -> int:
        """How many requests of a ServiceAccount the API server has taken up since it started."""
        return _count(self.cluster, rf'apiserver_flowcontrol_dispatched_requests_total{{flow_schema="bench-{account}",')

    def requests_a_minute(self, account: str, seconds: float) -> float:
        """How many requests a minute a ServiceAccount sends in the next `seconds`."""
        before, started = self.requests_of(account), time.monotonic()
        time.sleep(seconds)
        return (self.requests_of(account) - before) / (time.monotonic() - started) * 60

    def ill_answers(self) -> int:
        """How many requests, anybody's, the API server has answered with 429 or 5xx since it started."""
        answered = _count(self.cluster, r'apiserver_request_total{code="(?:429|5[0-9][0-9])",')
        return answered + _count(self.cluster, r"apiserver_flowcontrol_rejected_requests_total{")


@contextmanager
def running() -> Iterator[Site]:
    """A new cluster with everything ready for `helm install`; it ends with the context, however that ends."""
    provider.down()  # what a killed bench has left
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        try:
            yield _prepare(provider.up(), Path(name))
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            provider.down()


def _prepare(cluster: Cluster, folder: Path) -> Site:
    release = Release(cluster, "bench", NAMESPACE, cluster.hosts[0], folder)
    release.generate()
    release.set({"storage": {"type": "emptyDir"}, "pullSecrets": CHOSEN})
    for administrator in ADMINISTRATORS:
        _appoint(cluster, administrator, folder / administrator)
    site = Site(cluster, release, _connect(cluster, folder / "admin"), folder)
    apply(cluster, *(_counted(NAMESPACE, account) for account in (site.program, *ADMINISTRATORS)))
    return site


def _appoint(cluster: Cluster, name: str, identity: Path) -> None:
    """Make a ServiceAccount that may do everything, and write its identity as the kubelet does for a Pod."""
    kubectl(cluster, "create", "serviceaccount", name, f"--namespace={NAMESPACE}")
    rights = ["--clusterrole=cluster-admin", f"--serviceaccount={NAMESPACE}:{name}"]
    kubectl(cluster, "create", "clusterrolebinding", f"the-{name}", *rights)
    identity.mkdir(mode=0o700)
    token = kubectl(cluster, "create", "token", name, f"--namespace={NAMESPACE}", "--duration=3h")
    (identity / "token").write_text(token)
    (identity / "ca.crt").write_bytes(base64.b64decode(_api_server(cluster)["certificate-authority-data"]))


def _connect(cluster: Cluster, identity: Path) -> Api:
    address = urlsplit(_api_server(cluster)["server"])
    return Api(address.hostname or "", address.port or 443, identity)


def _api_server(cluster: Cluster) -> dict[str, str]:
    config = json.loads(kubectl(cluster, "config", "view", "--raw", "--flatten", "--output=json"))
    entry: dict[str, str] = config["clusters"][0]["cluster"]
    return entry


def _counted(namespace: str, account: str) -> dict[str, object]:
    """A FlowSchema that treats a ServiceAccount like all others, only that its requests are counted by themselves."""
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": f"bench-{account}"},
        "spec": {
            "priorityLevelConfiguration": {"name": "workload-low"},
            "matchingPrecedence": 5000,
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [
                {
                    "subjects": [
                        {"kind": "ServiceAccount", "serviceAccount": {"namespace": namespace, "name": account}}
                    ],
                    "resourceRules": [
                        {
                            "verbs": ["*"],
                            "apiGroups": ["*"],
                            "resources": ["*"],
                            "clusterScope": True,
                            "namespaces": ["*"],
                        }
                    ],
                    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                }
            ],
        },
    }


def _count(cluster: Cluster, series: str) -> int:
    """The sum of the API server's counters whose line begins like `series`."""
    metrics = kubectl(cluster, "get", "--raw=/metrics")
    return sum(int(float(value)) for value in re.findall(rf"^{series}.*}} (\S+)$", metrics, re.MULTILINE))
