"""Tells a person how far a long set-up is: one moving line on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

HEARTBEAT = 60.0  # seconds between two lines where there is no terminal


@dataclass(frozen=True)
class Step:
    """A piece of work and what it is expected to take.

    Attributes:
        title: what is being done, in a few words.
        seconds: the expected duration on two cores.
    """

    title: str
    seconds: float


def clock(seconds: float) -> str:
    """Minutes and seconds: 75 -> '1:15'."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Progress:
    """Announces steps in the order they were planned, with the time that the rest will take.

    Args:
        steps: all that will be done; the estimate is the sum of their durations.
    """

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps
        self._live = sys.stderr.isatty()

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Show `step` as under way while the block runs, and its duration when it has ended."""
        number = self._steps.index(step) + 1
        rest = sum(later.seconds for later in self._steps[number:])
        label = f"[{number}/{len(self._steps)}] {step.title}"
        started = time.monotonic()
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(label, step.seconds, rest, started, done), daemon=True)
        ticker.start()
        try:
            yield
        except BaseException:
            self._finish(done, ticker, f"{label}: failed after {clock(time.monotonic() - started)}")
            raise
        self._finish(done, ticker, f"{label}: {clock(time.monotonic() - started)}")

    def _tick(self, label: str, expected: float, rest: float, started: float, done: threading.Event) -> None:
        if not self._live and expected + rest >= 1:
            print(
                f"{label}: about {clock(expected)}; in all about {clock(expected + rest)} to go",
                file=sys.stderr,
            )
        while not done.wait(1.0 if self._live else HEARTBEAT):
            elapsed = time.monotonic() - started
            left = max(expected - elapsed, 0) + rest
            line = f"{label}: {clock(elapsed)} of about {clock(expected)}; in all about {clock(left)} to go"
            print(
                f"\r\033[K{line}" if self._live else line,
                end="" if self._live else "\n",
                file=sys.stderr,
                flush=True,
            )

    def _finish(self, done: threading.Event, ticker: threading.Thread, line: str) -> None:
        done.set()
        ticker.join()
        print(f"\r\033[K{line}" if self._live else line, file=sys.stderr, flush=True)
