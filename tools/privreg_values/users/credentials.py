"""User names, passwords and their hashes."""

from __future__ import annotations

import re
import secrets
import string

import bcrypt

from privreg_values.errors import CredentialError
from privreg_values.values.secrets import is_mixed

ALPHABET = string.ascii_letters + string.digits
# Letters and digits: 62**27 > 2**160 and 62**43 > 2**256, also without the hundredth that lacks one of the kinds.
PASSWORD_LENGTH = 27
SECRET_LENGTH = 43

# The gateway computes a hash once in gateway.cacheSeconds for each user, the registry by itself (auth.mode
# htpasswd) at every request: the cost decides how many they can answer. A password of 160 random bits cannot
# be guessed at any cost: it gets the lowest one there is. A password that a person chose can be guessed, so
# each guess is made expensive.
COST_OF_GENERATED = 4
COST_OF_GIVEN = 12
MAX_COST = 14  # above it one login takes seconds; the chart's schema has the same limit

MAX_PASSWORD_BYTES = 72  # what bcrypt looks at; golang.org/x/crypto/bcrypt and bcrypt 5 refuse more

_USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")
_HASH = re.compile(r"\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}")


def user_name_fault(name: str) -> str | None:
    """Say what keeps a name from surviving htpasswd, Basic authentication and a values file; None when nothing does.

    The chart's schema has the same rule.
    """
    if _USER_NAME.fullmatch(name):
        return None
    if not name:
        return "is empty"
    if ":" in name:
        return "has a colon, which separates name and password in Basic authentication (RFC 7617)"
    if not name.isascii():
        return "has letters outside a to z"
    if len(name) > 63:
        return f"has {len(name)} characters, and 63 are allowed"
    return "may hold letters, digits and . _ @ - only, and begins with a letter or a digit"


def check_user_name(name: str) -> None:
    """Accept a user name.

    Raises:
        CredentialError: it cannot be used.
    """
    if reason := user_name_fault(name):
        raise CredentialError(f"user {name[:40]!r} {reason}", "choose another name, such as ci or team.ci")


def check_password(password: str) -> None:
    """Accept a given password.

    Raises:
        CredentialError: it is empty, longer than bcrypt looks at, or has control characters.
    """
    size = len(password.encode("utf-8", "surrogateescape"))
    if not password:
        raise CredentialError("the password is empty", "give one, or let privreg-values make it")
    if size > MAX_PASSWORD_BYTES:
        raise CredentialError(
            f"the password has {size} bytes and bcrypt looks at the first {MAX_PASSWORD_BYTES} only",
            "choose a shorter one",
        )
    if not password.isprintable():
        raise CredentialError("the password has control characters", "choose one without")


def generate_password() -> str:
    """Make a password of at least 160 random bits, letters of both cases and digits."""
    return _random(PASSWORD_LENGTH)


def generate_secret() -> str:
    """Make a secret of at least 256 random bits, letters of both cases and digits."""
    return _random(SECRET_LENGTH)


def _random(length: int) -> str:
    while True:
        text = "".join(secrets.choice(ALPHABET) for _ in range(length))
        if is_mixed(text):
            return text


def hash_password(password: str, cost: int) -> str:
    """Hash a password with bcrypt.

    Args:
        password: Text that `check_password` accepts.
        cost: The logarithm of the work, 4 to 31.

    Returns:
        The hash with the prefix $2y$, as Apache's htpasswd writes it: every reader takes that one, and
        it names the same algorithm as $2b$.
    """
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=cost)).decode("ascii")
    return "$2y$" + hashed.removeprefix("$2b$")


def is_hash(text: str) -> bool:
    """Tell whether the text is a bcrypt hash that the chart accepts."""
    return _HASH.fullmatch(text) is not None


def matches(password: str, hashed: str) -> bool:
    """Tell whether a hash that `is_hash` accepts is this password's."""
    try:
        return bcrypt.checkpw(password.encode(), hashed.encode("ascii"))
    except ValueError:  # the salt cannot come from bcrypt, or the password is too long for it
        return False
