"""Finds secrets in a file that is to hold none: in values and keys, in comments, and in text within text."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from privreg_values.errors import SyntaxProblem
from privreg_values.values import secrets, yaml_reader
from privreg_values.values.nodes import Mark, Node, Path
from privreg_values.values.paths import render

_PASSWORD_LINE = re.compile(
    rf"[\s-]*[\"']?(?:hash|[\w.-]*{secrets.PASSWORD_NAME})[\"']?\s*:\s*"
    r"[\"']?[^\s\"'&*|>{\[]{4,}[\"']?\s*,?\s*(?:#.*)?$",
    re.IGNORECASE,
)
_SHORTEST_KNOWN = 8  # a shorter password may be a word that is in any file


@dataclass(frozen=True)
class Found:
    """A secret.

    Args:
        mark: Where it is.
        path: The value that it is, such as auth.users[0].hash; empty in a comment.
        what: What it is, in words; never the secret itself.
    """

    mark: Mark
    path: str
    what: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.mark}: {where}{self.what}"


def find_secrets(
    node: Node, text: str = "", known: Iterable[str] = (), replaced: Iterable[tuple[Path, Node]] = ()
) -> list[Found]:
    """Find secrets in values.

    Args:
        node: The values of one file.
        text: The file's text, for its comments.
        known: Secrets that exist, such as the passwords in a credentials file.
        replaced: What is in the file and does not count, with its path.

    Returns:
        One for each place, in the file's order.
    """
    passwords = frozenset(it for it in known if len(it) >= _SHORTEST_KNOWN)
    in_text = list(_in_text(node, text, passwords))
    found = []
    nodes = [((), node), *replaced]
    for it, last in (found for path, each in nodes for found in _in_values(each, path, passwords)):
        lines = [that for that in in_text if it.mark.line <= that.mark.line <= last]
        within = next((that.mark for that in lines if that.mark.line > it.mark.line), None)
        found.append(
            it if it.mark.line in [that.mark.line for that in lines] or not within else replace(it, mark=within)
        )
        in_text = [that for that in in_text if that not in lines]
    return sorted(dict.fromkeys([*found, *in_text]), key=lambda it: (it.mark.line, it.mark.column))


def _in_values(node: Node, path: Path, known: Collection[str], in_object: bool = False) -> Iterator[tuple[Found, int]]:
    """Give what is found, and the last line of the value it is in."""
    if isinstance(node.value, dict):
        fields = {key: child.value for key, child in node.value.items()}
        is_secret = fields.get("kind") == "Secret"
        variable = {"value"} if secrets.names_secret_variable(fields.get("name"), fields.get("value")) else ()
        for key, child in node.value.items():
            if what := secrets.looks_secret(key, known):
                mark = child.key_mark or child.mark
                yield Found(mark, "", f"{what}, as a key"), mark.line
            inside = in_object or key in variable or (is_secret and key in secrets.SECRET_DATA)
            yield from _in_values(child, (*path, key), known, inside)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _in_values(child, (*path, index), known, in_object)
    elif node.value not in (None, ""):
        last = node.end.line - (node.end.column == 1)
        if what := _what(node, path, known, in_object):
            yield Found(node.mark, render(path), what), last


def _what(node: Node, path: Path, known: Collection[str], in_object: bool) -> str:
    text = str(node.value)
    if what := secrets.looks_secret(text, known):
        return what
    if secrets.is_secret(path, node.value, in_object=in_object):
        return "a secret"
    is_manifest = path[:1] == ("extraManifests",) and len(path) == 2
    return "a manifest with a secret" if is_manifest and _has_secret(text, known) else ""


def _has_secret(text: str, known: Collection[str]) -> bool:
    """Tell whether a manifest that is written as text has a secret in it; a template that is no YAML by itself may."""
    try:
        manifests = yaml_reader.documents(text, "")
    except SyntaxProblem:
        return bool(re.search(r"^kind:\s*[\"']?Secret\b", text, re.MULTILINE))
    found = (_in_values(it, ("extraManifests", 0), known) for it in manifests if isinstance(it.value, dict))
    return any(True for each in found for _ in each)


def _in_text(root: Node, text: str, known: Collection[str]) -> Iterator[Found]:
    """Look at each line: its comment, what a later key replaces, and what was not seen among the values."""
    keys = set(_lines_of_keys(root)) if text else set()
    block: list[str] = []  # a comment of several lines, which may be base64 as a whole
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        block = [*block, bare.lstrip("# ")] if bare.startswith("#") else []
        mark = Mark(root.mark.file, number, 1)
        if what := secrets.looks_secret(line, known):
            yield Found(mark, "", what)
            block = []
        elif _in_comment().search(line) and not _is_form(line):
            yield Found(mark, "", "a secret, in a comment")
        elif len(block) > 1 and (what := secrets.looks_secret("\n".join(block), known)):
            yield Found(mark, "", what)
            block = []
        elif number not in keys and sets_password(line):
            yield Found(mark, "", "a password")


def sets_password(line: str) -> bool:
    """Tell whether a line is one that gives a password or a hash, in whatever file it is."""
    return bool(_PASSWORD_LINE.match(line)) and not _is_form(line)


def _is_form(line: str) -> bool:
    """Tell a line that shows how it is to be written, or is to be filled in by a program."""
    return any(it in line for it in ("...", "<", "{{", "${", "$("))


def _lines_of_keys(node: Node) -> Iterator[int]:
    """Give the lines of the keys that count."""
    if node.key_mark:
        yield node.key_mark.line
    children: Iterable[Node] = ()
    if isinstance(node.value, dict | list):
        children = node.value.values() if isinstance(node.value, dict) else node.value
    for child in children:
        yield from _lines_of_keys(child)


@functools.cache
def _in_comment() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, secrets.secret_names())))
    return re.compile(
        rf"#.*(?:\b(?:{names})|{secrets.PASSWORD_NAME})[\"']?\s*:\s*[\"']?[^\s\"']{{4,}}[\"']?[\s}}\],]*$",
        re.IGNORECASE,
    )
