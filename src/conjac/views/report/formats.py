"""Formats of a report's file."""

from __future__ import annotations

from pathlib import Path

from conjac.errors import InvalidInputError

FORMATS = {".html": "html", ".htm": "html", ".json": "json"}


def format_of(path: Path, asked: str | None = None) -> str:
    """Return the format asked for, else the one that a file's suffix tells.

    Raises
    ------
    InvalidInputError
        Neither "html" nor "json", or a suffix that tells none.

    Examples
    --------
    >>> format_of(Path("r.htm")), format_of(Path("r.html"), "json")
    ('html', 'json')
    """
    if asked is None and path.suffix.lower() not in FORMATS:
        raise InvalidInputError(
            f"{path}: the suffix tells no format; expected one of {', '.join(FORMATS)}, or pass the format (--format)"
        )
    chosen = asked or FORMATS[path.suffix.lower()]
    if chosen not in FORMATS.values():
        raise InvalidInputError(f"format {chosen!r}: a report is html or json; conjac jacobian and tune write tables")
    return chosen
