"""Text within cells: as large as asked where it fits, smaller where it does not, and none that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from conjac.views.charts.room import LINE, SMALLEST, width_of

MARGIN = 5.0
"""Points between text and the sides of its cell."""
UNIT = 100.0


@dataclass(frozen=True)
class Line:
    """A line of text in every cell.

    Attributes
    ----------
    texts : sequence of sequence of str
        Of shape (n_rows, n_columns).
    size : float
        In points.
    below : float
        Its distance from the middle of the cell, as a share of the cell's height.
    """

    texts: Sequence[Sequence[str]]
    size: float
    below: float = 0.0

    def within(self, width: float) -> Line:
        """Return the same in letters so small that all texts are within a width."""
        widest = max((width_of(text, UNIT) for row in self.texts for text in row), default=0.0)
        return replace(self, size=min(self.size, UNIT * width / widest)) if widest else self


def first_that_fits(choices: Iterable[tuple[Line, ...]], cell: tuple[float, float]) -> tuple[Line, ...]:
    """Return the first lines that can be read in cells of a width and height, in points; none if there are none.

    Examples
    --------
    >>> first_that_fits([(Line([["12,345"]], 10),), (Line([["+"]], 10),)], (16, 20))[0].texts
    [['+']]
    >>> first_that_fits([(Line([["12,345"]], 10),)], (16, 20))
    ()
    """
    width, height = cell
    for lines in choices:
        small = tuple(line.within(width - 2 * MARGIN) for line in lines)
        if all(line.size >= SMALLEST for line in small) and _stand(small, height):
            return small
    return ()


def _stand(lines: Sequence[Line], height: float) -> bool:
    """Tell whether lines lie within the height of a cell, and apart from each other."""
    ends = [(line.below * height - LINE * line.size / 2, line.below * height + LINE * line.size / 2) for line in lines]
    apart = all(end <= start for (_, end), (start, _) in pairwise(ends))
    return apart and ends[0][0] >= -height / 2 and ends[-1][1] <= height / 2
