"""Requests to end that are no Ctrl-C: what a command holds is put away first."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDS = ("SIGTERM", "SIGHUP")
"""A request to end, and a terminal that was closed; not every system has both."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a request to end do what Ctrl-C does, and then what it does by default, so that the status tells of it."""
    asked: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ENDS if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]  # nohup has one ignored
    for number in heeded:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)
        for number in asked[:1]:
            os.kill(os.getpid(), number)
