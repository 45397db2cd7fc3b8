"""Signals that end a program: as exceptions, and held back where one would do harm."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn


def raise_signals() -> None:
    """Have SIGTERM and SIGHUP raise SystemExit, as Ctrl-C raises KeyboardInterrupt: what was begun is tidied up.

    The code is 128 and the signal's number, as a shell counts.
    """
    for number in _heeded(signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C, SIGTERM and SIGHUP; one that came meanwhile is raised at the end. For short work only."""
    pending: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: pending.append(number))
        for number in _heeded(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for held in pending:
            signal.raise_signal(held)


def _heeded(*numbers: signal.Signals) -> list[signal.Signals]:
    """Leave out what this program was started to ignore, as nohup does; programs that it starts inherit that."""
    return [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
