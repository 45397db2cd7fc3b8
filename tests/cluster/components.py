"""The processes of the embedded cluster and the files they read.

What is set and why was found by measuring: a kernel without CAP_SYS_RESOURCE for root, cgroup v1 or
v2, no swap accounting. Everything listens inside the cluster's own network namespace.
"""

import json
from pathlib import Path
from textwrap import dedent

from . import debian, images, pki
from .layout import (
    API_SERVICE_IP,
    DNS_SERVICE_IP,
    HOSTS,
    NODE_NAME,
    NODE_POD_CIDR,
    POD_CIDR,
    RUN,
    SERVICE_CIDR,
    Layout,
)
from .paths import BIN

CONTAINERD_SOCKET = RUN / "containerd.sock"
PKI = RUN / "pki"


def commands(layout: Layout) -> dict[str, list[str]]:
    """The command line of each component, in the order of starting; all paths are those inside."""
    ca, api = PKI / "ca.crt", f"https://{layout.node_ip}:6443"
    controller = _kubeconfig_path("controller-manager")
    return {
        "etcd": [
            f"{BIN}/etcd",
            f"--data-dir={RUN}/etcd",
            "--unsafe-no-fsync",  # a cluster that is thrown away
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
        ],
        "containerd": [f"{BIN}/containerd", f"--config={RUN}/containerd.toml"],
        "kube-apiserver": [
            f"{BIN}/kube-apiserver",
            "--etcd-servers=http://127.0.0.1:2379",
            f"--advertise-address={layout.node_ip}",
            f"--service-cluster-ip-range={SERVICE_CIDR}",
            f"--tls-cert-file={PKI}/apiserver.crt",
            f"--tls-private-key-file={PKI}/apiserver.key",
            f"--client-ca-file={ca}",
            f"--service-account-key-file={PKI}/service-accounts.pub",
            f"--service-account-signing-key-file={PKI}/service-accounts.key",
            f"--service-account-issuer={api}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--kubelet-client-certificate={PKI}/apiserver.crt",
            f"--kubelet-client-key={PKI}/apiserver.key",
            f"--kubelet-certificate-authority={ca}",
            "--kubelet-preferred-address-types=InternalIP",  # exec and logs go to the address, not the name
            "--allow-privileged=true",
        ],
        "kube-controller-manager": [
            f"{BIN}/kube-controller-manager",
            f"--kubeconfig={controller}",
            "--use-service-account-credentials",
            f"--root-ca-file={ca}",
            f"--cluster-signing-cert-file={ca}",
            f"--cluster-signing-key-file={PKI}/ca.key",
            f"--service-account-private-key-file={PKI}/service-accounts.key",
            "--kube-api-qps=200",  # in the default 20 its controllers take six seconds to start
            "--kube-api-burst=300",
            "--leader-elect=false",
        ],
        "kube-scheduler": [
            f"{BIN}/kube-scheduler",
            f"--kubeconfig={_kubeconfig_path('scheduler')}",
            "--leader-elect=false",
        ],
        "kubelet": [
            f"{BIN}/kubelet",
            f"--config={RUN}/kubelet.json",
            f"--kubeconfig={_kubeconfig_path('kubelet')}",
            f"--root-dir={RUN}/kubelet",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={layout.node_ip}",
        ],
        "kube-proxy": [
            f"{BIN}/kube-proxy",
            f"--kubeconfig={_kubeconfig_path('kube-proxy')}",
            "--proxy-mode=nftables",
            f"--cluster-cidr={POD_CIDR}",
            "--conntrack-max-per-core=0",
            f"--hostname-override={NODE_NAME}",
        ],
    }


def write_files(layout: Layout) -> None:
    """Make the certificates and every file that the components read, below the state folder."""
    _certificates(layout)
    for name in ("controller-manager", "scheduler", "kubelet", "kube-proxy"):
        _write_kubeconfig(layout, name, layout.state / f"{name}.kubeconfig", PKI)
    _write_kubeconfig(layout, "admin", layout.kubeconfig, layout.state / "pki")
    (layout.state / "kubelet.json").write_text(json.dumps(_kubelet(layout), indent=1))
    config = containerd_config(RUN / "containerd", RUN / "containerd-state", CONTAINERD_SOCKET)
    (layout.state / "containerd.toml").write_text(config)
    (layout.state / "resolv.conf").write_text("")  # the node resolves by its hosts file alone
    own = Path("/etc/hosts").read_text()
    (layout.state / "hosts").write_text(f"{own}\n{layout.node_ip} {NODE_NAME} {' '.join(HOSTS)}\n")
    cni = layout.state / "cni"
    cni.mkdir(exist_ok=True)
    (cni / "10-bridge.conflist").write_text(json.dumps(_network(), indent=1))
    for host in HOSTS:
        _trust(layout, host)


