"""What a drift of each pixel does, as images: one a class, or one of a chosen figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.rules import outcomes_of
from conjac.views.summary.measure import clean, title_of
from conjac.views.summary.picture import Picture, Table, table

MOST = 26
"""Images in one picture."""


@dataclass(frozen=True)
class Image:
    """The slope of one figure by each pixel.

    Attributes
    ----------
    name : str
        The class, or the figure.
    value, lower, upper : tuple of tuple of float
        Of shape (height, width); nan of pixels that do not drift.
    sign : tuple of tuple of int
        1 or -1 where the interval lies on one side of zero, else 0.
    beneath : tuple of tuple of float
        An image to be seen beneath, such as the mean of the class; empty without one.
    """

    name: str
    value: Table
    lower: Table
    upper: Table
    sign: tuple[tuple[int, ...], ...]
    beneath: Table = ()


@dataclass(frozen=True, kw_only=True)
class Pixels(Picture):
    """Images of slopes by pixel, on one scale.

    Attributes
    ----------
    images : tuple of Image
    shape : tuple of (int, int)
        Height and width of each.
    unit : str
    left_out : int
        Images that are not shown, since they move less.
    """

    schema: ClassVar[str] = "conjac.pixels/1"
    images: tuple[Image, ...]
    shape: tuple[int, int]
    unit: str
    left_out: int = 0

    @classmethod
    def of(
        cls,
        J: ConfusionJacobian,
        shape: tuple[int, int],
        metric: str | Metric | None = None,
        *,
        pixels: Sequence[str] | None = None,
        beneath: AnyArray | None = None,
        level: float = 0.95,
    ) -> Pixels:
        """Take slopes by features that are pixels.

        Parameters
        ----------
        J : ConfusionJacobian
        shape : (int, int)
        metric : str or Metric, optional
            Or a cell. Default: the recall of each class.
        pixels : sequence of str, optional
            Names of all pixels, row by row. Default: x0, x1, ..., or ``J.parameters`` if they are as many.
        beneath : array of shape (n_images, *shape), optional
        level : float
            Of the intervals.

        Raises
        ------
        InvalidInputError
            Parameters that are no pixels, or a shape that is not theirs.
        """
        height, width = _shape(shape, None if pixels is None else len(pixels))
        places = _places(J, height * width, pixels)
        outcomes = outcomes_of(J.labels, J.matrix.shape[1])
        asked = [f"recall[{label}]" for label in J.labels] if metric is None else [metric]
        told = [J.of(figure(one, outcomes, len(J.labels))) for one in asked]
        names = [clean(label) for label in J.labels] if metric is None else [title_of(told[0].metric)]
        shown = _under(beneath, (len(told), height, width))
        images = []
        for name, one, own in zip(names, told, shown, strict=True):
            sides = [_spread(side, places, (height, width)) for side in (one.gradient, *one.confint(level))]
            sign = (sides[1] > 0).astype(int) - (sides[2] < 0)
            value, lower, upper = map(table, sides)
            images.append(Image(name, value, lower, upper, table(sign), table(own)))
        what_it_is = f"Sensitivity, not importance. Intervals at {level:g}, each pixel by itself."
        size = [np.nanmax(np.abs(image.value), initial=0.0) for image in images]
        kept = sorted(np.argsort(-np.array(size), kind="stable")[:MOST].tolist())
        drift = "1 sd" if J.units[0] == "1 sd" else "1"
        what = "Recall of each class" if metric is None else names[0]
        return cls(
            title=f"{what} by a drift of {drift} of each pixel",
            description=f"{_steepest(images)} {what_it_is}",
            images=tuple(images[k] for k in kept),
            shape=(height, width),
            unit=f"change per {drift}",
            left_out=len(images) - len(kept),
        )

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a pixel of an image: where it is, its slope and its limits."""
        height, width = self.shape
        n = len(self.images)
        sides = ("value", "lower", "upper", "sign")
        return {
            "image": [image.name for image in self.images for _ in range(height * width)],
            "row": [row for row in range(height) for _ in range(width)] * n,
            "column": list(range(width)) * (height * n),
            **{side: [v for image in self.images for row in getattr(image, side) for v in row] for side in sides},
            "unit": [self.unit] * (n * height * width),
        }


def mean_images(inputs: Inputs, y: Any, labels: Sequence[Any], shape: tuple[int, int]) -> FloatArray:
    """Return the mean image of each class, array of shape (n_classes, *shape); nan of a class without rows.

    Examples
    --------
    >>> mean_images(Inputs.of(np.array([[0.0, 1], [2, 3], [4, 4]])), [0, 0, 1], [0, 1], (1, 2)).tolist()
    [[[1.0, 2.0]], [[4.0, 4.0]]]
    """
    of_class = [np.asarray(y) == label for label in labels]
    columns = [inputs.column(place) for place in range(len(inputs.names))]
    means = [[column[rows].mean() if rows.any() else np.nan for column in columns] for rows in of_class]
    return np.array(means).reshape(len(labels), *_shape(shape, len(columns)))


def _shape(shape: Any, n_pixels: int | None = None) -> tuple[int, int]:
    if np.shape(shape) != (2,) or min(shape) < 1:
        raise InvalidInputError(f"shape={shape!r}: expected (height, width) of an image")
    height, width = int(shape[0]), int(shape[1])
    if n_pixels is not None and height * width != n_pixels:
        raise InvalidInputError(f"shape={height, width}: {height * width} pixels, and there are {n_pixels}")
    return height, width


def _places(J: ConfusionJacobian, n_pixels: int, pixels: Sequence[str] | None) -> list[int]:
    """Return which pixel each parameter is."""
    if "derivative" not in J.diagnostics:
        raise InvalidInputError("the parameters are no pixels; ask for wrt='features'")
    if pixels is None:
        pixels = J.parameters if len(J.parameters) == n_pixels else [f"x{place}" for place in range(n_pixels)]
    place_of = {name: place for place, name in enumerate(pixels)}
    missing = [name for name in J.parameters if name not in place_of]
    if missing:
        raise InvalidInputError(
            f"parameter {missing[0]!r} is none of the pixels; pass shape=, and pixels= with all names, row by row"
        )
    return [place_of[name] for name in J.parameters]


def _spread(values: FloatArray, places: Sequence[int], shape: tuple[int, int]) -> FloatArray:
    """Return slopes as an image; nan where a pixel does not drift."""
    image = np.full(shape[0] * shape[1], np.nan)
    image[list(places)] = np.asarray(values).ravel()
    return image.reshape(shape)


def _under(beneath: AnyArray | None, shape: tuple[int, int, int]) -> FloatArray:
    if beneath is None:
        return np.empty((shape[0], 0, 0))
    found = np.asarray(beneath, dtype=np.float64)
    if found.shape != shape:
        raise InvalidInputError(f"beneath has shape {found.shape}; expected {shape}, an image for each that is drawn")
    return found


def _steepest(images: Sequence[Image]) -> str:
    """Say which pixel moves its figure the most, and how many are told apart from zero."""
    value = np.array([image.value for image in images])
    if not np.isfinite(value).any():
        return "No slope is defined here."
    k, row, column = map(int, np.unravel_index(np.nanargmax(np.abs(value)), value.shape))
    apart = int(np.count_nonzero([image.sign for image in images]))
    return (
        f"Steepest: {images[k].name}, row {row}, column {column}, {value[k, row, column]:+.3g}. "
        f"Told apart from 0: {apart:,} of {int(np.isfinite(value).sum()):,}."
    )
