"""Net benefit at every threshold probability, where the classifier's threshold is that probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.decisions.charted import (
    Charted,
    Tabular,
    checked_level,
    class_totals,
    estimate,
    points,
    refuse_outside,
    value_at,
)
from conjac.decisions.formulas import mean
from conjac.errors import InvalidInputError
from conjac.inference import Estimate, NormalBand, propagate
from conjac.inference.delta import normalized, normalized_slope
from conjac.metrics import REAL, decision_curve_slope
from conjac.metrics.reweighted import reweighted
from conjac.motion import Motion
from conjac.reading import as_number
from conjac.readonly import ReadOnly, locked

GRID = np.arange(1, 100) / 100


@dataclass(frozen=True, eq=False, repr=False)
class DecisionCurve(Tabular):
    r"""Net benefit of treating whom the classifier alerts, at each threshold probability.

    Whoever treats at a risk of p or more takes :math:`(1 - p) / p` false positives for one true positive:

    .. math:: NB(p) = \frac{TP(p)}{n} - \frac{FP(p)}{n} \frac{p}{1 - p},

    where the rows with a score of p or more are treated. Its unit is true positives per row.

    Attributes
    ----------
    thresholds : array of shape (n_points,)
        Threshold probabilities.
    net_benefit : Estimate
        Arrays of shape (n_points,), with a pointwise band, in true positives per row.
    treat_all, treat_none : array of shape (n_points,)
        Net benefit of treating every row, at the same prevalence, and none.
    gain : Estimate
        Net benefit less that of treating all, with the interval of a difference on the same rows.
    slope : Estimate
        Derivative of the net benefit along the curve, per 1.0 of probability, where the threshold moves the cells and
        the exchange rate of harms alike (`conjac.metrics.decision_curve_slope`).
    prevalence : float
        For which it is told.
    level : float
        Of the limits in `to_columns`.
    diagnostics : mapping
        Rows, and what was assumed.

    References
    ----------
    Vickers, A. J., E. B. Elkin 2006, Medical Decision Making 26:565. Known prevalence: A. J. Vickers, B. Van Calster,
    E. W. Steyerberg 2019, Diagnostic and Prognostic Research 3:18.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> found = cj.ConfusionCurve.from_predictions(y, score).decision_curve([0.1, 0.5], prevalence=0.1)
    >>> found.net_benefit.value.round(3), found.treat_all.round(3)
    (array([ 0.013, -0.052]), array([ 0. , -0.8]))
    """

    thresholds: FloatArray
    net_benefit: Estimate
    treat_all: FloatArray
    treat_none: FloatArray
    gain: Estimate
    slope: Estimate
    prevalence: float
    level: float
    diagnostics: Mapping[str, Any]

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row per threshold: net benefit, its rivals, the gain and the slope, each with its limits.

        Returns
        -------
        dict of str to list
            A row a threshold; benefits in true positives per row.
        """
        columns: dict[str, AnyArray] = {"threshold": self.thresholds}
        for name in ("net_benefit", "gain", "slope"):
            told = getattr(self, name)
            lower, upper = told.confint(self.level)
            columns |= {name: told.value, f"{name}_stderr": told.stderr}
            columns |= {f"{name}_lower": lower, f"{name}_upper": upper}
        columns |= {"treat_all": self.treat_all, "treat_none": self.treat_none}
        same = {"prevalence": self.prevalence, "level": self.level}
        return {
            **{name: column.tolist() for name, column in columns.items()},
            **{name: [value] * len(self.thresholds) for name, value in same.items()},
        }

    def __repr__(self) -> str:
        """Show where it is told, and for whom."""
        low, high = self.thresholds.min(), self.thresholds.max()
        return (
            f"DecisionCurve({len(self.thresholds)} threshold probabilities in [{low:g}, {high:g}], "
            f"prevalence {self.prevalence:.4g}: {self.diagnostics['prevalence']})"
        )


def decision_curve(curve: Charted, thresholds: Any, prevalence: float | None, level: float) -> DecisionCurve:
    """Return the decision curve; see `conjac.ConfusionCurve.decision_curve`."""
    if curve.unit.name != "probability":
        raise InvalidInputError(
            f"coordinate={curve.unit.name!r}: on a decision curve the threshold is a probability; make the curve of "
            "scores in [0, 1] with coordinate='probability'"
        )
    at = points(GRID if thresholds is None else thresholds, "thresholds")
    refuse_outside(at, "thresholds", (at > 0) & (at < 1), "a probability inside (0, 1)")
    told = _prevalence(curve, prevalence)
    shares = None if prevalence is None else np.array([1 - told, told])
    odds = at / (1 - at)
    one, nothing = np.ones_like(at), np.zeros_like(at)
    worth = np.stack([nothing, -odds, nothing, one], axis=1).reshape(-1, 2, 2)
    over_all = np.stack([odds, nothing, -one, nothing], axis=1).reshape(-1, 2, 2)
    benefit, gain = mean("net_benefit", worth, REAL), mean("net_benefit over treating all", over_all, REAL)
    if shares is not None:
        benefit, gain = (reweighted(row, shares) for row in (benefit, gain))
    return DecisionCurve(
        thresholds=locked(at),
        net_benefit=value_at(curve, benefit, at),
        treat_all=locked(told - (1 - told) * odds),
        treat_none=locked(nothing),
        gain=value_at(curve, gain, at),
        slope=_slope(curve.motion_at(at), at, shares),
        prevalence=told,
        level=checked_level(level),
        diagnostics=ReadOnly({"prevalence": _source(curve, prevalence), "bands": "pointwise"}),
    )


def _slope(motion: Motion, at: FloatArray, shares: FloatArray | None) -> Estimate:
    def slope(point: AnyArray) -> AnyArray:
        cells, moved = motion.cells(point), motion.slope(point)
        if shares is not None:
            rates, moved = normalized(cells, "true"), normalized_slope(cells, moved, "true")
            cells, moved = shares[:, None] * rates, shares[:, None] * moved
        return decision_curve_slope(cells, moved, at)[..., None]

    with np.errstate(invalid="ignore"):
        center, stderr = (found[:, 0] for found in propagate(slope, motion.center, motion.joint.covariance))
    stderr = np.where(motion.trusted.all(axis=1), stderr, np.nan)
    return estimate(slope(motion.point)[:, 0], stderr, NormalBand(center, stderr, motion.counted.df))


def _prevalence(curve: Charted, prevalence: float | None) -> float:
    totals = class_totals(curve, "decision_curve")
    if prevalence is None:
        return float(totals[1] / totals.sum())
    given = as_number(prevalence, "prevalence")
    if not 0 < given < 1:
        raise InvalidInputError(f"prevalence={given:g}: expected a share inside (0, 1)")
    return given


def _source(curve: Charted, prevalence: float | None) -> str:
    if prevalence is not None:
        return "as given, taken as known"
    if curve.condition_on == "class":
        return "fixed by the design, not the population's; pass prevalence="
    return "of these rows"
