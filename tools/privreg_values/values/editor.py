"""Adds to a values file, changes single values and takes entries out; every other byte stays as it is.

Comments, order, quotes, line ends and keys that nobody here knows are kept because they are never
written anew: a change is cut into the text where the reader found its place.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterable

from privreg_values.errors import FileError, SyntaxProblem
from privreg_values.values import removal, yaml_reader
from privreg_values.values.nodes import Mark, Node, Path, Value, find, plain
from privreg_values.values.scalars import is_plain_string
from privreg_values.values.yaml_words import UNSEEN_BREAKS

STEP = 2  # columns that each level is indented by


class Editor:
    """The text of one values file.

    Args:
        text: The file's text; empty for a new file.
        file: Its name, for messages.

    Raises:
        SyntaxProblem: Helm would refuse the file.
        FileError: it holds several documents.
    """

    def __init__(self, text: str, file: str) -> None:
        document = yaml_reader.parse(text, file)
        if document.parts > 1:
            raise FileError(f"{file}: holds {document.parts} YAML documents", "put the values into one")
        if re.search(r"\r(?!\n)", text):
            raise FileError(f"{file}: has lines that end in a carriage return alone", "save it with usual line ends")
        self.file = file
        self.root = document.root
        self._bom = "\ufeff" if text.startswith("\ufeff") else ""  # places in the file do not count it
        self._text = text.removeprefix(self._bom)
        self._newline = "\r\n" if "\r\n" in text else "\n"

    @property
    def text(self) -> str:
        """The file's text with all changes."""
        return self._bom + self._text

    def begin(self, comment: str) -> None:
        """Write a comment at the top of a file that is still empty."""
        if not self._text.strip():
            self._text = self._joined(_comment(comment))

    def begin_with(self, text: str) -> None:
        """Write the text of a file that is still empty.

        Raises:
            SyntaxProblem: Helm would refuse it.
        """
        self.root = yaml_reader.parse(text, self.file).root
        self._text = text

    def get(self, path: Path) -> Value:
        """Give the plain value at a path, or None where there is none."""
        node = find(self.root, path)
        return plain(node) if node else None

    def set(self, path: Path, value: Value, comment: str = "") -> None:
        """Give a path a value, replacing a scalar that is there.

        Args:
            path: Keys from the top.
            value: A scalar, a list or a dict.
            comment: Lines to write above the top-level key, when that one has to be made.

        Raises:
            FileError: the file's form does not allow it.
        """
        expected = self._plain_root()
        if not _put(expected, path, value):
            raise self._cannot(path)
        self._commit(self._with_value(path, value, comment), expected, path)

    def is_literal(self, path: Path) -> bool:
        """Tell whether the value at a path is a text in a literal block, line by line (|)."""
        node = find(self.root, path)
        return node is not None and self._text[self._offset(node.mark) :].startswith("|")

    def set_text(self, path: Path, text: str) -> None:
        """Give a path another text; in a literal block, lines that stay the same keep their bytes.

        Raises:
            FileError: the file's form does not allow it.
        """
        node = find(self.root, path)
        if node is None or not self.is_literal(path):
            self.set(path, text)
            return
        expected = self._plain_root()
        _put(expected, path, text)
        old, new = str(node.value).split("\n"), text.split("\n")
        lines = self._text.split("\n")
        first = node.mark.line
        source = lines[first : first + len(old) - (not old[-1])]
        indent = next((it[: len(it) - len(it.lstrip(" "))] for it in source if it.strip()), "")
        if not indent:
            raise self._cannot(path)
        end = "\r" if self._newline == "\r\n" else ""
        written: list[str] = []
        for tag, i, j, k, m in difflib.SequenceMatcher(None, old[: len(source)], new, autojunk=False).get_opcodes():
            written += source[i:j] if tag == "equal" else [(indent + it if it else "") + end for it in new[k:m]]
        if not new[-1]:
            written.pop()
        lines[first : first + len(source)] = written
        self._commit("\n".join(lines), expected, path)

    def append(self, path: Path, item: Value) -> None:
        """Add an item to the list at a path.

        Raises:
            FileError: there is something else than a list, or the file's form does not allow it.
        """
        node = find(self.root, path)
        if node is None or node.value is None or node.value == []:
            self.set(path, [item])
            return
        if not isinstance(node.value, list):
            raise self._cannot(path)
        expected = self._plain_root()
        _at(expected, path).append(item)
        if node.flow:
            text = self._inside_brackets(node, self._inline(item))
        else:
            text = self._below(node, _block([item], removal.dash_column(self._text.split("\n"), node)))
        self._commit(text, expected, path)

    def remove(self, path: Path) -> None:
        """Take a key out of its map or an item out of its list; nothing happens where there is none.

        Raises:
            FileError: the file's form does not allow it.
        """
        parent = find(self.root, path[:-1])
        if parent is None or find(parent, path[-1:]) is None:
            return
        expected = self._plain_root()
        del _at(expected, path[:-1])[path[-1]]
        try:
            text = removal.without(self._text, parent, path[-1])
        except (removal.CannotCutError, ValueError):
            raise self._cannot(path) from None
        self._commit(text, expected, path)

    def _plain_root(self) -> Value:
        return copy.deepcopy(plain(self.root))

    def _commit(self, text: str, expected: Value, path: Path) -> None:
        """Take the new text, if it says what it should and nothing else."""
        try:
            root = yaml_reader.parse(text, self.file).root
        except SyntaxProblem:
            raise self._cannot(path) from None
        if plain(root) != expected:
            raise self._cannot(path)
        self._text, self.root = text, root

    def _cannot(self, path: Path) -> FileError:
        name = ".".join(str(step) for step in path)
        return FileError(f"{self.file}: {name}: cannot be set here without changing something else", "edit it by hand")

    def _with_value(self, path: Path, value: Value, comment: str) -> str:
        """Find the deepest part of the path that is there, and write the rest below it."""
        node, depth, in_flow = self.root, 0, False
        while depth < len(path) and (child := find(node, path[depth : depth + 1])):
            in_flow = in_flow or node.flow
            node, depth = child, depth + 1
        rest = value
        for step in reversed(path[depth:]):
            rest = {step: rest}
        if depth == len(path):
            return self._replaced(node, rest, in_flow)
        if node.flow and (node.value or in_flow or not depth):
            return self._inside_brackets(node, self._inline(rest)[1:-1])
        if in_flow:
            return self._replace(node, self._inline(rest))
        if not depth:
            return self._at_end(rest, comment)
        if node.key_mark and not node.value:
            return self._filled(node, node.key_mark, rest)
        return self._below(node, self._like_siblings(node, rest, path))

    def _like_siblings(self, node: Node, value: Value, path: Path) -> list[str]:
        """Write a block that is indented as the keys already in the map."""
        children = node.value.values() if isinstance(node.value, dict) else ()
        columns = [child.key_mark.column for child in children if child.key_mark]
        if not columns:
            raise self._cannot(path)
        return _block(value, columns[0] - 1)

    def _replaced(self, node: Node, value: Value, in_flow: bool) -> str:
        if isinstance(value, dict | list) and node.key_mark and not (in_flow or node.value):
            return self._filled(node, node.key_mark, value)
        if node.value is None and node.end == node.mark:
            return self._splice(self._after_colon(node), self._after_colon(node), " " + _flow(value))
        return self._replace(node, self._inline(value))

    def _replace(self, node: Node, text: str) -> str:
        block_scalar = node.end.column == 1 and node.end.line > node.mark.line
        return self._splice(node.mark, node.end, text + (self._newline if block_scalar else ""))

    def _filled(self, node: Node, key: Mark, value: Value) -> str:
        """Write a block below a key that has nothing, null, [] or {}."""
        lines = _block(value, key.column - 1 + STEP)
        if node.end == node.mark:
            return self._insert_lines(node.mark.line, lines, self._text)
        before, after = self._text[: self._offset(node.mark)], self._text[self._offset(node.end) :]
        return self._insert_lines(node.mark.line, lines, before.rstrip(" ") + after)

    def _below(self, node: Node, lines: list[str]) -> str:
        """Write lines after the last line of a block."""
        last = node.end.line - 1 if node.end.column == 1 else node.end.line
        return self._insert_lines(last, lines, self._text)

    def _at_end(self, value: Value, comment: str) -> str:
        text = self._text
        if text and not text.endswith("\n"):
            text += self._newline
        gap = [""] if comment and text else []
        return text + self._joined(gap + _comment(comment) + _block(value, 0))

    def _inside_brackets(self, node: Node, text: str) -> str:
        """Write an entry after the last one; a comma behind that one then is behind this one."""
        within = node.value.values() if isinstance(node.value, dict) else node.value
        children = list(within) if isinstance(within, Iterable) and not isinstance(within, str) else []
        if not children:
            closing = Mark(self.file, node.end.line, node.end.column - 1)
            return self._splice(closing, closing, text)
        last = max((child.end for child in children), key=lambda mark: (mark.line, mark.column))
        return self._splice(last, last, f", {text}")

    def _inline(self, value: Value) -> str:
        """Write a value on one line; in a file that is JSON, as JSON."""
        return json.dumps(value, ensure_ascii=False) if self.root.flow else _flow(value)

    def _insert_lines(self, after: int, lines: list[str], text: str) -> str:
        existing = text.split("\n")
        if after >= len(existing):
            text += self._newline
            return text + self._joined(lines)
        head = "\n".join(existing[:after]) + "\n"
        return head + self._joined(lines) + "\n".join(existing[after:])

    def _joined(self, lines: list[str]) -> str:
        return "".join(line + self._newline for line in lines)

    def _after_colon(self, node: Node) -> Mark:
        line = self._text.split("\n")[node.mark.line - 1]
        return Mark(self.file, node.mark.line, line.index(":", node.mark.column - 1) + 2)

    def _splice(self, start: Mark, end: Mark, text: str) -> str:
        return self._text[: self._offset(start)] + text + self._text[self._offset(end) :]

    def _offset(self, mark: Mark) -> int:
        lines = self._text.split("\n")
        return sum(len(line) + 1 for line in lines[: mark.line - 1]) + mark.column - 1


