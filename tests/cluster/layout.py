"""Names, addresses and paths of one embedded cluster."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .process import write_atomically

# Names that resolve to the node, inside the cluster's namespaces only. More than one, so that tests can
# install releases beside each other.
HOSTS = tuple(f"{name}.privreg.test" for name in ("registry", "second", "third", "legacy"))

POD_CIDR = "10.244.0.0/16"
NODE_POD_CIDR = "10.244.0.0/24"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
DNS_SERVICE_IP = "10.96.0.10"
NODE_NAME = "node"
VOLUMES = 40

# Inside the namespaces /run is private, and the state folder is bound here: a path short enough for
# Unix sockets wherever the checkout lies.
RUN = Path("/run/privreg")


@dataclass(frozen=True)
class Layout:
    """Where one cluster lives.

    Attributes:
        state: its folder, as the machine sees it.
        subnet: the number N of its network 10.88.N.0/24.
    """

    state: Path
    subnet: int

    @property
    def host_ip(self) -> str:
        """The machine's end of the link to the node."""
        return f"10.88.{self.subnet}.1"

    @property
    def node_ip(self) -> str:
        """The node's end: API server, Ingress controller and NodePorts answer here."""
        return f"10.88.{self.subnet}.2"

    @property
    def link(self) -> str:
        """The name of the machine's network interface, and of the cluster's cgroup."""
        return f"privreg{self.subnet}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for use from the machine."""
        return self.state / "admin.kubeconfig"

    def log(self, component: str) -> Path:
        """The log of one component; it outlives the cluster, until the next one starts."""
        return self.state.parent / "log" / f"{component}.log"

    def save(self) -> None:
        """Write the layout where init finds it."""
        write_atomically(self.state / "layout.json", json.dumps({**asdict(self), "state": str(self.state)}))

    @classmethod
    def load(cls, state: Path) -> "Layout":
        """Read what `save` wrote into `state`.

        Raises:
            FileNotFoundError: nothing was saved there.
        """
        fields = json.loads((state / "layout.json").read_text())
        return cls(Path(fields["state"]), fields["subnet"])
