"""Metrics along the threshold, or their slopes: `MetricCurveDisplay`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from conjac.curve import ConfusionCurve
from conjac.metrics import Metric
from conjac.views.displays.display import Display
from conjac.views.displays.scoring import scores_of
from conjac.views.summary.lineplot import LinePlot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = ("precision", "recall", "f1")


class MetricCurveDisplay(Display[LinePlot]):
    """Metrics along the threshold, or their slopes, each with its pointwise band; or one metric of several groups.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of`, `from_estimator` and `from_predictions`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> curve = cj.ConfusionCurve.from_predictions(y, 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1))))
    >>> display = cj.MetricCurveDisplay.of(curve, ("precision", "recall"), point=0.5)
    >>> display.picture.title
    'Precision and Recall along the threshold'
    >>> [one.name for one in display.picture.series]
    ['Precision', 'Recall']
    """

    @classmethod
    def of(
        cls,
        curve: ConfusionCurve | Mapping[Any, ConfusionCurve],
        metrics: str | Metric | Sequence[str | Metric] = METRICS,
        kind: str = "value",
        thresholds: Any = None,
        level: float = 0.95,
        point: float | None = None,
    ) -> Self:
        """Look at a curve along its thresholds; nothing is drawn yet.

        Parameters
        ----------
        curve : ConfusionCurve or mapping of group to ConfusionCurve
            Groups are drawn at the same thresholds, a line each.
        metrics : str or Metric, or sequence of them
            Metrics, or cells ("tn", "fp", "fn", "tp"); at most six. Of groups one.
        kind : {"value", "slope"}
            The metrics, or how fast they move with the threshold: told for a small step, such as .01 of probability,
            or .1 of log-odds where most probabilities lie near 0 or 1 and the axis is laid out so.
        thresholds : array of shape (n_thresholds,), optional
            In the curve's coordinate; by default 400 at most, evenly and at quantiles of the scores.
        level : float
            Of the pointwise bands.
        point : float, optional
            The operating point, to be marked.

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            More lines than can be told apart in one picture, another kind, or thresholds that cannot be used.
        UnknownMetricError
            A metric that does not exist for two classes.
        """
        return cls(LinePlot.of(curve, metrics, kind, thresholds, level, point))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        metrics: str | Metric | Sequence[str | Metric] = METRICS,
        kind: str = "value",
        thresholds: Any = None,
        level: float = 0.95,
        point: float | None = None,
        output: str = "auto",
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Score ``X`` with a fitted classifier of two classes, and draw.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array or frame of shape (n_samples, n_features)
            As for `ConfusionJacobian.from_estimator`.
        y : array of shape (n_samples,)
            As for `ConfusionJacobian.from_estimator`.
        metrics : str or Metric, or sequence of them
            As for `of`.
        kind : {"value", "slope"}
            As for `of`.
        thresholds : array of shape (n_thresholds,), optional
            As for `of`.
        level : float
            As for `of`.
        point : float, optional
            As for `of`.
        output : {"auto", "probabilities", "scores", "logits"}
            As for `ConfusionJacobian.from_estimator`.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionCurve.from_predictions`, such as ``coordinate`` and ``sample_weight``.

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
        curve = ConfusionCurve.from_predictions(y, score, **options)
        return cls.of(curve, metrics, kind, thresholds, level, point).plot(ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        metrics: str | Metric | Sequence[str | Metric] = METRICS,
        kind: str = "value",
        thresholds: Any = None,
        level: float = 0.95,
        point: float | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Make a curve from labels and scores of two classes, and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            As for `ConfusionCurve.from_predictions`.
        y_score : array of shape (n_samples,) or (n_samples, 2)
            As for `ConfusionCurve.from_predictions`.
        metrics : str or Metric, or sequence of them
            As for `of`.
        kind : {"value", "slope"}
            As for `of`.
        thresholds : array of shape (n_thresholds,), optional
            As for `of`.
        level : float
            As for `of`.
        point : float, optional
            As for `of`.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionCurve.from_predictions`, such as ``coordinate`` and ``sample_weight``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        curve = ConfusionCurve.from_predictions(y_true, y_score, **options)
        return cls.of(curve, metrics, kind, thresholds, level, point).plot(ax)

    def _paint(self, ax: Axes) -> None:
        from conjac.views.charts.lines import paint_lines

        paint_lines(ax, self.picture)

    def _figure(self, theme: Any) -> Any:
        from conjac.views.interactive.lines import lines

        return lines(self.picture, theme)
