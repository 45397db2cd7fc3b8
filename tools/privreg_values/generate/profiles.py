"""Sets of choices that go together, by name."""

from __future__ import annotations

from privreg_values.generate.choices import Choices

PROFILES = {
    # What people have set up by hand on a single node: HAProxy, Let's Encrypt, a folder of the node.
    "seed": Choices(
        ingress_class="haproxy",
        ingress_preset="haproxy",
        cert_manager=True,
        issuer="letsencrypt",
        storage="hostPath",
        storage_path="/var/lib/privreg",
    ),
    # One replica and a volume for a team.
    "small": Choices(storage="pvc", storage_size="10Gi"),
    # kind, minikube and k3d each bring a default StorageClass. A NodePort would put a port into the registry's
    # name, and neither Pods nor the pull Secret name one, so the way in is an Ingress there as well.
    "local": Choices(storage="pvc", storage_size="5Gi", namespaces=("default",)),
    # Two registries over one bucket: one of them, or its node, may fail.
    "ha-s3": Choices(storage="s3", replicas=2),
}


def profile(name: str) -> Choices:
    """Give the choices of a profile."""
    return PROFILES[name]
