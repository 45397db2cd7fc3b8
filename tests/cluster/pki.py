"""The throw-away certificates of an embedded cluster: one CA signs everything."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Authority:
    """A certificate authority that writes what it signs into one folder.

    Attributes:
        folder: where ca.crt, ca.key and each NAME.crt and NAME.key go; keys have mode 0600.
        certificate: the CA's own.
        key: its private key.
    """

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, folder: Path) -> "Authority":
        """Make a new CA in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("privreg test CA")
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _builder(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(folder, "ca", certificate, key)
        return cls(folder, certificate, key)

    def issue(
        self, name: str, common_name: str, organisation: str = "", sans: tuple[str, ...] = (), *, plain: bool = False
    ) -> None:
        """Write NAME.crt and NAME.key: a certificate for both ends of TLS.

        Args:
            name: the files' name.
            common_name: CN, for Kubernetes the user.
            organisation: O, for Kubernetes the group.
            sans: DNS names and IP addresses.
            plain: leaves out which key signed it, as many a private CA does.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(common_name, organisation), self.certificate.subject, key)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if not plain:
            builder = builder.add_extension(issuer, critical=False)
        if sans:
            names = x509.SubjectAlternativeName([_san(san) for san in sans])
            builder = builder.add_extension(names, critical=False)
        _write(self.folder, name, builder.sign(self.key, hashes.SHA256()), key)


def write_signing_key(path: Path) -> None:
    """Write the key pair that ServiceAccount tokens are signed with: PATH and PATH.pub."""
    key = ec.generate_private_key(ec.SECP256R1())
    _write_private(path, key)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)


def _name(common_name: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _san(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(folder / f"{name}.key", key)


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
