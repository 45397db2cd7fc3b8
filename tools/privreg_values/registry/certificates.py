"""What is wrong with a server's certificate, or how long it is still good."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Mapping
from typing import Any

from privreg_values.errors import RegistryError
from privreg_values.registry.client import Site, printable

SOON = 14  # days before its end at which a certificate should have been renewed

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _HOST_MISMATCH = 9, 10, 62
_UNTRUSTED = (18, 19, 20, 21)
# What ingress controllers serve where no TLS Secret is found: the names in their own certificates.
_DEFAULTS = (b"TRAEFIK DEFAULT CERT", b"Kubernetes Ingress Controller Fake Certificate", b"HAProxy Ingress")


def system_trust() -> ssl.SSLContext:
    """Make a context that trusts the system's authorities, and is as strict as the clients of registries are.

    Python >= 3.13 asks for extensions that many private CAs leave out; what pulls images does not.
    """
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def lifetime(certificate: Mapping[str, Any], now: float) -> str:
    """Say for whom a verified certificate is, who signed it, and how long it is good.

    Args:
        certificate: What ssl.SSLSocket.getpeercert gives.
        now: Seconds since the epoch.
    """
    issuer = {key: value for entry in certificate.get("issuer", ()) for key, value in entry}
    signer = issuer.get("organizationName") or issuer.get("commonName") or "an unnamed authority"
    days = int((ssl.cert_time_to_seconds(certificate["notAfter"]) - now) // 86400)
    soon = "; renew it" if days < SOON else ""
    return f"certificate signed by {printable(signer)}, good for {days} more {'day' if days == 1 else 'days'}{soon}"


def explain(error: OSError, site: Site) -> RegistryError:
    """Say in words why there is no TLS connection, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _refused(error, site)
    if isinstance(error, ssl.SSLError):
        if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
            message = f"port {site.port} does not speak TLS"
            return RegistryError(
                message, "give the TLS port with --connect-to, or put an ingress with TLS before the registry"
            )
        reason = printable((error.reason or str(error)).replace("_", " ").lower())
        return RegistryError(f"TLS fails: {reason}", "see the log of the ingress controller")
    if isinstance(error, TimeoutError):
        return RegistryError(
            "the server does not answer the TLS handshake", "see that this port is the ingress controller's"
        )
    return RegistryError(
        f"the server ends the TLS handshake: {printable(error.strerror or str(error))}",
        "see the log of the ingress controller",
    )


def _refused(error: ssl.SSLCertVerificationError, site: Site) -> RegistryError:
    if error.verify_code == _EXPIRED:
        return RegistryError("the certificate has expired", "renew it, and see that the TLS Secret holds the new one")
    if error.verify_code == _NOT_YET_VALID:
        return RegistryError(
            "the certificate is not valid yet", "check the clocks of this machine and of the authority"
        )
    if _is_default(site):
        return RegistryError(
            "the ingress controller serves its own default certificate",
            f"make the TLS Secret for {site.host}, or correct its name (tls.secretName)",
        )
    if error.verify_code == _HOST_MISMATCH:
        return RegistryError(
            f"the certificate is for other names than {site.host}", f"make one with the DNS name {site.host}"
        )
    if error.verify_code in _UNTRUSTED:
        return RegistryError(
            "the certificate is signed by an authority that this machine does not know",
            "give the authority's certificate with --ca-file; nodes and clients have to trust it too",
        )
    return RegistryError(f"the certificate is refused: {printable(error.verify_message)}", "replace it")


def _is_default(site: Site) -> bool:
    """Look at the certificate without trusting it; nothing is sent over that connection."""
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(OSError), site.handshake(unchecked) as connection:
        der = connection.getpeercert(binary_form=True) or b""
        return any(name in der for name in _DEFAULTS)
    return False
