"""What a YAML parser's complaint means to somebody who writes values, and which place it is about."""

from __future__ import annotations

import re

UNSEEN_BREAKS = {
    "\x85": "the character U+0085 (next line)",
    "\u2028": "the character U+2028 (line separator)",
    "\u2029": "the character U+2029 (paragraph separator)",
}
_BRACKET = "the bracket or brace that is opened here is not closed; a comma or its other half is missing"
_INDENTED = "the indentation fits nothing above; indent it as the keys or items that it belongs to"
_COLON = "a colon is not expected here; check the indentation, or put the value in quotes"
_CHARACTER = "a value cannot begin with this character; put it in quotes"
# The first that is found in the context or the problem counts. True: it is about the place where the thing begins.
_WORDS: tuple[tuple[str, bool, str], ...] = (
    ("while scanning a quoted scalar.*end of stream", True, "the quote that is opened here is not closed; close it"),
    ("while parsing a flow (sequence|mapping)", True, _BRACKET),
    ("while parsing a flow node.*<stream end>", False, "the file ends before a bracket or brace is closed; close it"),
    ("but found '[]}]'", False, "there is no bracket or brace that this could close; remove it, or put it in quotes"),
    ("could not find expected ':'", True, "a key needs a colon and a value; a text goes on only where it is indented"),
    ("expected <block end>.*'<scalar>'", False, "nothing may follow a value in quotes; put all of it into the quotes"),
    ("expected <block end>", False, _INDENTED),
    ("mapping values are not allowed", False, _COLON),
    ("sequence entries are not allowed", False, "a list cannot begin here; put the dash on a line of its own"),
    ("cannot start any token", False, _CHARACTER),
    ("while scanning an (anchor|alias)", True, f"{_CHARACTER}, unless it is an anchor or an alias"),
    ("unknown escape", False, "there is no such escape in double quotes; double the \\, or use single quotes"),
)


def complaint(said: str, began: int | None, noticed: int | None, text: str) -> tuple[int, str]:
    """Put a complaint into words.

    Args:
        said: What the parser says: what it was doing, and what is wrong.
        began: Where in the text it began to do that.
        noticed: Where it saw what is wrong.
        text: What was read.

    Returns:
        The place in the text, and what is wrong there.
    """
    said = " ".join(said.split())
    found = next((it for it in _WORDS if re.search(it[0], said)), None)
    places = (began, noticed) if found and found[1] else (noticed, began)
    index = next((it for it in places if it is not None), 0)
    index = min(index, len(text.rstrip()))  # where the file ends, its last line is of more use
    before = text[:index].rpartition("\n")[2]
    line = before + text[index:].partition("\n")[0]
    if "'\\t'" in said or "\t" in line[: len(line) - len(line.lstrip())]:
        return index, "a tab cannot indent YAML; use spaces"
    if unseen := next((it for it in UNSEEN_BREAKS if it in line), ""):
        return index, f"{UNSEEN_BREAKS[unseen]} ends a line in YAML; remove it"
    return index, found[2] if found else said
