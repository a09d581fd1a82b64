"""Requests to end that are no Ctrl-C: what a command holds is put away first."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from conjac.engines.database import interrupt_queries, put_away

ENDS = ("SIGTERM", "SIGHUP")
"""A request to end, and a terminal that was closed; not every system has both."""
OVER = bytes([0])
"""No signal has this number."""


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
        with _queries_interrupted():
            yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)
        for number in asked[:1]:
            put_away()  # a signal may come while what holds a database is being left
            os.kill(os.getpid(), number)


@contextmanager
def _queries_interrupted() -> Iterator[None]:
    """Interrupt what DuckDB does as soon as a signal comes: Python itself heeds it once the query is done."""
    told, waiting = socket.socketpair()
    told.setblocking(False)

    def watch() -> None:
        while waiting.recv(1) != OVER:
            interrupt_queries()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        told.send(OVER)
        watching.join()
        told.close()
        waiting.close()
