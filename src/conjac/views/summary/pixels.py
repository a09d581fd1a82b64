"""What a drift of each pixel does, as images: one a class, or one of a chosen figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray
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
MOST_CHANNELS = 4
"""Channels that an image may have as its last axis."""


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
        shape: tuple[int, int] | None = None,
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
        shape : (int, int), optional
            Default: that of the images by which J was taken, each channel by itself.
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
        if shape is None:
            places = channels_first(np.arange(len(J.parameters)).reshape(_own_shape(J)))
        else:
            height, width = _shape(shape, None if pixels is None else len(pixels))
            places = _places(J, height * width, pixels).reshape(1, height, width)
        height, width = places.shape[1:]
        outcomes = outcomes_of(J.labels, J.matrix.shape[1])
        asked = [f"recall[{label}]" for label in J.labels] if metric is None else [metric]
        told = [J.of(figure(one, outcomes, len(J.labels))) for one in asked]
        names = [clean(label) for label in J.labels] if metric is None else [title_of(told[0].metric)]
        channels = [""] if len(places) == 1 else [f", channel {channel}" for channel in range(len(places))]
        every = [
            (f"{name}{channel}", one, at)
            for name, one in zip(names, told, strict=True)
            for channel, at in zip(channels, places, strict=True)
        ]
        shown = _under(beneath, (len(every), height, width))
        images = []
        for (name, one, at), own in zip(every, shown, strict=True):
            sides = [_spread(side, at) for side in (one.gradient, *one.confint(level))]
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


def mean_images(inputs: Inputs, y: Any, labels: Sequence[Any], shape: tuple[int, int] | None) -> FloatArray:
    """Return the mean image of each class, nan of a class without rows.

    Parameters
    ----------
    inputs : Inputs
    y : array of shape (n_samples,)
    labels : sequence of length n_classes
    shape : (int, int) or None
        Of an image; None where the inputs are images.

    Returns
    -------
    array of shape (n_classes, *shape), or (n_classes * n_channels, height, width)

    Examples
    --------
    >>> mean_images(Inputs.of(np.array([[0.0, 1], [2, 3], [4, 4]])), [0, 0, 1], [0, 1], (1, 2)).tolist()
    [[[1.0, 2.0]], [[4.0, 4.0]]]
    """
    of_class = [np.asarray(y) == label for label in labels]
    columns = [inputs.column(place) for place in range(len(inputs.names))]
    means = [[column[rows].mean() if rows.any() else np.nan for column in columns] for rows in of_class]
    if shape is not None:
        return np.array(means).reshape(len(labels), *_shape(shape, len(columns)))
    return np.concatenate([channels_first(np.reshape(mean, inputs.shape)) for mean in means])


def channels_first(image: AnyArray) -> AnyArray:
    """Return an image as its channels, array of shape (n_channels, height, width).

    Of three axes the first is that of the channels, unless the last alone is short enough to be.

    Examples
    --------
    >>> [channels_first(np.zeros(shape)).shape for shape in [(8, 9), (3, 8, 9), (8, 9, 3)]]
    [(1, 8, 9), (3, 8, 9), (3, 8, 9)]
    """
    if image.ndim == 2:
        return image[None]
    is_last = image.shape[-1] <= MOST_CHANNELS < image.shape[0]
    return np.moveaxis(image, -1, 0) if is_last else image


def _own_shape(J: ConfusionJacobian) -> tuple[int, ...]:
    """Return the shape of the images by which slopes were taken."""
    own = J.jacobian.shape[2:]
    if len(own) not in (2, 3):
        raise InvalidInputError(f"the parameters have shape {own}, which is no image's; pass shape=(height, width)")
    return own


def _shape(shape: Any, n_pixels: int | None = None) -> tuple[int, int]:
    if np.shape(shape) != (2,) or min(shape) < 1:
        raise InvalidInputError(f"shape={shape!r}: expected (height, width) of an image")
    height, width = int(shape[0]), int(shape[1])
    if n_pixels is not None and height * width != n_pixels:
        raise InvalidInputError(f"shape={height, width}: {height * width} pixels, and there are {n_pixels}")
    return height, width


def _places(J: ConfusionJacobian, n_pixels: int, pixels: Sequence[str] | None) -> IntArray:
    """Return which parameter each pixel is, array of shape (n_pixels,); -1 of one that does not drift."""
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
    found = np.full(n_pixels, -1)
    found[[place_of[name] for name in J.parameters]] = np.arange(len(J.parameters))
    return found


def _spread(values: FloatArray, places: IntArray) -> FloatArray:
    """Return slopes as an image; nan where a pixel does not drift."""
    return np.where(places < 0, np.nan, np.ravel(values)[places])


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