def _certificates(layout: Layout) -> None:
    authority = pki.Authority.create(layout.state / "pki")
    authority.issue("admin", "privreg-admin", "system:masters")
    api_names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
    api_addresses = (layout.node_ip, API_SERVICE_IP, "127.0.0.1")
    authority.issue("apiserver", "kube-apiserver", "system:masters", (*api_names, *api_addresses))
    authority.issue("controller-manager", "system:kube-controller-manager")
    authority.issue("scheduler", "system:kube-scheduler")
    authority.issue("kube-proxy", "system:kube-proxy")
    authority.issue("kubelet", f"system:node:{NODE_NAME}", "system:nodes", (NODE_NAME, layout.node_ip))
    authority.issue("registry", HOSTS[0], sans=HOSTS)
    pki.write_signing_key(layout.state / "pki" / "service-accounts.key")


def _kubeconfig_path(name: str) -> Path:
    return RUN / f"{name}.kubeconfig"


def _write_kubeconfig(layout: Layout, user: str, path: Path, certificates: Path) -> None:
    """JSON is YAML: kubectl and helm read it as it is."""
    server = {
        "server": f"https://{layout.node_ip}:6443",
        "certificate-authority": str(certificates / "ca.crt"),
    }
    credentials = {
        "client-certificate": str(certificates / f"{user}.crt"),
        "client-key": str(certificates / f"{user}.key"),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "privreg", "cluster": server}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "privreg", "context": {"cluster": "privreg", "user": user}}],
        "current-context": "privreg",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=1))


def _kubelet(layout: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{PKI}/kubelet.crt",
        "tlsPrivateKeyFile": f"{PKI}/kubelet.key",
        "clusterDNS": [DNS_SERVICE_IP],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{RUN}/resolv.conf",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.link}",
        "failCgroupV1": False,
        "failSwapOn": False,
        # The machine's disk is not ours to judge: no eviction, no image garbage collection.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "syncFrequency": "3s",  # Secrets reach their volumes sooner than in the default minute
        "podLogsDir": f"{RUN}/pod-logs",
        "volumePluginDir": f"{RUN}/volume-plugins",
    }


def containerd_config(root: Path, state: Path, socket: Path) -> str:
    """The configuration of a containerd that keeps images in `root` and answers on `socket`."""
    return dedent(f"""\
        version = 3
        root = "{root}"
        state = "{state}"
        disabled_plugins = [
          "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.btrfs",
          "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs",
          "io.containerd.snapshotter.v1.zfs",
        ]
        [grpc]
        address = "{socket}"
        [plugins."io.containerd.cri.v1.images".pinned_images]
        sandbox = "{images.PAUSE.name}"
        [plugins."io.containerd.cri.v1.images".registry]
        config_path = "{RUN}/certs.d"
        [plugins."io.containerd.cri.v1.runtime"]
        # Root may lack CAP_SYS_RESOURCE; without this line no sandbox starts there.
        restrict_oom_score_adj = true
        [plugins."io.containerd.cri.v1.runtime".cni]
        bin_dirs = ["{debian.root_of(debian.NODE.packages)}/usr/lib/cni"]
        conf_dir = "{RUN}/cni"
        """)


def _network() -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": f"{RUN}/cni-addresses",
            "ranges": [[{"subnet": NODE_POD_CIDR}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "privreg", "plugins": [bridge, portmap]}


def _trust(layout: Layout, host: str) -> None:
    """Let the node trust our CA for one registry, and nothing else.

    `server` is asked once more after the hosts, with the keys at the top only: so the CA is named there as well.

    Source: containerd docs/hosts.md.
    """
    folder = layout.state / "certs.d" / host
    folder.mkdir(parents=True)
    trust = f'ca = "{PKI}/ca.crt"\n'
    (folder / "hosts.toml").write_text(f'server = "https://{host}"\n{trust}[host."https://{host}"]\n{trust}')
