"""The command `privreg-values`, and the one place where errors become exit codes."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from privreg_values.cli import app
from privreg_values.errors import ConflictError, PrivregError


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def main() -> None:
    """Run the command line; exit with 0, 1 for a problem that was found, 2 for wrong usage."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # as an exception, so that what was begun is tidied up
        signal.signal(ending, _leave)
    try:
        app(prog_name="privreg-values")
    except ConflictError as error:
        for conflict in error.conflicts:
            typer.echo(f"error: {conflict}", err=True)
        typer.echo("nothing was changed", err=True)
        sys.exit(error.exit_code)
    except PrivregError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code == 130:
            typer.echo("interrupted", err=True)
        raise


if __name__ == "__main__":
    main()
