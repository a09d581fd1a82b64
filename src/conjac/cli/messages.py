"""What is said on standard error, and how a command ends."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NoReturn, ParamSpec

import typer

from conjac.errors import ConjacError, ConjacWarning
from conjac.progress import Told, bar
from conjac.views.tables import printable

Parameters = ParamSpec("Parameters")


def say(message: str) -> None:
    """Write one line on standard error."""
    typer.echo(f"conjac: {printable(' '.join(message.split()))}", err=True)


def progress(doing: str) -> AbstractContextManager[Told]:
    """Show on a terminal's standard error that something is being done, and how much of it once that is told."""
    return bar(printable(doing))


def guarded(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Return a command that ends as the shell expects: bad input in one line and status 2, Ctrl-C in 130."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **options: Parameters.kwargs) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ConjacWarning)
            shown = warnings.showwarning

            def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
                if issubclass(category, ConjacWarning):
                    say(f"warning: {message}")
                else:
                    shown(message, category, *place, **more)

            warnings.showwarning = show
            try:
                command(*args, **options)
                sys.stdout.flush()
            except ConjacError as error:
                end(str(error), 2)
            except KeyboardInterrupt:
                end("interrupted", 130)
            except BrokenPipeError:  # the reader has seen enough, as head does
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return run


def end(message: str, status: int) -> NoReturn:
    """Say why, and leave with a status."""
    say(message)
    raise SystemExit(status) from None
