"""Reads YAML exactly as Helm does, and remembers where everything was written.

Helm 4 splits a file at lines that begin with "---", parses the first document of each part with
go.yaml.in/yaml/v2 (YAML 1.1; a key that comes twice counts the last time) and merges them. Sources:
LoadValues in helm.sh/helm/v4/pkg/chart/v2/loader, YAMLReader in k8s.io/apimachinery/pkg/util/yaml.
"""

from __future__ import annotations

import bisect
import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import Reader, ReaderError
from ruamel.yaml.scanner import Scanner

from privreg_values.errors import SyntaxProblem
from privreg_values.values.nodes import Mark, Node, Path, merge
from privreg_values.values.scalars import Scalar, resolve, tagged
from privreg_values.values.yaml_words import complaint

MAX_DEPTH = 100
_TAG = "tag:yaml.org,2002:"
_BREAKS = "\r\n\x85\u2028\u2029"  # what ends a line in YAML 1.1, and for libyaml (is_break in yamlprivateh.go)


@dataclass(frozen=True)
class Document:
    """What a values file says.

    Args:
        root: The values; always a map.
        duplicates: The place and name of each key that comes again in its map; Helm takes the last one.
        parts: How many YAML documents the file holds; Helm 3 reads only the first one.
        replaced: What does not count, wholly or in part, because a key or a document comes again: path and value.
    """

    root: Node
    duplicates: list[tuple[Mark, str]]
    parts: int
    replaced: list[tuple[Path, Node]] = field(default_factory=list)


@functools.lru_cache(maxsize=16)  # what one has written the next one reads
def parse(text: str, file: str) -> Document:
    """Read the text of a values file; what is returned is not to be changed.

    Args:
        text: The file's text.
        file: Its name, for marks and messages.

    Raises:
        SyntaxProblem: Helm would refuse the file.
    """
    try:
        return _parse(text, file)
    except SyntaxProblem:
        _refuse_conflicts(text, file)
        raise


def _parse(text: str, file: str) -> Document:
    builder = _Builder(file)
    begin = Mark(file, 1, 1)
    root = Node({}, begin, begin)
    parts = 0
    for part in _parts(text.removeprefix("\ufeff"), file):
        node = builder.build(part)
        if node and node.value is not None:
            parts += 1
            if not isinstance(node.value, dict):
                what = "a list" if isinstance(node.value, list) else "a single value"
                raise _problem(node.mark, f"expected a map of values, found {what}", "begin with a key, such as host:")
            if parts > 1:
                builder.replaced.append(((), root))
            root = merge(root, node)
    return Document(root, builder.duplicates, parts, builder.replaced)


def _refuse_conflicts(text: str, file: str) -> None:
    """Say what git left in a file that is no YAML: what the parser complains about is not the point then."""
    marks = [re.search(rf"^{it}( .*)?\r?$", text, re.MULTILINE) for it in ("<{7}", "={7}", ">{7}")]
    if marks[0] and all(marks):
        line = text.count("\n", 0, marks[0].start()) + 1
        raise _problem(Mark(file, line, 1), "a merge conflict was left here", "resolve it")


def documents(text: str, file: str) -> list[Node]:
    """Read each document of a file by itself, as kubectl does; empty ones are left out.

    Args:
        text: The file's text.
        file: Its name, for marks and messages.

    Raises:
        SyntaxProblem: one is not YAML.
    """
    builder = _Builder(file)
    nodes = [builder.build(part) for part in _parts(text.removeprefix("\ufeff"), file)]
    return [node for node in nodes if node and node.value is not None]


def _parts(text: str, file: str) -> Iterator[str]:
    """Yield each document, with empty lines before it so that line numbers stay true."""
    lines = text.split("\n")
    start = 0
    for number, line in enumerate(lines):
        if line.startswith("---"):
            rest = line[3:].strip()
            if rest and not rest.startswith("#"):
                mark = Mark(file, number + 1, 4)
                raise _problem(mark, "nothing may follow --- on its line", "begin a new line after it")
            yield "\n" * start + "\n".join(lines[start:number]) + "\n"
            start = number + 1
    yield "\n" * start + "\n".join(lines[start:]) + "\n"


def _problem(mark: Mark, message: str, remedy: str = "") -> SyntaxProblem:
    return SyntaxProblem(mark.file, mark.line, mark.column, message, remedy)


