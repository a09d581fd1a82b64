"""Whether rows are read whole, or summed as they are read: by the memory that they would take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conjac.cli.messages import say
from conjac.engines.memory import SHARE, bytes_of, machine_memory, n_rows, read_size
from conjac.engines.sources import find
from conjac.errors import NotSupportedError

GIGA, MEGA = 1e9, 1e6


def room_to_sum(
    files: Sequence[str], columns: Sequence[str | None], given: str | None, whole: Mapping[str, Any]
) -> int | None:
    """Return the bytes within which rows are summed as they are read; None where they are read whole.

    Parameters
    ----------
    files : sequence of str
    columns : sequence of str or None
        Those that are read.
    given : str or None
        As ``--memory-limit``; half of the machine's memory by default.
    whole : mapping of str
        Options that need all rows at once, and whether each was given.

    Raises
    ------
    InvalidInputError
        No size, or no such file.
    NotSupportedError
        Rows that need more than the limit that was given, and cannot be summed.
    """
    limit = int(SHARE * machine_memory()) if given is None else read_size(given, "--memory-limit")
    n = n_rows(find(files))
    most = bytes_of(n, sum(name is not None for name in columns))
    if most <= limit:
        return None
    asked = [option for option, is_given in whole.items() if is_given]
    if not asked:
        return limit
    size = f"{most / GIGA:.1f} GB" if most >= GIGA else f"{most / MEGA:.0f} MB"
    told = f"about {n} rows would take {size}, and {', '.join(asked)} needs all of them at once"
    if given is not None:
        raise NotSupportedError(
            f"--memory-limit {given}: {told}; leave it out, allow more, or take a sample of the rows"
        )
    say(f"warning: {told}; if memory runs out, leave it out, or take a sample of the rows")
    return None
