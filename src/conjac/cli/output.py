"""Where results go: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from conjac.cli.messages import say
from conjac.errors import InvalidInputError
from conjac.views.tables import PIPE_WIDTH, Section, paint, stacked, to_csv, to_json, write_file
from conjac.writing import written


def check_output(path: Path | None, files: Sequence[str] = ()) -> None:
    """Refuse, before any work is done, an output that cannot be written or would replace an input.

    Raises
    ------
    InvalidInputError
        A folder that is not there, a path that is not a plain file, or one of the inputs.
    """
    if path is None:
        return
    if not path.parent.is_dir():
        raise InvalidInputError(f"-o {path}: there is no folder {path.parent}; make it first")
    if path.exists():
        if not path.is_file():
            raise InvalidInputError(f"-o {path}: is there and is not a plain file; name another")
        if any(Path(file).exists() and path.samefile(file) for file in files):
            raise InvalidInputError(f"-o {path}: is also an input, which it would replace; name another")


def emit(sections: Sequence[Section], value: Any, path: Path | None, form: str) -> None:
    """Write a result in a format; ``value`` is what JSON holds."""
    if path is not None:
        with written(path) as part:
            write_file(sections, value, part, form)
        say(f"wrote {path}")
    elif form == "json":
        typer.echo(to_json(value), nl=False)
    elif form == "csv":
        typer.echo(to_csv(stacked(sections)), nl=False)
    else:
        paint(sections, Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH))
