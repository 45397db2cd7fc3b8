"""Chooses the cluster: $KUBECONFIG if set, else kind if a Docker engine answers, else the embedded one."""

from . import debian, embedded, existing, images, kind, setup
from .cluster import Cluster, kubeconfig_of_user
from .errors import ClusterError
from .programs import FOR_CLIENTS, FOR_CLUSTER, FOR_KIND, FOR_TESTS, KUBERNETES, Program
from .progress import Progress


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
        tools((KUBERNETES, *clients))
        return cluster
    if kind.docker_answers():
        wanted = (images.TRAEFIK_IMAGE,)
        programs = (*FOR_KIND, *clients)
        progress = Progress([*setup.plan(programs, wanted, debian.FOR_CLIENTS), *kind.STEPS])
        setup.run(programs, wanted, debian.FOR_CLIENTS, progress)
        return kind.up(progress)
    packages = debian.FOR_CLUSTER | debian.FOR_CLIENTS
    programs = (*FOR_CLUSTER, *clients)
    progress = Progress([*setup.plan(programs, images.ALL, packages), *embedded.STEPS])
    setup.run(programs, images.ALL, packages, progress)
    return embedded.up(progress)


def tools(programs: tuple[Program, ...]) -> None:
    """Build the programs that are not there yet, and install the Debian packages of the clients."""
    progress = Progress(setup.plan(programs, (), debian.FOR_CLIENTS))
    setup.run(programs, (), debian.FOR_CLIENTS, progress)


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
