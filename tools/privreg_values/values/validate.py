"""Gives Helm's verdict on values files, with the place of each problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal

from privreg_values.errors import SyntaxProblem
from privreg_values.values import chart, rules, schema, yaml_reader
from privreg_values.values.nodes import Mark, Node, Path, coalesce, find, locate, merge, plain
from privreg_values.values.paths import render
from privreg_values.values.values_file import read_text

Kind = Literal[
    "syntax",
    "schema",
    "rule",
    "duplicate-key",
    "several-documents",
    "weak-hash",
    "plaintext-secret",
    "no-effect",
    "ingress-preset",
    "resources",
    "node-port",
    "images-lost",
    "storage-size",
    "host-unknown",
    "cluster",
]


@dataclass(frozen=True)
class Problem:
    """Something that Helm would refuse, or, as a warning, something that is not what it looks like.

    Args:
        mark: Where it is.
        path: The value it is about, such as auth.users[0].hash; empty when the file is not YAML.
        message: What was expected, and what to do.
        suggestion: What was probably meant, as it would be written; empty when unknown.
        kind: What sort of problem it is; programs may rely on it.
    """

    mark: Mark
    path: str
    message: str
    suggestion: str = ""
    kind: Kind = "schema"

    @property
    def text(self) -> str:
        """All but the place."""
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"{what}; did you mean {self.suggestion}?" if self.suggestion else what

    def __str__(self) -> str:
        return f"{self.mark}: {self.text}"


@dataclass(frozen=True)
class Source:
    """A values file as it was read.

    Args:
        name: As the user gave it.
        text: All of it.
        document: What it says; None when it is not YAML that Helm would accept.
    """

    name: str
    text: str
    document: yaml_reader.Document | None


@dataclass(frozen=True)
class Report:
    """The verdict.

    Args:
        sources: The files, in the order in which they were laid over each other.
        problems: What Helm would refuse.
        warnings: What Helm accepts and a person should know.
        values: The files laid over each other; None when one is not YAML.
    """

    sources: list[Source]
    problems: list[Problem]
    warnings: list[Problem] = field(default_factory=list)
    values: Node | None = None

    @property
    def files(self) -> list[str]:
        """The files' names."""
        return [source.name for source in self.sources]

    @property
    def ok(self) -> bool:
        """Tell whether Helm would accept the values."""
        return not self.problems


def validate(files: Sequence[str]) -> Report:
    """Check values files as `helm install -f FILE -f FILE` would.

    Args:
        files: Names; the later ones win. "-" is standard input.

    Raises:
        FileError: one cannot be read.
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for name in files:
        text, document = "", None
        try:
            text = read_text(name)
            document = yaml_reader.parse(text, name)
            warnings += _warnings(document)
        except SyntaxProblem as error:
            problems.append(_syntax(error))
        sources.append(Source(name, text, document))
    if problems:
        return Report(sources, problems, warnings)
    values = reduce(merge, [source.document.root for source in sources if source.document])
    return Report(sources, check(values, list(files)), warnings, values)


def check(values: Node, files: Sequence[str] = ()) -> list[Problem]:
    """Check merged values: single values by the schema, combinations by the rules.

    Args:
        values: What the user set.
        files: The order in which to name the problems' files.
    """
    effective = plain(coalesce(chart.defaults(), values))
    faults = [_seen(it, values) for it in schema.check(effective)]
    refused = [fault.path for fault in faults]
    findings = [it for it in rules.check(effective) if not any(_related(it.path, path) for path in refused)]
    problems = [
        Problem(locate(values, it.path, key=it.unknown), render(it.path), it.expected, it.suggestion) for it in faults
    ]
    problems += [Problem(locate(values, it.path), render(it.path), it.message, kind="rule") for it in findings]
    return in_order(problems, files)


def _seen(fault: schema.Fault, values: Node) -> schema.Fault:
    """Say of a value that is missing that its default was taken away, where that is so."""
    node = find(values, fault.path)
    if fault.missing and node and node.value is None:
        return replace(fault, expected="is empty (null), which takes the default away; remove the line, or set a value")
    return fault


def in_order(problems: Sequence[Problem], files: Sequence[str]) -> list[Problem]:
    """Sort problems by their place, the files as they are laid over each other."""
    order = {name: number for number, name in enumerate(files)}
    return sorted(problems, key=lambda it: (order.get(it.mark.file, 0), it.mark.line, it.mark.column))


def _related(one: Path, other: Path) -> bool:
    """Tell whether one path leads through the other: a refused value may be why a rule is broken."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _syntax(error: SyntaxProblem) -> Problem:
    message = f"{error.problem}; {error.remedy}" if error.remedy else error.problem
    return Problem(Mark(error.file, error.line, error.column), "", message, kind="syntax")


def _warnings(document: yaml_reader.Document) -> list[Problem]:
    found = [
        Problem(mark, "", f"the key {name} is there again; Helm takes the last one", kind="duplicate-key")
        for mark, name in document.duplicates
    ]
    if document.parts > 1:
        message = f"the file holds {document.parts} YAML documents; Helm 4 merges them, Helm 3 reads the first one only"
        found.append(Problem(document.root.mark, "", message, kind="several-documents"))
    return found
