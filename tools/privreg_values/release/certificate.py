"""Until when a certificate is good, read from its bytes."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

_VERSION, _UTC_TIME = 0xA0, 0x17  # tags


def end_of(pem: str) -> datetime | None:
    """Give the end of the first certificate in a PEM text; None where there is none that can be read.

    Source: RFC 5280, section 4.1: Certificate { TBSCertificate { [0] version, serial, signature, issuer,
    validity { notBefore, notAfter }, … } … }; a UTCTime's years below 50 are of this century.
    """
    found = re.search(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", pem)
    if not found:
        return None
    try:
        _, certificate, _ = _element(base64.b64decode(found[1]))
        _, fields, _ = _element(certificate)
        kind, _, rest = _element(fields)
        for _ in range(3 if kind == _VERSION else 2):  # serial (if a version came first), signature, issuer
            _, _, rest = _element(rest)
        _, validity, _ = _element(rest)
        _, _, rest = _element(validity)
        kind, value, _ = _element(rest)
        text = value.decode("ascii")
        if kind == _UTC_TIME:
            text = ("20" if text < "50" else "19") + text
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except (binascii.Error, IndexError, ValueError):
        return None


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Give the tag and the content of the first element in DER, and what comes after it."""
    length, begin = data[1], 2
    if length & 0x80:
        begin = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:begin], "big")
    end = begin + length
    if len(data) < end:
        raise ValueError("it is cut short")
    return data[0], data[begin:end], data[end:]
