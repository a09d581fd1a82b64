"""Slopes by each pixel of images, as images: `PixelDisplay`."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from conjac.errors import InvalidInputError
from conjac.inputs import Inputs, untied
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.models import bind
from conjac.views.displays.display import Display
from conjac.views.summary.pixels import Pixels, mean_images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from conjac._typing import AnyArray


class PixelDisplay(Display[Pixels]):
    """What a drift of each pixel does to the recall of each class, or to one figure: sensitivity, not importance.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of` and `from_estimator`.

    Examples
    --------
    >>> import conjac as cj
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> model = LogisticRegression(C=1e-3).fit(X[:250], y[:250])
    >>> J = cj.ConfusionJacobian.from_estimator(model, X[250:], y[250:], wrt="features")
    >>> display = cj.PixelDisplay.of(J, shape=(8, 8))
    >>> [image.name for image in display.picture.images]
    ['0', '1', '2']
    """

    size = (7.2, 5.2)

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
    ) -> Self:
        """Take the slopes of a result; nothing is drawn yet.

        Parameters
        ----------
        J : ConfusionJacobian
            With respect to features that are pixels.
        shape : (int, int), optional
            Height and width of an image. Default: of the images by which J was taken; channels, the first of three axes
            or a short last one, are images each.
        metric : str or Metric, optional
            One figure, or a cell such as "cell[3, 8]", in one image. Default: an image a class, of its recall.
        pixels : sequence of str, optional
            Names of all pixels, row by row. Default: x0, x1, ..., as of an array.
        beneath : array of shape (n_images, height, width), optional
            An image for each of these, whose outline is seen.
        level : float
            Of the intervals, each of one pixel alone.

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            Parameters that are no pixels, or a shape that is not theirs.
        UnknownMetricError
            Neither a metric nor a cell.
        """
        return cls(Pixels.of(J, shape, metric, pixels=pixels, beneath=beneath, level=level))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        shape: tuple[int, int] | None = None,
        metric: str | Metric | None = None,
        outline: bool = True,
        level: float = 0.95,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Differentiate the matrix of a fitted classifier by each pixel, and draw.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array of shape (n_samples, height, width), or array or frame of shape (n_samples, height * width)
            A classifier of scikit-learn's kind receives rows of pixels. Networks and functions receive images as they
            are, with channels or without.
        y : array of shape (n_samples,)
            True labels.
        shape : (int, int), optional
            Height and width of an image. Default: as ``X`` has them, or those of a square.
        metric : str or Metric, optional
            As for `of`.
        outline : bool
            Whether the outline of each class's mean image is seen, where there is an image a class.
        level : float
            Nominal coverage of an interval, inside (0, 1).
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionJacobian.from_estimator`; ``wrt`` may be a `Features` with another unit.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Images of no shape that could be told.
        """
        X = untied(X)
        if np.ndim(X) == 3 and hasattr(estimator, "classes_"):
            shape = shape or np.shape(X)[1:]
            X = np.reshape(X, (len(X), -1))
        inputs = Inputs.of(X, bind(estimator, options.get("output", "auto")).columns)
        if shape is None and not inputs.is_image:
            shape = _square(len(inputs.names))
        J = ConfusionJacobian.from_estimator(estimator, X, y, **{"wrt": "features", **options})
        beneath = mean_images(inputs, y, J.labels, shape) if outline and metric is None else None
        pixels = None if shape is None else inputs.names
        return cls.of(J, shape, metric, pixels=pixels, beneath=beneath, level=level).plot(ax)

    def _paint(self, ax: Axes) -> None:
        from conjac.views.charts.pixels import paint_pixels

        paint_pixels(ax, self.picture)

    def _figure(self, theme: Any) -> Any:
        from conjac.views.interactive.pixels import pixels

        return pixels(self.picture, theme)


def _square(n_pixels: int) -> tuple[int, int]:
    """Return the shape of a square image."""
    side = isqrt(n_pixels)
    if side**2 != n_pixels:
        raise InvalidInputError(f"X has {n_pixels} pixels, which are no square; pass shape=(height, width)")
    return side, side
