"""What a curve tells along its thresholds: what is given up for what, and at which costs it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conjac.decisions import CostCurve, DecisionCurve, Tradeoff, cost_curve, decision_curve, tradeoff
from conjac.decisions.charted import points
from conjac.decisions.path import ThresholdPath
from conjac.figures.at import FiguresAt
from conjac.metrics import Metric


@dataclass(frozen=True, eq=False, repr=False)
class Figures(FiguresAt):
    """Every figure at every threshold, and along all of them."""

    def tradeoff(
        self, first: str | Metric, second: str | Metric, thresholds: Any = None, level: float = 0.95
    ) -> Tradeoff:
        """Compare two metrics along the threshold: which of them pays for the other, at what rate, and where.

        Parameters
        ----------
        first, second : str or Metric
            A name such as "precision", an object of `conjac.metrics`, or a cell: "tn", "fp", "fn", "tp".
        thresholds : float or array of shape (n_points,), optional
            In units of ``coordinate``; by default 101 cut-offs, evenly by rank.
        level : float
            Of the pointwise intervals by which signs are told, and of those in `Tradeoff.to_columns`.

        Returns
        -------
        Tradeoff
            Values, slopes and exchange rate at the thresholds; its ``front`` is over all cut-offs.

        Raises
        ------
        InvalidInputError
            Missing, infinite or no thresholds, a level outside (0, 1), a metric that is not for two classes.
        UnknownMetricError
            Neither a metric nor a cell.

        Notes
        -----
        The exchange rate is the ratio of the two slopes; its interval is Fieller's set (1954), of two cells that of
        the delta method on the log scale. See :doc:`/decisions`.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 2000)
        >>> curve = cj.ConfusionCurve.from_predictions(y, rng.normal(2 * y - 1, 1))
        >>> curve.tradeoff("fp", "tp", 0.0).exchange_rate.value.round(2)  # false alarms per true positive
        array([0.8])
        """
        at = None if thresholds is None else points(thresholds, "thresholds")
        return tradeoff(ThresholdPath(self), first, second, at, level)

    def decision_curve(
        self, thresholds: Any = None, *, prevalence: float | None = None, level: float = 0.95
    ) -> DecisionCurve:
        """Return net benefit at threshold probabilities, where the classifier's threshold is that probability.

        Parameters
        ----------
        thresholds : float or array of shape (n_points,), optional
            Threshold probabilities, inside (0, 1); by default .01, .02, ..., .99.
        prevalence : float, optional
            Of the population that it is to be told for, inside (0, 1), taken as known: rows are reweighted to it by
            class. By default that of the rows.
        level : float
            Of the limits in `DecisionCurve.to_columns`.

        Returns
        -------
        DecisionCurve
            In true positives per row.

        Raises
        ------
        InvalidInputError
            A curve in another coordinate than "probability", or of one class; arguments outside their range.

        Notes
        -----
        Vickers, A. J., E. B. Elkin 2006, Medical Decision Making 26:565.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> y, p = np.arange(8) % 2, np.array([0.1, 0.4, 0.2, 0.9, 0.6, 0.8, 0.3, 0.7])
        >>> found = cj.ConfusionCurve.from_predictions(y, p).decision_curve(0.5)
        >>> found.net_benefit.value, found.treat_all
        (array([0.25]), array([0.]))
        """
        return decision_curve(self, thresholds, prevalence, level)

    def cost_curve(
        self, probability_cost: Any = None, *, threshold: float | None = None, level: float = 0.95
    ) -> CostCurve:
        """Return the normalised expected cost of the best threshold and of a fixed one, whatever errors cost.

        Parameters
        ----------
        probability_cost : float or array of shape (n_points,), optional
            In [0, 1]: the positives' share of what it would cost to be wrong on every row; by default 0, .01, ..., 1.
        threshold : float, optional
            The fixed one, in units of ``coordinate``; by default where the probability is one half, or the score 0.
        level : float
            Of the limits in `CostCurve.to_columns`.

        Returns
        -------
        CostCurve
            In shares of the cost of being wrong on every row.

        Raises
        ------
        InvalidInputError
            A curve of one class; arguments outside their range.

        Notes
        -----
        Drummond, C., R. C. Holte 2006, Machine Learning 65:95.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> y, p = np.arange(8) % 2, np.array([0.1, 0.4, 0.2, 0.9, 0.6, 0.8, 0.3, 0.7])
        >>> found = cj.ConfusionCurve.from_predictions(y, p).cost_curve([0.2, 0.5])
        >>> found.envelope, found.best_threshold, found.fixed.value
        (array([0.05 , 0.125]), array([0.7, 0.7]), array([0.25, 0.25]))
        """
        return cost_curve(self, probability_cost, threshold, level)
