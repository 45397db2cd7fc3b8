"""What the documents promise, and what holds it: tests/claims.yaml against the documents, the tests and the numbers.

python -m tests.claims --check    names what is missing or differs, one line each; `make lint` runs it
python -m tests.claims --write    renews the section of the README that says what the tests do not show
"""

import ast
import functools
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.cluster.paths import ROOT

Json = dict[str, Any]
CLAIMS = Path("tests") / "claims.yaml"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
BEGIN, END = "<!-- not shown: begin (made by tests/claims.py) -->\n", "<!-- not shown: end -->\n"
ABSENT = "**no**"  # what a cell of ours says where there is nothing to prove
LONGEST = 400  # lines of a file of the CLI and of the chart
SOURCES = ("tools/**/*.py", "charts/**/*.py", "charts/**/*.tpl", "charts/**/*.yaml", "charts/**/*.lua")
DATA = ("values.yaml", "Chart.yaml")  # as long as what they list


@dataclass(frozen=True)
class Table:
    """A Markdown table.

    Attributes:
        heading: the section that it is in, and its number there, if it is not the first: "Speed 2".
        rows: the cells of each row.
    """

    heading: str
    rows: list[list[str]]


def check(root: Path = ROOT) -> list[str]:
    """Return what is wrong, one line each."""
    claims = YAML(typ="safe").load(root / CLAIMS)
    return [
        *_tables(root, claims),
        *_promises(root, claims),
        *_numbers(root, claims),
        *_section(root, claims),
        *_lengths(root),
    ]


def tables_of(text: str) -> list[Table]:
    """Return all tables of a document."""
    found: list[Table] = []
    heading, count, rows = "", 0, []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
            continue
        if rows:
            count += 1
            found.append(Table(heading if count == 1 else f"{heading} {count}", rows[2:]))
            rows = []
        if line.startswith("#"):
            heading, count = line.lstrip("# "), 0
    return found


def key_of(row: list[str]) -> str:
    """Return what a row is about: its first cell that is not empty, without a number behind a colon."""
    return next(cell for cell in row if cell).partition(":")[0] if not row[0] else row[0]


def units_of(text: str) -> list[str]:
    """Return the promises of SECURITY: paragraphs, bullets and rows of tables, from its second section on."""
    body = re.split(r"^## ", text, flags=re.MULTILINE)[2:]
    units: list[str] = []
    for section in body:
        lines = section.partition("\n")[2]
        for block in re.split(r"\n\s*\n", lines):
            if block.lstrip().startswith("|"):
                units += [key_of(row) for table in tables_of(block) for row in table.rows]
            elif block.strip():
                units += re.split(r"\n(?=- )", block.strip())
    return [_flat(unit) for unit in units]


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text.removeprefix("- ")).strip()


def _tables(root: Path, claims: Json) -> Iterator[str]:
    """Compare README's tables with the entries."""
    listed: Json = claims["tables"]
    there = {table.heading: table for table in tables_of((root / "README.md").read_text())}
    for heading in listed.keys() - there.keys():
        yield f"{CLAIMS}: README.md has no table {heading!r}"
    for heading, table in there.items():
        entries: Json = listed.get(heading) or {}
        keys = [key_of(row) for row in table.rows]
        for key in entries.keys() - set(keys):
            yield f"{CLAIMS}: the table {heading!r} of README.md has no row {key!r}"
        for key, row in zip(keys, table.rows, strict=True):
            where = f"README.md, {heading}, {key}"
            if key not in entries:
                yield f"{where}: no entry in {CLAIMS}"
                continue
            yield from _entry(root, where, entries[key], absent=ABSENT in row[1])
            if "bench" in entries[key]:
                yield from _row_of_numbers(root, where, entries[key]["bench"], row)
            if heading == claims["peers"]["table"]:
                yield from _peers(where, claims["peers"]["charts"], entries[key].get("peers") or {})
    intro = (root / "README.md").read_text()
    for name, chart in claims["peers"]["charts"].items():
        if f"`{chart['commit']}`" not in intro:
            yield f"README.md: does not name the commit {chart['commit']} of {name}"


def _peers(where: str, charts: Json, looked: Json) -> Iterator[str]:
    for name in charts:
        if not re.match(r"\S*[\w/.]+: \S", str(looked.get(name, ""))):
            yield f"{where}: say where to look in {name}, as FILE: WHAT"


def _entry(root: Path, where: str, entry: Json, *, absent: bool = False) -> Iterator[str]:
    """Look for the tests that an entry names; it has some, a bench table, or a reason why not."""
    if not absent and not {"tests", "bench", "because"} & entry.keys():
        yield f"{where}: neither tests nor bench nor because in {CLAIMS}"
    for name in entry.get("tests", ()):
        path, _, function = name.partition("::")
        if function not in _functions(root / path):
            yield f"{where}: there is no test {name}"


