"""The end of a certificate, read without a library for it."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from privreg_values.release.certificate import end_of


def certificate(end: datetime) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry.example.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(2**150).not_valid_before(end - timedelta(days=90)).not_valid_after(end)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("year", [1999, 2026, 2049, 2050, 2120])
def test_the_end_is_read_in_both_forms_that_certificates_have(year: int) -> None:
    end = datetime(year, 7, 14, 1, 2, 3, tzinfo=UTC)
    assert end_of("a comment\n" + certificate(end) + certificate(end + timedelta(days=1))) == end


@pytest.mark.parametrize("body", ["", "hello", "a" * 200])
def test_what_is_no_certificate_has_no_end(body: str) -> None:
    assert end_of(body) is None
    assert end_of(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n") is None


def test_a_certificate_that_is_cut_short_has_no_end() -> None:
    body = base64.b64decode("".join(certificate(datetime(2030, 1, 1, tzinfo=UTC)).splitlines()[1:-1]))
    for length in range(0, 160, 3):
        cut = base64.b64encode(body[:length]).decode()
        assert end_of(f"-----BEGIN CERTIFICATE-----\n{cut}\n-----END CERTIFICATE-----") is None
