"""What a node is to do, and the files that make it."""

from __future__ import annotations

import base64
import logging
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from privreg_values.errors import FileError, UsageError

_LOG = logging.getLogger(__name__)
MARK = "Written by privreg-values node-config"
# Nobody listens there: a pull fails at once, without a question to DNS, and its error has this address in it.
REFUSED = "https://127.0.0.1:1/public-registries-are-refused"
_REGISTRY = re.compile(r"([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[0-9]{1,5})?")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Login:
    """What a mirror is asked with."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The same in base64 (RFC 7617)."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")


@dataclass(frozen=True)
class Wish:
    """What the node is to do.

    Args:
        host: The registry's name.
        ca: The certificates to trust for it, in PEM; None for those that the node trusts anyway.
        mirrors: Registries whose images are looked for in this one.
        refuse: Pull from no other registry than this one and those that are allowed.
        allowed: Registries that are not refused.
        login: What the registry is asked with as a mirror.
        config_path: containerd's folder of registries.
    """

    host: str
    ca: str | None = None
    mirrors: tuple[str, ...] = ()
    refuse: bool = False
    allowed: tuple[str, ...] = ()
    login: Login | None = None
    config_path: str = "/etc/containerd/certs.d"

    def check(self) -> None:
        """Accept a wish that makes sense by itself.

        Raises:
            UsageError: it does not.
        """
        if not (self.ca or self.mirrors or self.refuse):
            raise UsageError("there is nothing to write", "give --ca-file, --mirror or --refuse-public")
        for name in (*self.mirrors, *self.allowed):
            if not _REGISTRY.fullmatch(name):
                raise UsageError(f"{name[:80]!r} is not the name of a registry", "write it as docker.io or quay.io")
            if name == self.host:
                raise UsageError(f"{name} is the registry itself", "name others with --mirror and --allow")
        if both := set(self.mirrors) & set(self.allowed):
            raise UsageError(f"{min(both)} is named by --mirror and by --allow", "keep one of them")
        if self.allowed and not self.refuse:
            raise UsageError("--allow needs --refuse-public", "add it, or leave --allow out")
        if self.login and not self.mirrors:
            raise UsageError("--login is for mirrors", "add --mirror, or leave --login out")
        if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", self.config_path):
            raise UsageError(f"--config-path {self.config_path!r} is not a folder", "give an absolute path")


@dataclass(frozen=True)
class NodeFile:
    """A file on the node.

    Args:
        path: Its absolute path there.
        content: What it holds.
        purpose: What it does, as a sentence without a capital.
        secret: It holds a password.
    """

    path: str
    content: str = field(repr=False)
    purpose: str
    secret: bool = False

    @property
    def mode(self) -> int:
        """Who may read it: rootless podman reads certificates and registries as an ordinary user."""
        return 0o600 if self.secret else 0o644


@dataclass(frozen=True)
class Plan:
    """The files, and what belongs to them.

    Args:
        runtime: The container runtime.
        files: The files.
        activate: The command that makes the runtime read them; empty where it does by itself.
        notes: What has to be known or done besides, a sentence each.
        check: A shell function `is_read` for the script: says what keeps the runtime from reading the files, and
            fails; empty where nothing can.
    """

    runtime: str
    files: list[NodeFile]
    activate: str
    notes: list[str]
    check: str = ""


def read_ca(name: str) -> str:
    """Read certificates to trust.

    Raises:
        FileError: the file cannot be read, has no certificate, or has a private key.
    """
    try:
        text = Path(name).read_text(encoding="utf-8")
        _LOG.debug("read: %s", name)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise FileError(f"{name}: cannot be read: {reason}", "give a certificate in PEM") from None
    if "PRIVATE KEY" in text:
        raise FileError(f"{name}: holds a private key", "give the certificate alone: the key stays where it is")
    certificates = _CERTIFICATE.findall(text)
    try:
        for certificate in certificates:
            ssl.create_default_context(cadata=certificate)
    except (ssl.SSLError, ValueError):
        certificates = []
    if not certificates:
        raise FileError(f"{name}: holds no certificate in PEM", "give the CA's certificate (BEGIN CERTIFICATE)")
    return "".join(f"{it}\n" for it in certificates)


def marked(text: str) -> str:
    """Put the mark above a text that takes comments, PEM among them."""
    return f"# {MARK}.\n{text}"


def address(registry: str) -> str:
    """Give the address at which a registry is asked: Docker Hub has another than its name."""
    return "https://registry-1.docker.io" if registry == "docker.io" else f"https://{registry}"


def listed(names: Iterable[str]) -> str:
    """Give names in words."""
    return ", ".join(names)