def _events(text: str) -> Iterator[Event]:
    parser = YAML(typ="safe", pure=True)
    parser.version = (1, 1)
    parser.Reader = _Reader
    parser.Scanner = _Scanner
    events: Iterator[Event] = parser.parse(text)
    return events


class _Reader(Reader):
    """Begins a new line after each of YAML 1.1's line breaks, as libyaml does (skip_line in scannerc.go)."""

    def forward(self, length: int = 1) -> None:
        """Go on by some characters."""
        self.forward_1_1(length)


class _Scanner(Scanner):
    """Takes a tab for a blank wherever it does not indent, as libyaml does (yaml_parser_scan_to_next_token)."""

    def scan_plain_spaces(self, indent: int, start_mark: object) -> list[str]:
        """Give what stands between two words of a scalar without quotes."""
        blanks = ""
        while self.reader.peek() in " \t":
            blanks += self.reader.peek()
            self.reader.forward()
        if self.reader.peek() in _BREAKS:
            folded: list[str] = super().scan_plain_spaces(indent, start_mark)
            return folded
        return [blanks] if blanks else []

    def scan_to_next_token(self) -> None:
        """Skip blanks, comments and line breaks."""
        while True:
            blanks = " \t" if self.flow_level or not self.allow_simple_key else " "
            while self.reader.peek() in blanks:
                self.reader.forward()
            if self.reader.peek() == "#":
                while self.reader.peek() not in _BREAKS + "\0":
                    self.reader.forward()
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True


