"""How to reach a registry: what to trust, where to connect, what a repository may be called."""

from __future__ import annotations

import logging
import re
import ssl
from pathlib import Path

from privreg_values.errors import FileError, UsageError
from privreg_values.registry.certificates import system_trust

_LOG = logging.getLogger(__name__)
HTTPS = 443
# https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Make a context that checks certificates against the system's authorities.

    Args:
        ca_file: Certificates of more authorities, in PEM form.

    Raises:
        FileError: the file cannot be read, or holds no certificate.
    """
    context = system_trust()
    if ca_file is not None:
        try:
            context.load_verify_locations(cadata=Path(ca_file).read_text(encoding="ascii"))
            _LOG.debug("read: %s", ca_file)
        except (ssl.SSLError, UnicodeDecodeError, ValueError):
            raise FileError(f"{ca_file}: holds no certificate in PEM form", "name the file of the authority") from None
        except OSError as error:
            raise FileError(f"{ca_file}: cannot be read: {error.strerror}", "check the name") from None
    return context


def parse_address(text: str) -> tuple[str, int]:
    """Take apart ADDRESS[:PORT]; an IPv6 address with a port is in brackets.

    Raises:
        UsageError: it is neither.
    """
    found = re.fullmatch(
        r"\[(?P<v6>[0-9A-Fa-f:.%a-z]+)\](:(?P<port6>\d+))?|(?P<name>[^:\[\]/\s]+)(:(?P<port>\d+))?", text
    )
    if not found:
        if text.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:.]+", text):
            return text, HTTPS
        raise UsageError(f"--connect-to {text!r} is not ADDRESS[:PORT]", "write 10.0.0.7:30443 or [fd00::7]:30443")
    port = int(found["port6"] or found["port"] or HTTPS)
    if not 0 < port < 65536:
        raise UsageError(f"--connect-to names the port {port}", "give one from 1 to 65535")
    return found["v6"] or found["name"], port


def check_repository(name: str) -> None:
    """Accept the name of a repository.

    Raises:
        UsageError: no registry would take it.
    """
    if len(name) > 255 or not _REPOSITORY.fullmatch(name):
        raise UsageError(
            f"--repository {name!r} is not a repository's name", "write it in lower case, such as team/check"
        )
