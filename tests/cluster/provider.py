"""Chooses the cluster: $KUBECONFIG if set, else kind if a Docker engine answers, else the embedded one."""

from . import debian, embedded, existing, images, kind, setup
from .cluster import Cluster, kubeconfig_of_user
from .errors import ClusterError
from .programs import FOR_CLIENTS, FOR_CLUSTER, FOR_KIND, FOR_TESTS, ONLY_KUBECTL, Program
from .setup import Needs


def up(for_tests: bool = False) -> Cluster:
    """Bring up the cluster with all that it needs, or find it running.

    Args:
        for_tests: build the clients that only the tests use as well.

    Raises:
        ClusterError: what is wrong, and what to do.
    """
    clients = FOR_CLIENTS + (FOR_TESTS if for_tests else ())
    if kubeconfig := kubeconfig_of_user():
        cluster = existing.find(kubeconfig)
        setup.run(Needs((ONLY_KUBECTL, *clients), images.FOR_CLIENTS, debian.FOR_CLIENTS), [])
        return cluster
    if kind.docker_answers():
        for_kind = (images.TRAEFIK_IMAGE, *images.FOR_CLIENTS)
        return kind.up(setup.run(Needs((*FOR_KIND, *clients), for_kind, debian.FOR_CLIENTS), kind.STEPS))
    embedded.check()
    wanted = (*images.FOR_NODE, *images.FOR_CLIENTS)
    packages = debian.FOR_CLUSTER | debian.FOR_CLIENTS
    needs = Needs((*FOR_CLUSTER, *clients), wanted, packages, (debian.NODE,), store=True)
    return embedded.up(setup.run(needs, embedded.STEPS))


def tools(programs: tuple[Program, ...]) -> None:
    """Build the programs that are not there yet, and install the Debian packages that the tests use."""
    setup.run(Needs(programs, packages=debian.FOR_CLIENTS | debian.FOR_TESTS, unpacked=(debian.HAPROXY,)), [])


def running() -> Cluster | None:
    """The cluster that is up, or None; nothing is started."""
    if kubeconfig := kubeconfig_of_user():
        return existing.find(kubeconfig)
    return embedded.running() or (kind.running() if kind.docker_answers() else None)


def need() -> Cluster:
    """The cluster that is up.

    Raises:
        ClusterError: none is.
    """
    cluster = running()
    if not cluster:
        raise ClusterError("no cluster is up; run `make cluster-up`")
    return cluster


def down() -> bool:
    """End the cluster that we made; a user's own is left alone. False when there was none."""
    if kubeconfig_of_user():
        return False
    return embedded.down() or (kind.down() if kind.docker_answers() else False)
