"""What the options of `gen` mean in the values."""

from __future__ import annotations

from privreg_values.errors import UsageError
from privreg_values.generate.gen import Setting
from privreg_values.values.nodes import Path, Value

_KINDS_WITH = {
    "--storage-size": (None, "pvc", "emptyDir"),
    "--storage-class": (None, "pvc"),
    "--storage-path": ("hostPath", "nfs"),
    "--storage-server": ("nfs",),
}


def storage(
    kind: str | None, *, size: str | None, storage_class: str | None, path: str | None, server: str | None
) -> list[Setting]:
    """Give the settings for the volume.

    Args:
        kind: pvc, hostPath, nfs or emptyDir; None for what is there or the chart's default.
        size: The size of the claim, or the limit of emptyDir.
        storage_class: The StorageClass of the claim.
        path: The folder of hostPath, or the export of nfs.
        server: The server of nfs.

    Raises:
        UsageError: an option does not go with that kind, or one is missing.
    """
    given = {
        "--storage-size": size,
        "--storage-class": storage_class,
        "--storage-path": path,
        "--storage-server": server,
    }
    for option, kinds in _KINDS_WITH.items():
        if given[option] is not None and kind not in kinds:
            needed = " or ".join(f"--storage {it}" for it in kinds if it)
            raise UsageError(f"{option} needs {needed}", "add it, or leave the option out")
    if kind == "nfs" and not (path and server):
        raise UsageError("--storage nfs needs --storage-server and --storage-path", "give both")
    return _chosen(
        (("storage", "type"), kind, "--storage"),
        (
            ("storage", *(("emptyDir", "sizeLimit") if kind == "emptyDir" else ("persistence", "size"))),
            size,
            "--storage-size",
        ),
        (("storage", "persistence", "storageClass"), storage_class, "--storage-class"),
        (("storage", "nfs", "server"), server, "--storage-server"),
        (("storage", "nfs" if kind == "nfs" else "hostPath", "path"), path, "--storage-path"),
    )


def exposure(*, ingress_class: str | None, ingress_preset: str | None, tls_secret: str | None) -> list[Setting]:
    """Give the settings for the way in."""
    return _chosen(
        (("ingress", "className"), ingress_class, "--ingress-class"),
        (("ingress", "preset"), ingress_preset, "--ingress-preset"),
        (("tls", "secretName"), tls_secret, "--tls-secret"),
    )


def cert_manager(enabled: bool, *, issuer: str | None, issuer_kind: str | None) -> list[Setting]:
    """Give the settings for a certificate by cert-manager.

    Raises:
        UsageError: an issuer is named and cert-manager is not wanted.
    """
    if not enabled and (issuer or issuer_kind):
        raise UsageError("--issuer and --issuer-kind need --cert-manager", "add it, or leave them out")
    return _chosen(
        (("tls", "certManager", "enabled"), enabled or None, "--cert-manager"),
        (("tls", "certManager", "issuerRef", "name"), issuer, "--issuer"),
        (("tls", "certManager", "issuerRef", "kind"), issuer_kind, "--issuer-kind"),
    )


def _chosen(*settings: tuple[Path, Value, str]) -> list[Setting]:
    return [Setting(path, value, option) for path, value, option in settings if value is not None]