@dataclass
class _Builder:
    """Turns parser events into nodes.

    Aliases share the node they name. What yaml/v2 would decode is counted all the same, so that the
    files it refuses for "excessive aliasing" are refused here too.
    """

    file: str
    duplicates: list[tuple[Mark, str]] = field(default_factory=list)
    replaced: list[tuple[Path, Node]] = field(default_factory=list)
    _path: list[str | int] = field(default_factory=list)
    _events: Iterator[Event] = field(init=False)
    _anchors: dict[str, tuple[Node, int]] = field(init=False)
    _open: set[str] = field(init=False)
    _end: Mark = field(init=False)
    _lines: list[int] = field(init=False)
    _decoded: int = field(init=False, default=0)
    _aliased: int = field(init=False, default=0)

    def build(self, text: str) -> Node | None:
        """Give the first document of the text, or None for an empty one."""
        self._anchors, self._open = {}, set()
        self._decoded = self._aliased = 0
        self._end = Mark(self.file, 1, 1)
        self._events = _events(text)
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        try:
            for event in self._events:
                if isinstance(event, DocumentEndEvent):
                    break
                if isinstance(event, NodeEvent):
                    return self._node(event, 0)
        except MarkedYAMLError as error:
            said = ": ".join(filter(None, (error.context, error.problem)))
            began, noticed = (it.index if it else None for it in (error.context_mark, error.problem_mark))
            index, words = complaint(said, began, noticed, text)
            raise _problem(self._place(index), words) from None
        except ReaderError as error:
            raise _problem(_offset_mark(self.file, text, error.position), "a control character", "remove it") from None
        return None

    def _node(self, event: NodeEvent, depth: int) -> Node:
        mark = self._at(event.start_mark)
        if depth > MAX_DEPTH:
            raise _problem(mark, f"is nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, AliasEvent):
            return self._alias(event, mark)
        before = self._decoded
        self._decoded += 1
        if event.anchor:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", event.anchor):
                raise _problem(mark, f"an anchor cannot be called &{event.anchor}", "use letters, digits, _ and -")
            self._open.add(event.anchor)
        node = self._value(event, mark, depth)
        if event.anchor:
            self._open.discard(event.anchor)
            self._anchors[event.anchor] = (node, self._decoded - before)
        return node

    def _value(self, event: NodeEvent, mark: Mark, depth: int) -> Node:
        value: Scalar | list[Node] | dict[str, Node] = None
        if isinstance(event, SequenceStartEvent):
            value = self._list(depth)
        elif isinstance(event, MappingStartEvent):
            value = self._mapping(depth)
        elif isinstance(event, ScalarEvent):
            value = _scalar(event, mark)
            empty = event.start_mark.index == event.end_mark.index
            if empty:  # nothing is written: it stands where its key ends
                mark = self._end
            else:
                self._end = self._at(event.end_mark)
        return Node(value, mark, self._end, flow=bool(getattr(event, "flow_style", False)))

    def _alias(self, event: AliasEvent, mark: Mark) -> Node:
        if event.anchor in self._open:
            raise _problem(mark, f"the anchor {event.anchor} contains itself")
        if event.anchor not in self._anchors:
            raise _problem(
                mark, f"there is no anchor &{event.anchor} before this", "check its spelling, or put it in quotes"
            )
        node, size = self._anchors[event.anchor]
        self._decoded += 1 + size
        self._aliased += size
        if self._aliased > 100 and self._decoded > 1000 and self._aliased > self._decoded * _allowed(self._decoded):
            raise _problem(mark, "too much of the file is made of aliases", "write the values out")
        self._end = self._at(event.end_mark)
        return replace(node, mark=mark, end=self._end)

    def _until(self, end: type[Event]) -> Iterator[NodeEvent]:
        for event in self._events:
            if isinstance(event, end):
                # A block ends where its last child does; what the parser reports is where the next thing begins.
                if event.start_mark.index != event.end_mark.index:
                    self._end = self._at(event.end_mark)
                return
            if isinstance(event, NodeEvent):
                yield event

    def _list(self, depth: int) -> list[Node]:
        items: list[Node] = []
        for event in self._until(SequenceEndEvent):
            self._path.append(len(items))
            items.append(self._node(event, depth + 1))
            self._path.pop()
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        children: dict[str, Node] = {}
        events = self._until(MappingEndEvent)
        for event in events:
            key = self._node(event, depth + 1)
            is_merge = _is_merge(event)
            name = "" if is_merge else _key(key)
            self._path.append(name)
            value = self._node(next(events), depth + 1)
            self._path.pop()
            if is_merge:
                children.update(_merged(value, key.mark))
                continue
            if name in children and children[name].key_mark:
                self.duplicates.append((key.mark, name))
                self.replaced.append(((*self._path, name), children[name]))
            children[name] = replace(value, key_mark=key.mark)
        return children

    def _at(self, mark: StreamMark | None) -> Mark:
        """Give a place as editors and the rest of this program count: only \\n begins a new line there."""
        return self._place(mark.index if mark else 0)

    def _place(self, index: int) -> Mark:
        line = bisect.bisect_right(self._lines, index)
        return Mark(self.file, line, index - self._lines[line - 1] + 1)


def _allowed(decoded: int) -> float:
    """Give the share of decoded nodes that may come from aliases (allowedAliasRatio in yaml/v2)."""
    low, high = 400_000, 4_000_000
    return 0.99 - 0.89 * (min(max(decoded, low), high) - low) / (high - low)


def _is_merge(event: NodeEvent) -> bool:
    return isinstance(event, ScalarEvent) and event.value == "<<" and (event.implicit[0] or event.tag == _TAG + "merge")


def _merged(value: Node, mark: Mark) -> dict[str, Node]:
    """Give the keys that `<<` brings in; of several maps, the first one counts."""
    maps = value.value if isinstance(value.value, list) else [value]
    result: dict[str, Node] = {}
    for item in reversed(maps):
        if not isinstance(item.value, dict):
            raise _problem(mark, "<< needs a map, or a list of maps")
        result.update(item.value)
    # Without a key mark they may be written again: that is what `<<` is for.
    return {key: replace(child, key_mark=None) for key, child in result.items()}


def _key(node: Node) -> str:
    value = node.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    what = "null" if value is None else "a list or a map"
    raise _problem(node.mark, f"a key cannot be {what}", "put it in quotes")


def _scalar(event: ScalarEvent, mark: Mark) -> Scalar:
    """Give a scalar's value, by its quotes and its tag (`resolve` and `scalar` in yaml/v2)."""
    text: str = event.value
    tag = str(event.tag or "").removeprefix(_TAG)
    try:
        value = tagged(text, tag) if tag not in ("", "!") else resolve(text) if event.implicit[0] else text
    except ValueError:
        raise _problem(mark, f"cannot be read as !!{tag}", "remove the tag, or correct the value") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _problem(mark, "infinity and not-a-number cannot be values")
    return value


def _offset_mark(file: str, text: str, offset: int) -> Mark:
    before = text[:offset]
    return Mark(file, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
