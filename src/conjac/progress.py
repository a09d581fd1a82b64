"""A bar on a terminal's standard error while something is being done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

Told = Callable[[float], None]
"""Is told the share of the work that is done."""


@contextmanager
def bar(doing: str) -> Iterator[Told]:
    """Show that something is being done, and how much of it once that is told; nothing where there is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        yield lambda _: None
        return
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(doing, total=None)
        yield lambda share: shown.update(task, total=1.0, completed=share)


def reporting(progress: Told | bool, doing: str) -> AbstractContextManager[Told | None]:
    """Return what is told of the work: what was passed, a `bar` for True, or nothing.

    Examples
    --------
    >>> with reporting(print, "counting") as told:
    ...     told(0.5)
    0.5
    """
    if progress is True:
        return bar(doing)
    return nullcontext(progress or None)
