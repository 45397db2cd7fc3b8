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
}
_FIELDS = {
    "ingress": ("ingress", "ingress_class", "ingress_preset"),
    "tls": ("tls_secret", "cert_manager", "issuer", "issuer_kind"),
    "storage": ("storage", "storage_size", "storage_class", "storage_path", "storage_server"),
    "pullSecrets": ("namespaces",),
}


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
        storage: pvc, hostPath, nfs or emptyDir.
        storage_size: The size of the claim, or the limit of emptyDir.
        storage_class: The StorageClass of the claim.
        storage_path: The folder of hostPath, or the export of nfs.
        storage_server: The server of nfs.
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

    def settings(self) -> list[Setting]:
        """Give the settings for the values; the namespaces are not among them.

        Raises:
            UsageError: two choices do not go together, or one is missing.
        """
        self.check()
        if self.storage == "nfs" and not (self.storage_path and self.storage_server):
            raise UsageError("--storage nfs needs --storage-server and --storage-path", "give both")
        sized = ("emptyDir", "sizeLimit") if self.storage == "emptyDir" else ("persistence", "size")
        folder = "nfs" if self.storage == "nfs" else "hostPath"
        settings: tuple[tuple[Path, Value, str], ...] = (
            (("storage", "type"), self.storage, "--storage"),
            (("storage", *sized), self.storage_size, "--storage-size"),
            (("storage", "persistence", "storageClass"), self.storage_class, "--storage-class"),
            (("storage", "nfs", "server"), self.storage_server, "--storage-server"),
            (("storage", folder, "path"), self.storage_path, "--storage-path"),
            (("ingress", "enabled"), self.ingress, "--no-ingress"),
            (("ingress", "className"), self.ingress_class, "--ingress-class"),
            (("ingress", "preset"), self.ingress_preset, "--ingress-preset"),
            (("tls", "secretName"), self.tls_secret, "--tls-secret"),
            (("tls", "certManager", "enabled"), self.cert_manager, "--cert-manager"),
            (("tls", "certManager", "issuerRef", "name"), self.issuer, "--issuer"),
            (("tls", "certManager", "issuerRef", "kind"), self.issuer_kind, "--issuer-kind"),
        )
        return [Setting(path, value, option) for path, value, option in settings if value is not None]

    def check(self) -> None:
        """Accept choices that go together, whatever else may be chosen.

        Raises:
            UsageError: they do not.
        """
        if self.ingress is False and (self.ingress_class or self.ingress_preset):
            raise UsageError("--no-ingress is given with --ingress-class or --ingress-preset", "keep one of them")
        if not self.cert_manager and (self.issuer or self.issuer_kind):
            raise UsageError("--issuer and --issuer-kind need --cert-manager", "add it, or leave them out")
        given = {
            "--storage-size": self.storage_size,
            "--storage-class": self.storage_class,
            "--storage-path": self.storage_path,
            "--storage-server": self.storage_server,
        }
        if self.storage_size and self.storage_size.isdecimal():
            remedy = f"add the unit: {self.storage_size}Gi"
            raise UsageError(f"--storage-size {self.storage_size} is a size in bytes", remedy)
        for option, kinds in _KINDS_WITH.items():
            if given[option] is not None and self.storage not in kinds:
                needed = " or ".join(f"--storage {it}" for it in kinds if it)
                raise UsageError(f"{option} needs {needed}", "add it, or leave the option out")
