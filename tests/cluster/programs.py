"""The programs that are built from Go modules: what they are and how their version is stamped.

Each has a module of its own under modules/, because their dependencies conflict in one; go.mod and
go.sum pin every byte. The version is read from go.mod, so that it is written once.
"""

import re
from dataclasses import dataclass, field

from .errors import ClusterError
from .paths import BIN, MODULES


@dataclass(frozen=True)
class Program:
    """One module under modules/ and the binaries that come out of it.

    Attributes:
        name: what it is called, and its folder under modules/ unless `folder` says another.
        module: the upstream module, whose version in go.mod is the program's.
        binaries: the files in .cache/bin.
        seconds: a build with cold caches on two cores, measured in the order of PROGRAMS.
        stamps: linker variables that hold the version; {v} is v1.2.3, {major} and {minor} its parts.
        package: what `go build` is given; "tool" is all of go.mod's tool lines.
        folder: the folder under modules/.
    """

    name: str
    module: str
    binaries: tuple[str, ...]
    seconds: float
    stamps: dict[str, str] = field(default_factory=dict)
    package: str = "tool"
    folder: str = ""

    @property
    def source(self) -> str:
        """The folder under modules/."""
        return self.folder or self.name

    @property
    def version(self) -> str:
        """The pinned version, such as v1.37.2.

        Raises:
            ClusterError: go.mod does not require the module.
        """
        text = (MODULES / self.source / "go.mod").read_text()
        found = re.search(rf"^(?:require|\t)\s*{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if not found:
            raise ClusterError(f"{MODULES / self.source / 'go.mod'}: does not require {self.module}")
        return found[1]

    @property
    def ldflags(self) -> str:
        """Strip the symbols and stamp the version: clients refuse a server that does not know its own."""
        major, minor, *_ = self.version.removeprefix("v").split(".")
        stamps = (
            f"-X {name}={text.format(v=self.version, major=major, minor=minor)}" for name, text in self.stamps.items()
        )
        return " ".join(["-s -w", *stamps])


KUBERNETES = Program(
    name="kubernetes",
    module="k8s.io/kubernetes",
    binaries=(
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
    ),
    seconds=460,
    stamps={
        f"k8s.io/{package}.git{part}": text
        for package in ("component-base/version", "client-go/pkg/version")
        for part, text in (("Version", "{v}"), ("Major", "{major}"), ("Minor", "{minor}"))
    },
)
# Where the cluster is made by others, and only its client is ours.
ONLY_KUBECTL = Program(
    "kubectl",
    KUBERNETES.module,
    ("kubectl",),
    120,
    KUBERNETES.stamps,
    package=f"{KUBERNETES.module}/cmd/kubectl",
    folder=KUBERNETES.name,
)
ETCD = Program("etcd", "go.etcd.io/etcd/server/v3", ("etcd",), 25)
COREDNS = Program("coredns", "github.com/coredns/coredns", ("coredns",), 25, package=".")
TRAEFIK = Program(
    "traefik",
    "github.com/traefik/traefik/v3",
    ("traefik",),
    300,
    {"github.com/traefik/traefik/v3/pkg/version.Version": "{v}"},
)
REGISTRY = Program(
    "registry",
    "github.com/distribution/distribution/v3",
    ("registry",),
    60,
    {"github.com/distribution/distribution/v3/version.version": "{v}"},
)
HELM = Program("helm", "helm.sh/helm/v4", ("helm",), 70, {"helm.sh/helm/v4/internal/version.version": "{v}"})
HELM3 = Program(
    "helm3",
    "helm.sh/helm/v3",
    ("helm3",),
    30,
    {
        "helm.sh/helm/v3/internal/version.version": "{v}",
        # The Kubernetes that `helm template` and `helm lint` take for granted; 1.20 unless stamped.
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": "37",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor": "37",
    },
)
CRANE = Program("crane", "github.com/google/go-containerregistry", ("crane",), 5)
ORAS = Program("oras", "oras.land/oras", ("oras",), 5)
REGCTL = Program("regctl", "github.com/regclient/regclient", ("regctl",), 5)
CONFORMANCE = Program("conformance", "github.com/opencontainers/distribution-spec/conformance", ("conformance",), 4)
# An S3 server over a folder, of which main.go takes one backend.
VERSITYGW = Program("versitygw", "github.com/versity/versitygw", ("versitygw",), 40, package=".")
KIND = Program("kind", "sigs.k8s.io/kind", ("kind",), 10)

# What a Kubernetes of our own is made of, and what the tests use besides.
FOR_CLUSTER = (KUBERNETES, ETCD, COREDNS, TRAEFIK, REGISTRY)
FOR_KIND = (ONLY_KUBECTL, TRAEFIK, KIND)
FOR_CLIENTS = (HELM,)
FOR_TESTS = (HELM3, CRANE, ORAS, REGCTL, CONFORMANCE, VERSITYGW)
PROGRAMS = (*FOR_CLUSTER, *FOR_CLIENTS, *FOR_TESTS)

KUBECTL = BIN / "kubectl"
