"""What can be chosen for a new registry, and what it means in the values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace

from privreg_values.errors import UsageError
from privreg_values.generate.gen import Setting
from privreg_values.values.nodes import Path, Value

_KINDS_WITH = {
    "--storage-size": (None, "pvc", "emptyDir"),
    "--storage-class": (None, "pvc"),
    "--storage-path": ("hostPath", "nfs"),
    "--storage-server": ("nfs",),
    "--s3-bucket": ("s3",),
    "--s3-region": ("s3",),
    "--s3-endpoint": ("s3",),
    "--s3-access-key": ("s3",),
    "--s3-secret": ("s3",),
}
_FIELDS = {
    "ingress": ("ingress", "ingress_class", "ingress_preset"),
    "tls": ("tls_secret", "cert_manager", "issuer", "issuer_kind"),
    "storage": (
        "storage", "storage_size", "storage_class", "storage_path", "storage_server",
        "s3_bucket", "s3_region", "s3_endpoint", "s3_access_key", "s3_secret",
    ),
    "replicas": ("replicas",),
    "pullSecrets": ("namespaces",),
}  # fmt: skip
_SPREAD = [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}]


@dataclass(frozen=True)
class Choices:
    """What was chosen so far; None is what was not.

    Args:
        ingress: Make an Ingress.
        ingress_class: The IngressClass.
        ingress_preset: The kind of its controller.
        tls_secret: The TLS Secret.
        cert_manager: Let cert-manager make the certificate.
        issuer: The issuer, for cert-manager.
        issuer_kind: Its kind.
        storage: pvc, hostPath, nfs, s3 or emptyDir.
        storage_size: The size of the claim, or the limit of emptyDir.
        storage_class: The StorageClass of the claim.
        storage_path: The folder of hostPath, or the export of nfs.
        storage_server: The server of nfs.
        s3_bucket: The bucket of s3.
        s3_region: Its region.
        s3_endpoint: The address of a store that is not Amazon's.
        s3_access_key: The id of the key that reaches it; the key's secret is no choice.
        s3_secret: The Secret with its keys.
        replicas: How many registries there are.
        namespaces: The namespaces that may pull.
    """

    ingress: bool | None = None
    ingress_class: str | None = None
    ingress_preset: str | None = None
    tls_secret: str | None = None
    cert_manager: bool | None = None
    issuer: str | None = None
    issuer_kind: str | None = None
    storage: str | None = None
    storage_size: str | None = None
    storage_class: str | None = None
    storage_path: str | None = None
    storage_server: str | None = None
    s3_bucket: str | None = None
    s3_region: str | None = None
    s3_endpoint: str | None = None
    s3_access_key: str | None = None
    s3_secret: str | None = None
    replicas: int | None = None
    namespaces: tuple[str, ...] | None = None

    def over(self, base: Choices) -> Choices:
        """Lay these choices over others: what is chosen here wins, with all that goes with it."""
        if self.ingress is False:
            base = base.without(["ingress", "tls"])
        if self.storage not in (None, base.storage):
            base = base.without(["storage"])
        return replace(base, **self.chosen())

    def without(self, blocks: Collection[str]) -> Choices:
        """Leave out what belongs to blocks of the values file that are there already."""
        return replace(self, **{name: None for block in blocks for name in _FIELDS.get(block, ())})

    def chosen(self) -> dict[str, Value]:
        """Give what was chosen, by name."""
        values = {it.name: getattr(self, it.name) for it in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def settings(self, *, complete: bool = True) -> list[Setting]:
        """Give the settings for the values; the namespaces and the keys of a bucket are not among them.

        Args:
            complete: No choice is to be missing that another one needs.

        Raises:
            UsageError: two choices do not go together, or one is missing.
        """
        self.check()
        if complete:
            self._see_that_none_is_missing()
        sized = ("emptyDir", "sizeLimit") if self.storage == "emptyDir" else ("persistence", "size")
        folder = "nfs" if self.storage == "nfs" else "hostPath"
        several = (self.replicas or 0) > 1 or None
        settings: tuple[tuple[Path, Value, str], ...] = (
            (("storage", "type"), self.storage, "--storage"),
            (("storage", *sized), self.storage_size, "--storage-size"),
            (("storage", "persistence", "storageClass"), self.storage_class, "--storage-class"),
            (("storage", "nfs", "server"), self.storage_server, "--storage-server"),
            (("storage", folder, "path"), self.storage_path, "--storage-path"),
            (("storage", "s3", "bucket"), self.s3_bucket, "--s3-bucket"),
            (("storage", "s3", "region"), self.s3_region, "--s3-region"),
            (("storage", "s3", "regionEndpoint"), self.s3_endpoint, "--s3-endpoint"),
            (("storage", "s3", "existingSecret"), self.s3_secret, "--s3-secret"),
            (("replicas",), self.replicas, "--replicas"),
            (("podDisruptionBudget", "enabled"), several, "--replicas"),
            (("topologySpreadConstraints",), _SPREAD if several else None, "--replicas"),
            (("ingress", "enabled"), self.ingress, "--no-ingress"),
            (("ingress", "className"), self.ingress_class, "--ingress-class"),
            (("ingress", "preset"), self.ingress_preset, "--ingress-preset"),
            (("tls", "secretName"), self.tls_secret, "--tls-secret"),
            (("tls", "certManager", "enabled"), self.cert_manager, "--cert-manager"),
            (("tls", "certManager", "issuerRef", "name"), self.issuer, "--issuer"),
            (("tls", "certManager", "issuerRef", "kind"), self.issuer_kind, "--issuer-kind"),
        )
        return [Setting(path, value, option) for path, value, option in settings if value is not None]

    def _see_that_none_is_missing(self) -> None:
        if self.storage == "nfs" and not (self.storage_path and self.storage_server):
            raise UsageError("--storage nfs needs --storage-server and --storage-path", "give both")
        if self.storage == "s3" and not self.s3_bucket:
            raise UsageError("--storage s3 needs --s3-bucket", "give the name of the bucket")
        if self.storage == "s3" and not (self.s3_region or self.s3_endpoint):
            raise UsageError(
                "--storage s3 needs --s3-region or --s3-endpoint",
                "give the region of Amazon's bucket, or the address of another store",
            )

    def check(self) -> None:
        """Accept choices that go together, whatever else may be chosen.

        Raises:
            UsageError: they do not.
        """
        if self.ingress is False and (self.ingress_class or self.ingress_preset):
            raise UsageError("--no-ingress is given with --ingress-class or --ingress-preset", "keep one of them")
        if not self.cert_manager and (self.issuer or self.issuer_kind):
            raise UsageError("--issuer and --issuer-kind need --cert-manager", "add it, or leave them out")
        if self.storage_size and self.storage_size.isdecimal():
            remedy = f"add the unit: {self.storage_size}Gi"
            raise UsageError(f"--storage-size {self.storage_size} is a size in bytes", remedy)
        if self.s3_access_key and self.s3_secret:
            raise UsageError("--s3-access-key and --s3-secret were given together", "keep one of them")
        for option, kinds in _KINDS_WITH.items():
            given = getattr(self, option.removeprefix("--").replace("-", "_"))
            if given is not None and self.storage not in kinds:
                needed = " or ".join(f"--storage {it}" for it in kinds if it)
                raise UsageError(f"{option} needs {needed}", "add it, or leave the option out")
