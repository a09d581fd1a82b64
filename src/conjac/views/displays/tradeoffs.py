"""Two metrics against each other, and their Pareto front: `TradeoffDisplay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from conjac.decisions import Front, Tradeoff
from conjac.decisions.offsets import OffsetFront
from conjac.metrics import Metric
from conjac.tradeoffs import tradeoff
from conjac.views.displays.display import Display
from conjac.views.displays.scoring import scores_of
from conjac.views.summary.tradeplot import TradeoffPlot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class TradeoffDisplay(Display[TradeoffPlot]):
    """Two metrics against each other as a threshold or an offset moves, with who pays; and their Pareto front.

    The first metric is drawn upwards, the second to the right, so that the exchange rate is the slope of the path.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of`, `of_front`, `from_estimator` and `from_predictions`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> curve = cj.ConfusionCurve.from_predictions(y, 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1))))
    >>> display = cj.TradeoffDisplay.of(curve.tradeoff("precision", "recall", [0.3, 0.5, 0.7]), front=True, point=0.5)
    >>> display.picture.title
    'Precision against Recall as the threshold rises'
    >>> [one.sign for one in display.picture.path], len(display.picture.front), display.picture.n_front
    (['second pays', 'second pays', 'second pays'], 223, 223)
    """

    size = (6.4, 4.8)

    @classmethod
    def of(cls, tradeoff: Tradeoff, front: bool = False, point: float | None = None) -> Self:
        """Take a trade-off; nothing is drawn yet.

        Parameters
        ----------
        tradeoff : Tradeoff
            What is drawn.
        front : bool
            Draw its Pareto front too: over all thresholds, or over all offsets, which is a search.
        point : float, optional
            The operating point: one of the values at which the trade-off is told.

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            A point at which nothing is told.
        """
        return cls(TradeoffPlot.of(tradeoff, front, point))

    @classmethod
    def of_front(cls, front: Front | OffsetFront) -> Self:
        """Take a Pareto front alone; nothing is drawn yet.

        Parameters
        ----------
        front : Front or OffsetFront
            What is drawn.

        Returns
        -------
        Display
            With its ``picture``.
        """
        return cls(TradeoffPlot.of_front(front))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        first: str | Metric,
        second: str | Metric,
        *,
        front: bool = False,
        point: float | None = None,
        output: str = "auto",
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Score ``X`` with a fitted classifier, and draw.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array or frame of shape (n_samples, n_features)
            As for `ConfusionJacobian.from_estimator`.
        y : array of shape (n_samples,)
            As for `ConfusionJacobian.from_estimator`.
        first, second : str or Metric
            Metrics or cells: upwards, and to the right.
        front : bool
            As for `of`.
        point : float, optional
            As for `of`; the point may be any value.
        output : {"auto", "probabilities", "scores", "logits"}
            As for `ConfusionJacobian.from_estimator`.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `conjac.tradeoff`, such as ``along`` of several classes.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        score, options = scores_of(estimator, X, y, output, options)
        return cls.from_predictions(y, score, first, second, front=front, point=point, ax=ax, **options)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        first: str | Metric,
        second: str | Metric,
        *,
        front: bool = False,
        point: float | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Compare two metrics from labels and scores, and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            As for `ConfusionJacobian.from_predictions`.
        y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
            As for `ConfusionJacobian.from_predictions`.
        first, second : str or Metric
            Metrics or cells: upwards, and to the right.
        front : bool
            As for `of`.
        point : float, optional
            As for `of`; the point may be any value.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `conjac.tradeoff`, such as ``along`` of several classes.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        found = tradeoff(y_true, y_score, first, second, **options)
        if point is not None and point not in found.values:
            options["values"] = np.union1d(found.values, [point])
            found = tradeoff(y_true, y_score, first, second, **options)
        return cls.of(found, front, point).plot(ax)

    def _paint(self, ax: Axes) -> None:
        from conjac.views.charts.tradeoff import paint_tradeoff

        paint_tradeoff(ax, self.picture)

    def _figure(self, theme: Any) -> Any:
        from conjac.views.interactive.tradeoff import tradeoff

        return tradeoff(self.picture, theme)
