"""A cluster of the user's, named by $KUBECONFIG: used as it is, never created, changed or deleted by us."""

import os
from pathlib import Path

from .cluster import Cluster
from .errors import ClusterError

HELP = """\
KUBECONFIG names a cluster of yours. For the demo and the tests it needs, as environment variables:
  PRIVREG_TEST_HOSTS          names (comma-separated) that resolve to its Ingress controller
  PRIVREG_TEST_INGRESS_CLASS  the Ingress class, such as nginx
  PRIVREG_TEST_PKI            a folder with ca.crt, registry.crt, registry.key; its nodes trust ca.crt
  PRIVREG_TEST_INGRESS_PRESET haproxy, nginx or traefik (default: none)
Or unset KUBECONFIG to get a cluster of our own."""


def find(kubeconfig: Path) -> Cluster:
    """The cluster that `kubeconfig` names.

    Raises:
        ClusterError: the file or one of the variables is missing.
    """
    if not kubeconfig.is_file():
        raise ClusterError(f"KUBECONFIG={kubeconfig}: no such file; correct it, or unset it")
    hosts, ingress_class, pki = (
        os.environ.get(f"PRIVREG_TEST_{name}", "") for name in ("HOSTS", "INGRESS_CLASS", "PKI")
    )
    if not (hosts and ingress_class and pki):
        raise ClusterError(HELP)
    return Cluster(
        kind="existing",
        kubeconfig=kubeconfig.resolve(),
        hosts=tuple(host.strip() for host in hosts.split(",")),
        address="",
        pki=Path(pki).resolve(),
        ingress_class=ingress_class,
        ingress_preset=os.environ.get("PRIVREG_TEST_INGRESS_PRESET", "none"),
    )
