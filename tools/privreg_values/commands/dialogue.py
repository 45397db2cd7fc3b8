"""Who answers the questions of `gen`: a person at a terminal, or nobody in a script."""

from __future__ import annotations

import sys

import typer

from privreg_values import messages
from privreg_values.errors import UsageError
from privreg_values.generate import wording
from privreg_values.generate.proposals import ASSUMED
from privreg_values.generate.questions import Question
from privreg_values.terminal import style_of


class Person:
    """Asks somebody, until the answer can be used."""

    def __init__(self) -> None:
        self._style = style_of(sys.stderr)
        self.tell(wording.WELCOME)

    def __call__(self, question: Question) -> str | None:
        """Get an answer; what is certain is only shown."""
        if question.is_certain:
            typer.echo(err=True)
            self.tell(wording.known_text(question))
            return question.default
        for line in wording.question_lines(question, self._style):
            typer.echo(line, err=True)
        while True:
            text = read_line(wording.prompt(question)) or question.default
            if text is None:
                continue
            try:
                return question.accept(text)
            except UsageError as error:
                self.tell(str(error))

    def tell(self, text: str) -> None:
        """Say something between two questions."""
        typer.echo(self._style.wrap(text, 0), err=True)

    def wait(self, text: str) -> None:
        """Say what takes a while."""
        typer.echo(f"\n{text} ...", err=True)

    def end(self) -> None:
        """Everything was said at its question."""


class Nobody:
    """Takes the usual answer where there is a reason for it, and says so."""

    def __init__(self) -> None:
        self._assumed: list[Question] = []

    def __call__(self, question: Question) -> str | None:
        """Get the usual answer; None leaves it to the chart's default."""
        if question.reason == ASSUMED:
            self._assumed.append(question)
        elif question.reason:
            self.tell((wording.known_text if question.default else wording.open_text)(question))
        return question.default if question.reason else None

    def tell(self, text: str) -> None:
        """Say what whoever reads the script's output should know."""
        messages.note(text)

    def wait(self, text: str) -> None:
        """Nobody wonders."""

    def end(self) -> None:
        """Say what was assumed, in one line."""
        if self._assumed:
            self.tell(wording.assumed_text(self._assumed))


Answerer = Person | Nobody


def confirm(text: str) -> bool:
    """Ask whether to go on; Enter is yes."""
    while (answer := read_line(f"\n{text} [Y/n]: ").lower()) not in ("", "y", "yes", "n", "no"):
        typer.echo("y or n", err=True)
    return answer in ("", "y", "yes")


def read_line(prompt: str) -> str:
    """Read what a person types at a prompt, without the blanks around it.

    Raises:
        KeyboardInterrupt: they left, with Ctrl-C or at the end of the input.
    """
    try:
        typer.echo(prompt, nl=False, err=True)
        line = sys.stdin.buffer.readline()
    except KeyboardInterrupt:
        line = b""
    if not line:
        typer.echo(err=True)
        raise KeyboardInterrupt
    return line.decode("utf-8", "replace").strip()
