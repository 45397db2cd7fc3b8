"""The keys of a bucket: with the other secrets, in whichever form the files have these."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from privreg_values.errors import CredentialError
from privreg_values.shapes.editing import Editing
from privreg_values.shapes.manifests import S3_KEYS
from privreg_values.values.nodes import Path, locate
from privreg_values.values.paths import render

_ACCESS: Path = ("storage", "s3", "accessKey")
_SECRET: Path = ("storage", "s3", "secretKey")
# The registry reads a credentials file as aws-sdk-go 1.55 does (internal/ini): these begin a comment or a quote there.
_USABLE = re.compile(r"(?![#;\"])[!-~]+")
_FILE = "[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"


@dataclass(frozen=True)
class Keys:
    """What the registry logs in to a bucket with.

    Args:
        access: The access key's id.
        secret: Its secret.
    """

    access: str
    secret: str = field(repr=False)

    def check(self) -> None:
        """Accept keys that a credentials file can hold.

        Raises:
            CredentialError: it cannot.
        """
        for what, text in (("access key", self.access), ("secret key", self.secret)):
            if not text:
                raise CredentialError(f"the {what} of the bucket is empty", "give it as the store has made it")
            if not _USABLE.fullmatch(text):
                raise CredentialError(
                    f"the {what} of the bucket has characters that no store makes",
                    'give letters, digits and punctuation without blanks, the first none of # ; "',
                )


def contradictions(keys: Keys, session: Editing) -> list[str]:
    """Say what the files have that is not these keys; a sentence each, without any secret."""
    values, manifests = session.values, session.manifests
    mark = locate(values.root, _ACCESS)
    remedy = "edit the file, or leave --s3-access-key out"
    named = values.get(S3_KEYS.path)
    if named and (named != S3_KEYS.name or not manifests):
        return [f"{mark}: {render(S3_KEYS.path)}: is {named}, and --s3-access-key asks for keys here; {remedy}"]
    if manifests:
        there = manifests.entry(S3_KEYS, S3_KEYS.name) if manifests.has(S3_KEYS.name) else None
        if there and there.text != _text(keys):
            return [f"{there.mark}: {S3_KEYS.key}: has other keys than those of --s3-access-key; {remedy}"]
        return []
    wanted = {_ACCESS: keys.access, _SECRET: keys.secret}
    return [
        f"{locate(values.root, path)}: {render(path)}: is another than that of --s3-access-key; {remedy}"
        for path, value in wanted.items()
        if values.get(path) not in (None, "", value)
    ]


def write(keys: Keys, session: Editing, comment: str) -> bool:
    """Put the keys where the other secrets are.

    Args:
        keys: They do not contradict what is there.
        session: The files.
        comment: What stands above the values' block, where it has to be made.

    Returns:
        Whether they were not there yet.
    """
    values, manifests = session.values, session.manifests
    if manifests:
        entry = manifests.entry(S3_KEYS, S3_KEYS.name)
        is_new = entry.text != _text(keys)
        entry.set(_text(keys))
        if values.get(S3_KEYS.path) != S3_KEYS.name:
            values.set(S3_KEYS.path, S3_KEYS.name, comment)
        return is_new
    is_new = False
    for path, value in ((_ACCESS, keys.access), (_SECRET, keys.secret)):
        if values.get(path) != value:
            values.set(path, value, comment)
            is_new = True
    return is_new


def _text(keys: Keys) -> str:
    return _FILE.format(access=keys.access, secret=keys.secret)
