"""The expected cost of the best threshold, whatever errors cost and however common the classes are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from conjac._typing import AnyArray, FloatArray
from conjac.decisions.charted import Charted, Tabular, checked_level, class_totals, points, refuse_outside, value_at
from conjac.decisions.formulas import mean
from conjac.inference import Estimate
from conjac.metrics import UNIT
from conjac.metrics.reweighted import reweighted
from conjac.reading import as_number
from conjac.readonly import ReadOnly, locked

GRID = np.arange(101) / 100
ERRORS = np.array([[[0.0, 1.0], [1.0, 0.0]]])
ROUNDING = 1e-12
"""Costs as near as this are equal: what is shared out in thirds, say, is not to the last digit."""


@dataclass(frozen=True, eq=False, repr=False)
class CostCurve(Tabular):
    r"""Normalised expected cost against the probability-cost of the positive class.

    With prevalence :math:`\pi`, cost :math:`c_{fn}` of a missed positive and :math:`c_{fp}` of a false alarm,

    .. math:: PC = \frac{\pi c_{fn}}{\pi c_{fn} + (1 - \pi) c_{fp}}, \qquad \text{cost} = PC \cdot FNR + (1 - PC) FPR,

    a share of the cost of being wrong on every row. At a fixed threshold it is a straight line.

    Attributes
    ----------
    probability_cost : array of shape (n_points,)
        The positives' share of what it would cost to be wrong on every row.
    envelope : array of shape (n_points,)
        The least cost of any cut-off, exact on these rows, and so optimistic for new ones.
    best_threshold : array of shape (n_points,)
        The cut-off that has it, in units of ``coordinate``; of equals, the one that alerts least.
    fixed : Estimate
        Cost at ``threshold``, arrays of shape (n_points,), with a pointwise band.
    always, never : array of shape (n_points,)
        Cost of alerting every row, and none.
    threshold : float
        The fixed one, in units of ``coordinate``.
    coordinate : str
        What thresholds are told in.
    level : float
        Of the limits in `to_columns`.
    in_sample : bool
        True: the envelope is told on the rows on which its thresholds were chosen.
    diagnostics : mapping
        Rows, and what was assumed.

    References
    ----------
    Drummond, C., R. C. Holte 2006, Machine Learning 65:95. The envelope by isotonic regression: T. Fawcett,
    A. Niculescu-Mizil 2007, Machine Learning 68:97.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> found = cj.ConfusionCurve.from_predictions(y, score).cost_curve([0.2, 0.5, 0.8])
    >>> found.envelope.round(3), found.fixed.value.round(3), found.never.round(3)
    (array([0.114, 0.148, 0.104]), array([0.153, 0.156, 0.159]), array([0.2, 0.5, 0.8]))
    """

    probability_cost: FloatArray
    envelope: FloatArray
    best_threshold: FloatArray
    fixed: Estimate
    always: FloatArray
    never: FloatArray
    threshold: float
    coordinate: str
    level: float
    in_sample: bool
    diagnostics: Mapping[str, Any]

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row per probability-cost: the envelope with its threshold, the fixed one's cost, the trivial.

        Returns
        -------
        dict of str to list
            A row a point; costs are shares of the cost of being wrong on every row.
        """
        lower, upper = self.fixed.confint(self.level)
        columns = {name: getattr(self, name) for name in ("probability_cost", "envelope", "best_threshold")}
        columns |= {"fixed": self.fixed.value, "fixed_stderr": self.fixed.stderr}
        columns |= {"fixed_lower": lower, "fixed_upper": upper, "always": self.always, "never": self.never}
        same = {name: getattr(self, name) for name in ("threshold", "coordinate", "level", "in_sample")}
        return {
            **{name: column.tolist() for name, column in columns.items()},
            **{name: [value] * len(self.envelope) for name, value in same.items()},
        }

    def __repr__(self) -> str:
        """Show the fixed threshold and the envelope's height."""
        return (
            f"CostCurve({len(self.envelope)} probability-costs; envelope up to {self.envelope.max():.4g} (in-sample), "
            f"fixed at {self.coordinate} {self.threshold:.6g})"
        )


def cost_curve(curve: Charted, probability_cost: Any, threshold: float | None, level: float) -> CostCurve:
    """Return the cost curve; see `conjac.ConfusionCurve.cost_curve`."""
    pc = points(GRID if probability_cost is None else probability_cost, "probability_cost")
    refuse_outside(pc, "probability_cost", (pc >= 0) & (pc <= 1), "a number in [0, 1]")
    centre = 0.5 if curve.unit.scale == "logit" else 0.0
    fixed = float(curve.told(np.array(centre))) if threshold is None else as_number(threshold, "threshold")
    row = reweighted(mean("normalized_expected_cost", ERRORS, UNIT), np.stack([1 - pc, pc], axis=1))
    cutoffs = curve.cutoffs()
    weight = curve.weight_at_score(cutoffs)
    best = _best(weight, class_totals(curve, "cost_curve"), pc)
    diagnostics = {
        "envelope": "the best cut-off of these rows at each point: optimistic for new ones",
        "bands": "pointwise, of the fixed threshold alone",
        "n_cutoffs": len(cutoffs),
    }
    return CostCurve(
        probability_cost=locked(pc),
        envelope=locked(row.value(weight[best])),
        best_threshold=locked(curve.told(cutoffs[best])),
        fixed=value_at(curve, row, np.full_like(pc, fixed)),
        always=locked(1 - pc),
        never=locked(pc),
        threshold=fixed,
        coordinate=curve.unit.name,
        level=checked_level(level),
        in_sample=True,
        diagnostics=ReadOnly(diagnostics),
    )


def _best(weight: AnyArray, totals: FloatArray, pc: FloatArray) -> AnyArray:
    """Return the index of the cut-off of least cost at each point; of equals, the highest.

    A step to the next cut-off saves where the positives' share of what it lets go, classes of equal weight, is below
    1 - PC. Pooled until they ascend, as on the convex hull of the ROC curve, these shares tell how many steps to take.
    """
    alerted = weight[:, :, 1] / totals
    let_go = -np.diff(alerted, axis=0)
    moves = np.flatnonzero(let_go.any(axis=1))
    step = let_go[moves]
    share = isotonic_regression(step[:, 1] / step.sum(axis=1), weights=step.sum(axis=1)).x
    after = np.append(moves, len(weight) - 1)  # further on, cut-offs alert the same weight until the next step
    return np.asarray(after[np.searchsorted(share, 1 - pc + ROUNDING)])
