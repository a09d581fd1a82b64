"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conjac.errors import InvalidInputError


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a new file in the same folder that takes the place of ``path`` at the end, and is removed if none comes.

    Raises
    ------
    InvalidInputError
        The system refuses.
    """
    target = path.resolve()  # what a link points to is replaced, not the link
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            part.touch(exist_ok=False)
            yield part
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be written: {error.strerror or error}") from None


def write_text(path: Path, text: str) -> None:
    """Write a text, whole or not at all."""
    with written(path) as part:
        part.write_text(text, encoding="utf-8", newline="")
