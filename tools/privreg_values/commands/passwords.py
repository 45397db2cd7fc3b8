"""Passwords and keys that come from a person or a pipe; never from the arguments or the environment."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import BinaryIO

import typer

from privreg_values.errors import CredentialError, FileError, UsageError

_LOG = logging.getLogger(__name__)
_MOST = 65536  # bytes; no password is as long


def is_terminal() -> bool:
    """Tell whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def read_password(stream: BinaryIO, option: str = "--password-stdin") -> str:
    """Read a password: all of the stream but for the end of its line.

    Args:
        stream: Where it comes from.
        option: The option that says so, for the message.

    Raises:
        UsageError: it would have to be typed, for all to see.
        CredentialError: it is not UTF-8.
    """
    if stream.isatty():
        raise UsageError(f"{option} does not read from a terminal", "pipe the password in")
    return _decoded(stream.read(_MOST))


def _from_file(name: str, what: str = "password") -> str:
    try:
        with Path(name).open("rb") as file:
            raw = file.read(_MOST)
    except OSError as error:
        raise FileError(f"{name}: the {what} cannot be read: {error.strerror}", "check the name") from None
    _LOG.debug("read: %s", name)
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise CredentialError("the password is not UTF-8", "give it in UTF-8") from None


def ask_password(user: str) -> str:
    """Ask for a password, without showing it."""
    return _hidden(f"Password of {user}")


def ask_new_password(user: str) -> str:
    """Ask for a password twice, without showing it."""
    return _hidden(f"New password of {user}", again="Again")


def _hidden(text: str, *, again: str | bool = False) -> str:
    """Read what is typed without showing it; who leaves has interrupted the command, as anywhere else."""
    try:
        return str(typer.prompt(text, hide_input=True, confirmation_prompt=again, err=True))
    except typer.Abort:
        raise KeyboardInterrupt from None


def given_password(user: str, from_stdin: bool, ask: bool, file: str | None = None) -> str | None:
    """Get the password that a person gives; None where one is to be made.

    Args:
        user: Whose it will be.
        from_stdin: Read it from standard input.
        ask: Ask for it.
        file: The name of a file with it; None without one.

    Raises:
        UsageError: it is to come from several, or there is nobody to ask.
        CredentialError: it is not UTF-8.
        FileError: the file cannot be read.
    """
    sources = {"--password-stdin": from_stdin, "--ask-password": ask, "--password-file": file}
    if len(given := [option for option, value in sources.items() if value]) > 1:
        raise UsageError(f"{' and '.join(given)} were given together", "give one of them")
    if ask and not is_terminal():
        raise UsageError("--ask-password needs a terminal", "use --password-stdin or --password-file")
    if file:
        return _from_file(file)
    if from_stdin:
        return read_password(sys.stdin.buffer)
    return ask_new_password(user) if ask else None


def given_secret_key(access_key: str, from_stdin: bool, ask: bool, file: str | None) -> str:
    """Get the secret of the key that reaches a bucket.

    Args:
        access_key: The key's id.
        from_stdin: Read it from standard input.
        ask: Ask for it, where it comes from nowhere else.
        file: The name of a file with it; None without one.

    Raises:
        UsageError: it is to come from both, or there is nobody to ask.
        CredentialError: it is not UTF-8.
        FileError: the file cannot be read.
    """
    if from_stdin and file:
        raise UsageError("--s3-secret-key-stdin and --s3-secret-key-file were given together", "give one of them")
    if file:
        return _from_file(file, "secret key")
    if from_stdin:
        return read_password(sys.stdin.buffer, "--s3-secret-key-stdin")
    if not ask:
        raise UsageError(
            "--s3-access-key needs the secret of the key", "give --s3-secret-key-file or --s3-secret-key-stdin"
        )
    return _hidden(f"Secret key of {access_key}")
