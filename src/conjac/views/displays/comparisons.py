"""What differs between two models or periods: `ComparisonDisplay` of metrics, `ConfusionDifferenceDisplay` of cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from conjac.comparison import Comparison, compare
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.views.displays.heatmaps import _HeatMapDisplay
from conjac.views.displays.rankings import _RankingDisplay
from conjac.views.summary.differences import compared_metrics
from conjac.views.summary.heatmap import HeatMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ComparisonDisplay(_RankingDisplay):
    """The difference of each metric with its interval; filled where it is beyond noise, all metrics taken together.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of` and `from_predictions`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 1000)
    >>> a, b = (cj.confusion_jacobian(y, rng.normal(skill * y, 1), threshold=skill / 2) for skill in (1, 2))
    >>> display = cj.ComparisonDisplay.of(cj.compare(a, b, metrics=["accuracy", "recall"]))
    >>> [bar.told_apart for bar in display.picture.bars]
    [True, True]
    """

    @classmethod
    def of(cls, comparison: Comparison) -> Self:
        """Take the metrics of a comparison; nothing is drawn yet.

        Parameters
        ----------
        comparison : Comparison
            Of two models, or of two periods.

        Returns
        -------
        Display
            With its ``picture``.
        """
        return cls(compared_metrics(comparison))

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        score_a: Any,
        score_b: Any,
        *,
        metrics: str | Metric | Sequence[str | Metric] | None = None,
        level: float = 0.95,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Compare the scores of two models on the same rows, and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            True labels.
        score_a, score_b : array of shape (n_samples,) or (n_samples, n_classes)
            Of the two models, in the same rows.
        metrics : str, Metric or sequence of them, optional
            As for `compare`.
        level : float
            As for `compare`.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `confusion_jacobian`, and the same for both, such as ``threshold``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        return cls.of(_compared(y_true, score_a, score_b, metrics, level, options)).plot(ax)


class ConfusionDifferenceDisplay(_HeatMapDisplay):
    """The difference of each cell of two matrices, as a share of all rows, centred on zero.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of` and `from_predictions`.

    Examples
    --------
    >>> import conjac as cj
    >>> y, score = [0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50
    >>> a, b = (cj.confusion_jacobian(y, score, threshold=t) for t in (0.5, 0.3))
    >>> cj.ConfusionDifferenceDisplay.of(cj.compare(a, b)).picture.value
    ((0.0, 0.0), (-0.25, 0.25))
    """

    @classmethod
    def of(cls, comparison: Comparison) -> Self:
        """Take the cells of a comparison; nothing is drawn yet.

        Parameters
        ----------
        comparison : Comparison
            Of two models, or of two periods.

        Returns
        -------
        Display
            With its ``picture``.
        """
        return cls(HeatMap.of_differences(comparison))

    @classmethod
    def from_predictions(
        cls, y_true: Any, score_a: Any, score_b: Any, *, level: float = 0.95, ax: Axes | None = None, **options: Any
    ) -> Self:
        """Compare the scores of two models on the same rows, and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            As for `ComparisonDisplay.from_predictions`.
        score_a, score_b : array of shape (n_samples,) or (n_samples, n_classes)
            As for `ComparisonDisplay.from_predictions`.
        level : float
            As for `ComparisonDisplay.from_predictions`.
        ax : Axes, optional
            As for `ComparisonDisplay.from_predictions`.
        **options
            As for `ComparisonDisplay.from_predictions`.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        return cls.of(_compared(y_true, score_a, score_b, None, level, options)).plot(ax)


def _compared(
    y_true: Any, score_a: Any, score_b: Any, metrics: Any, level: float, options: dict[str, Any]
) -> Comparison:
    a, b = (ConfusionJacobian.from_predictions(y_true, score, **options) for score in (score_a, score_b))
    return compare(a, b, metrics=metrics, level=level)
