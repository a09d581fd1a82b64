"""Images of one shape side by side in one pair of axes, each with room for its name above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import FloatArray

BETWEEN = 0.1
"""Room between neighbours, as a share of their width."""

FULL = 0.15
"""How much smaller pixels may be, for rows that are full: a power of the share of places that are taken."""


@dataclass(frozen=True)
class Tiles:
    """Where each image lies, in pixels from the upper left.

    Attributes
    ----------
    shape : (int, int)
        Height and width of an image.
    corners : tuple of (int, int)
        Row and column of each one's first pixel.
    extent : (int, int)
        Height and width of all, with the names of the first row.
    side : float
        Of a pixel, in the unit of the room.
    """

    shape: tuple[int, int]
    corners: tuple[tuple[int, int], ...]
    extent: tuple[int, int]
    side: float

    @classmethod
    def of(cls, n: int, shape: tuple[int, int], room: tuple[float, float], line: float) -> Self:
        """Find the rows and columns under which pixels are the largest.

        Parameters
        ----------
        n : int
            Images.
        shape : (int, int)
        room : (float, float)
            Width and height to fill, in points say.
        line : float
            Height of a name, in the same unit.

        Examples
        --------
        >>> Tiles.of(10, (8, 8), (400, 300), 12).corners[:5]
        ((2, 0), (2, 9), (2, 18), (2, 27), (12, 0))
        """
        height, width = shape
        between = max(1, round(BETWEEN * width))

        def side(n_columns: int) -> float:
            n_rows = math.ceil(n / n_columns)
            high = (room[1] / n_rows - line) / height
            return max(1e-6, min(room[0] / (n_columns * (width + between) - between), high))

        n_columns = max(range(1, n + 1), key=lambda tried: side(tried) * (n / (tried * math.ceil(n / tried))) ** FULL)
        above = min(height, math.ceil(line / side(n_columns)))
        places = [divmod(k, n_columns) for k in range(n)]
        corners = tuple((row * (height + above) + above, column * (width + between)) for row, column in places)
        extent = math.ceil(n / n_columns) * (height + above), n_columns * (width + between) - between
        return cls(shape, corners, extent, side(n_columns))

    def together(self, images: Sequence[Any]) -> FloatArray:
        """Return images as one, nan between them."""
        found = np.full(self.extent, np.nan)
        for (row, column), image in zip(self.corners, images, strict=True):
            found[row : row + self.shape[0], column : column + self.shape[1]] = image
        return found