def _put(container: Value, path: Path, value: Value) -> bool:
    """Set a path in plain values, making maps where there is nothing; False where something else is in the way."""
    for step in path[:-1]:
        if not _takes(container, step):
            return False
        if isinstance(container, dict) and container.get(step) is None:
            container[step] = {}
        container = container[step]
    if not _takes(container, path[-1]):
        return False
    container[path[-1]] = value
    return True


def _takes(container: Value, step: str | int) -> bool:
    return isinstance(container, list if isinstance(step, int) else dict)


def _at(container: Value, path: Path) -> Value:
    for step in path:
        container = container[step]
    return container


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.splitlines()]


def _block(value: Value, indent: int) -> list[str]:
    pad = " " * indent
    if isinstance(value, list):
        return [line for item in value for line in _block_item(item, indent)]
    lines: list[str] = []
    for key, child in value.items():
        if child and (isinstance(child, dict) or (isinstance(child, list) and isinstance(child[0], dict))):
            lines += [f"{pad}{_flow(key)}:", *_block(child, indent + STEP)]
        else:
            lines.append(f"{pad}{_flow(key)}: {_flow(child)}")
    return lines


def _block_item(item: Value, indent: int) -> list[str]:
    pad = " " * indent
    if not isinstance(item, dict) or not item:
        return [f"{pad}- {_flow(item)}"]
    first, *rest = _block(item, indent + STEP)
    return [f"{pad}- {first.lstrip()}", *rest]


_ESCAPED = {ord(it): f"\\u{ord(it):04x}" for it in UNSEEN_BREAKS}  # as they are, they would end a line


def _flow(value: Value) -> str:
    """Write a value on one line, so that Helm and YAML 1.2 readers read it alike."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str) and is_plain_string(value):
        return value
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)