@functools.cache
def _functions(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    return frozenset(it.name for it in ast.parse(path.read_text()).body if isinstance(it, ast.FunctionDef))


def _promises(root: Path, claims: Json) -> Iterator[str]:
    """Compare the promises of SECURITY with the entries, which have their first words."""
    units = units_of((root / "SECURITY.md").read_text())
    entries: Json = claims["promises"]
    for beginning, entry in entries.items():
        if not any(unit.startswith(beginning) for unit in units):
            yield f"{CLAIMS}: nothing in SECURITY.md begins with {beginning!r}"
        yield from _entry(root, f"SECURITY.md, {beginning}", entry)
    for unit in units:
        if not any(unit.startswith(beginning) for beginning in entries):
            yield f"SECURITY.md, {unit[:60]}: no entry in {CLAIMS}"


def _numbers(root: Path, claims: Json) -> Iterator[str]:
    """Compare numbers in sentences with where they come from."""
    for entry in claims["numbers"]:
        where = f"{entry['file']}, {entry['text']!r}"
        pattern = re.escape(entry["text"]).replace(r"\{\}", f"({NUMBER.pattern})").replace(r"\ ", r"\s+")
        found = re.search(pattern, (root / entry["file"]).read_text())
        if not found:
            yield f"{where}: is not there"
            continue
        expected = [_source(root, source) for source in entry["from"]]
        yield from _differences(where, list(found.groups()), expected)


def _source(root: Path, source: Json) -> float:
    """Return a number of a bench file, or the sum of constants of a Python file."""
    if "constants" in source:
        text = (root / source["file"]).read_text()
        assigned = dict(re.findall(r"^([A-Z_, ]+) = ([\d., ]+)", text, re.MULTILINE))
        values = {
            name: float(value)
            for names, numbers in assigned.items()
            for name, value in zip(names.split(", "), numbers.rstrip(", ").split(", "), strict=False)
        }
        return sum(values[name] for name in source["constants"])
    return float(_measured(root, source)[source["field"]]) / float(source.get("divide", 1))


def _measured(root: Path, source: Json) -> Json:
    """Return the result in a bench file that a source names.

    Raises:
        LookupError: there is none, or more than one.
    """
    results = json.loads((root / "bench" / source["file"]).read_text())["results"]
    found = [it for it in results if (it["what"], it["peer"]) == (source["what"], source.get("peer", ""))]
    if len(found) != 1:
        raise LookupError(f"bench/{source['file']} has {len(found)} results {source['what']!r}, {source.get('peer')!r}")
    result: Json = found[0]
    return result


def _row_of_numbers(root: Path, where: str, sources: list[Json], row: list[str]) -> Iterator[str]:
    """Compare a row "what, value, peer: value, ratio" with the results that it shows."""
    try:
        results = [_measured(root, source) for source in sources]
    except LookupError as error:
        yield f"{where}: {error}"
        return
    for cell, field in zip(row[1:], ("value", "peer_value", "ratio"), strict=True):
        shown = NUMBER.findall(cell.rpartition(":")[2])
        if shown or (field != "value" and results[0]["peer"]):
            yield from _differences(where, shown, [float(it[field]) for it in results])


def _differences(where: str, shown: list[str], expected: list[float]) -> Iterator[str]:
    """Compare numbers as they are shown, rounded, with what they should be."""
    if len(shown) != len(expected):
        yield f"{where}: has {len(shown)} numbers, and {len(expected)} were measured"
        return
    for text, value in zip(shown, expected, strict=True):
        decimals = len(text.partition(".")[2])
        if abs(float(text.replace(",", "")) - value) > 0.5 * 10**-decimals * (1 + 1e-9):
            yield f"{where}: says {text}, and {value:g} was measured"


def _section(root: Path, claims: Json) -> Iterator[str]:
    text = (root / "README.md").read_text()
    if section(claims) not in text:
        yield "README.md: what the tests do not show is not that of tests/claims.yaml: python -m tests.claims --write"


def section(claims: Json) -> str:
    """Return what the README says of what the tests do not show, with its marks."""
    wrap = functools.partial(textwrap.fill, width=120, initial_indent="- ", subsequent_indent="  ")
    bullets = (wrap(_flat(text), break_long_words=False, break_on_hyphens=False) for text in claims["not shown"])
    return BEGIN + "\n" + "\n".join(bullets) + "\n\n" + END


def write(root: Path = ROOT) -> None:
    """Put the section into the README."""
    path = root / "README.md"
    head, _, rest = path.read_text().partition(BEGIN)
    path.write_text(head + section(YAML(typ="safe").load(root / CLAIMS)) + rest.partition(END)[2])


def _lengths(root: Path) -> Iterator[str]:
    for path in sorted(it for pattern in SOURCES for it in root.glob(pattern) if it.name not in DATA):
        count = len(path.read_text().splitlines())
        if count > LONGEST:
            yield f"{path.relative_to(root)}: has {count} lines; CONTRIBUTING.md promises {LONGEST} at most"


def main(arguments: list[str]) -> int:
    """0 when all is well."""
    if arguments == ["--write"]:
        write()
    wrong = check()
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
