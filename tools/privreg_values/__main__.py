"""The command `privreg-values`, and the one place where errors become exit codes."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import NoReturn

from privreg_values import interrupts
from privreg_values.errors import ConflictError, PrivregError

# 128 and the signal's number, as a shell counts, and what is said.
INTERRUPTED = 128 + signal.SIGINT
_ENDINGS = {INTERRUPTED: "interrupted", 128 + signal.SIGTERM: "terminated"}


def main() -> NoReturn:
    """Run the command line; exit with 0, 1 for a problem that was found, 2 for wrong usage."""
    if sys.platform == "win32":  # no file locks and no file modes: what holds secrets could not be kept private
        sys.exit("error: privreg-values needs Linux, macOS or WSL; on Windows, run it in WSL")
    interrupts.raise_signals()
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in the order of their numbers
        if getattr(sys, name) is None:  # it was closed: without this, the next file that is opened takes its number
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to fail
    try:
        from privreg_values.cli import app  # noqa: PLC0415 - here an interrupt is caught while it loads

        app(prog_name="privreg-values")
    except ConflictError as error:
        _say(*(f"error: {conflict}" for conflict in error.conflicts), "nothing was changed")
        sys.exit(error.exit_code)
    except PrivregError as error:
        _say(f"error: {error}")
        sys.exit(error.exit_code)
    except OSError as error:  # what no module foresaw, such as a disk that fails while it is read
        _say(f"error: {error.filename or 'input or output'}: {error.strerror}")
        sys.exit(1)
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(INTERRUPTED)
    except SystemExit as leaving:
        if leaving.code in _ENDINGS:
            _say(_ENDINGS[leaving.code])
        raise
    sys.exit(0)


def _say(*texts: str) -> None:
    """Write to standard error; at a terminal, in lines that fit, with the word error in red."""
    from privreg_values.terminal import style_of  # noqa: PLC0415 - only when there is something to say

    style = style_of(sys.stderr)
    for text in texts:
        for line in text.splitlines():
            shown = style.wrap(line, 0)
            if shown.startswith("error:"):
                shown = style.paint("error:", "red") + shown.removeprefix("error:")
            sys.stderr.write(f"{shown}\n")


if __name__ == "__main__":
    main()
