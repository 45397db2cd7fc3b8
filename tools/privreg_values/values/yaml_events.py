"""Reads YAML as libyaml does, from which Helm's YAML package was made, where ruamel.yaml differs."""

from __future__ import annotations

from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.events import Event
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner

_BREAKS = "\r\n\x85\u2028\u2029"  # what ends a line in YAML 1.1, and for libyaml (is_break in yamlprivateh.go)


def events(text: str) -> Iterator[Event]:
    """Give the events of a text, as YAML 1.1 and libyaml see them.

    Raises:
        MarkedYAMLError, ReaderError: it is not YAML.
    """
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
