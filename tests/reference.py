"""The reference of the command line, docs/reference.md, made from the commands themselves.

python -m tests.reference --write     puts it there
python -m tests.reference --check     fails when it is not what it should be
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from privreg_values.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
PROGRAM = "privreg-values"
EVERYWHERE = {"quiet", "verbose"}  # options that every command has
INTRODUCTION = """\
<!-- Made by tests/reference.py: change the commands' help, then run `python -m tests.reference --write`. -->

# privreg-values: the reference

What `--help` says, for all commands. How they go together is in the [README](../README.md).

- [What all commands have in common](#what-all-commands-have-in-common)
"""
IN_COMMON = """\
## What all commands have in common

**Exit codes.**

| code | |
| --- | --- |
| 0 | it is done, and all is well |
| 1 | a problem was found, or something could not be done; `diff`: something would change |
| 2 | wrong usage; `diff`: it cannot be told |
| 130, 143 | interrupted by Ctrl-C, terminated; 128 and the number of the signal |

**Output.** Results go to standard output, all else to standard error. With `--json` the result is one JSON document;
where something cannot be done, standard output is empty. Colours are only used at a terminal, and not where `NO_COLOR`
is set or `TERM` is `dumb`. Every command has these options, after its name:

{everywhere}

**Secrets.** No argument, option or variable holds one. Passwords come from standard input, a file or a prompt, and
neither `--verbose` nor `--json` shows any.

**Environment.** What says where something is, is also read from variables; the command line counts more. What a
command does is never chosen by a variable. `PRIVREG_VALUES` names one file, or several with blanks between them where
a command takes several. `PRIVREG_NAMESPACE` is the release's, not one that is to pull.

{environment}

**Completion.** `privreg-values --install-completion` sets it up for the shell it is called from (bash, zsh, fish);
`--show-completion` prints the script instead. It completes commands, options, their choices, and names of users.
"""
PROGRAMS = {
    "PRIVREG_HELM": "the program helm, if it is not on `PATH`",
    "PRIVREG_KUBECTL": "the program kubectl, likewise",
    "KUBECONFIG": "the cluster, as kubectl and helm know it",
}


class ReferenceError(Exception):
    """The page is not what it should be."""


@dataclass(frozen=True)
class Section:
    """A command that does something.

    Attributes:
        name: all its words, such as "users add".
        command: what the library knows of it.
    """

    name: str
    command: Any

    @property
    def title(self) -> str:
        return f"{PROGRAM} {self.name}"

    @property
    def anchor(self) -> str:
        """The heading's name on GitHub."""
        return self.title.replace(" ", "-")

    @property
    def description(self) -> str:
        return (self.command.help or "").partition("\b")[0].strip()

    @property
    def examples(self) -> list[str]:
        """The lines of its examples."""
        _, _, block = (self.command.help or "").partition("\b\nExamples:\n")
        return [line.removeprefix("  ") for line in block.rstrip().splitlines()]

    def parameters(self, kind: str) -> list[Any]:
        """Its arguments, or its options but for those that all commands have."""
        return [it for it in self.command.params if it.param_type_name == kind and it.name not in EVERYWHERE]

    def record(self, parameter: Any) -> tuple[str, str]:
        """How the help shows an argument or an option: its name, and what it is."""
        name, text = parameter.get_help_record(typer.Context(self.command))
        return re.sub(r" <(str|int|list\[str\])>$", "", name), text

    def text(self) -> str:
        """The whole section."""
        pieces = self.command.collect_usage_pieces(typer.Context(self.command))
        parts = [f"### {self.title}", _prose(self.description), _code(f"{self.title} {' '.join(pieces)}")]
        for kind in ("argument", "option"):
            if found := self.parameters(kind):
                parts.append(_table(kind, [self.record(it) for it in found]))
        return "\n\n".join([*parts, _code("\n".join(self.examples))])


def sections() -> list[Section]:
    """All commands that do something, in the order of the help."""

    def below(name: str, command: Any) -> Iterator[Section]:
        children = getattr(command, "commands", None)
        if children is None:
            yield Section(name, command)
        for inner, child in (children or {}).items():
            yield from below(f"{name} {inner}".strip(), child)

    return list(below("", typer.main.get_group(app)))


def environment() -> dict[str, list[str]]:
    """The variables that options are read from, and the options and arguments of each."""
    found: dict[str, list[str]] = {}
    for section in sections():
        for parameter in section.command.params:
            if parameter.envvar:
                names = found.setdefault(parameter.envvar, [])
                name = max(parameter.opts, key=len) if parameter.param_type_name == "option" else parameter.metavar
                names += [] if name in names else [name]
    return found


def page() -> str:
    """The whole page."""
    all_sections = sections()
    links = "\n".join(f"- [{it.title}](#{it.anchor}): {_summary(it)}" for it in all_sections)
    first = all_sections[0]
    everywhere = _table("option", [first.record(it) for it in first.command.params if it.name in EVERYWHERE])
    variables = [f"| `{name}` | {', '.join(f'`{it}`' for it in options)} |" for name, options in environment().items()]
    variables += [f"| `{name}` | {text} |" for name, text in PROGRAMS.items()]
    common = IN_COMMON.format(
        everywhere=everywhere, environment="\n".join(["| variable | |", "| --- | --- |", *variables])
    )
    return "\n".join(
        [INTRODUCTION + links, "", common, "## The commands", "", *(f"{it.text()}\n" for it in all_sections)]
    )


def _summary(section: Section) -> str:
    return _prose(section.description.partition("\n\n")[0].rstrip("."))


def _prose(text: str) -> str:
    """A help text as Markdown: a paragraph is a line, and its signs mean nothing."""
    paragraphs = [" ".join(it.split()) for it in text.split("\n\n")]
    return "\n\n".join(re.sub(r"([*_<])", r"\\\1", it) for it in paragraphs)


def _code(text: str) -> str:
    return f"```sh\n{text}\n```"


def _table(kind: str, records: list[tuple[str, str]]) -> str:
    rows = [(f"`{name}`".replace("|", "\\|"), _prose(text).replace("|", "\\|")) for name, text in records]
    return "\n".join([f"| {kind} | |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in rows)])


def main(arguments: list[str] | None = None, path: Path = PAGE) -> None:
    """Run the command line.

    Raises:
        ReferenceError: with --check, the page is out of date.
    """
    parser = argparse.ArgumentParser(description="The reference of the command line.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail when the page is out of date")
    action.add_argument("--write", action="store_true", help="bring the page up to date")
    options = parser.parse_args(arguments)
    if options.write:
        path.parent.mkdir(exist_ok=True)
        path.write_text(page())
    elif not path.exists() or path.read_text() != page():
        raise ReferenceError(f"{path}: out of date; run `python -m tests.reference --write`")


if __name__ == "__main__":
    try:
        main()
    except ReferenceError as error:
        sys.exit(str(error))
