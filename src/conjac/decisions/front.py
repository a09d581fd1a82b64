"""The Pareto front of two metrics over all cut-offs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray
from conjac.decisions.along import Counted, undefined
from conjac.decisions.charted import Tabular
from conjac.metrics import Metric
from conjac.metrics.cells import CELLS
from conjac.readonly import locked

AT_ONCE = 2**14


@dataclass(frozen=True, eq=False, repr=False)
class Front(Tabular):
    """The thresholds that no other cut-off beats in both metrics, on these rows.

    Attributes
    ----------
    metrics : tuple of str
        The two.
    thresholds : array of shape (n_front,)
        In the curve's unit, by ascending score; infinite where nothing is alerted and the unit has no end.
    first, second : array of shape (n_front,)
        The metrics there.
    matrix : array of shape (n_front, 2, 2)
        The cells there.

    Notes
    -----
    The maxima of a set of vectors: H. T. Kung, F. Luccio, F. P. Preparata 1975, J. ACM 22:469.

    Examples
    --------
    >>> import conjac as cj
    >>> front = cj.pareto_front([0, 0, 1, 1], [0.2, 0.6, 0.4, 0.9], "precision", "recall")
    >>> front.thresholds, front.first.round(2), front.second
    (array([0.4, 0.9]), array([0.67, 1.  ]), array([1. , 0.5]))
    """

    metrics: tuple[str, str]
    thresholds: FloatArray
    first: FloatArray
    second: FloatArray
    matrix: AnyArray
    _curve: Counted
    _score: FloatArray

    @classmethod
    def of(cls, curve: Counted, first: Metric, second: Metric) -> Front:
        """Compare all cut-offs; one at which a metric is 0/0 is not compared.

        Parameters
        ----------
        curve : ConfusionCurve
            Of the rows.
        first, second : Metric
            The two.

        Returns
        -------
        Front
            Of every cut-off that is not beaten.
        """
        score = curve.cutoffs()
        weight = curve.weight_at_score(score)
        gains = [row.sign * row.value(weight) for row in (first, second)]
        known = ~(undefined(first, weight) | undefined(second, weight))
        best = np.flatnonzero(known)[undominated(*(np.asarray(gain[known]) for gain in gains))]
        score, weight = score[best], weight[best]
        return cls(
            metrics=(first.name, second.name),
            thresholds=locked(curve.told(score)),
            first=locked(first.value(weight)),
            second=locked(second.value(weight)),
            matrix=locked(weight),
            _curve=curve,
            _score=locked(score),
        )

    @cached_property
    def jacobian(self) -> FloatArray:
        """Derivative of the matrix along the front, per unit of the threshold, array of shape (n_front, 2, 2)."""
        motions = (self._curve.motion_at_score(few) for few in self._chunks())
        return locked(np.concatenate([motion.slope(motion.point) for motion in motions]))

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row per threshold: both metrics, the cells, and how fast each cell moves.

        Returns
        -------
        dict of str to list
            A row a threshold; slopes are per unit of the threshold.
        """
        columns: dict[str, AnyArray] = {"threshold": self.thresholds, "first": self.first, "second": self.second}
        for name, (true, predicted) in CELLS.items():
            columns |= {name: self.matrix[:, true, predicted], f"{name}_slope": self.jacobian[:, true, predicted]}
        return {
            **{name: column.tolist() for name, column in columns.items()},
            "first_metric": [self.metrics[0]] * len(self),
            "second_metric": [self.metrics[1]] * len(self),
        }

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the front; see `TradeoffDisplay`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.
        """
        from conjac.views.displays import TradeoffDisplay

        return TradeoffDisplay.of_front(self).plot(ax).ax_

    def _chunks(self) -> list[FloatArray]:
        return np.array_split(self._score, 1 + len(self) // AT_ONCE)

    def __len__(self) -> int:
        """Return the number of thresholds on the front."""
        return len(self._score)

    def __repr__(self) -> str:
        """Show what is compared."""
        return f"Front({self.metrics[0]} against {self.metrics[1]}: {len(self)} thresholds)"


def undominated(first: FloatArray, second: FloatArray) -> BoolArray:
    """Tell which points no other is at least as good as in both and better than in one; more is better.

    Parameters
    ----------
    first, second : array of shape (n_points,)

    Returns
    -------
    array of shape (n_points,)

    Notes
    -----
    One sort: of the points with one value of ``first`` only the best can stay, and it must beat all with a larger
    value (H. T. Kung, F. Luccio, F. P. Preparata 1975, J. ACM 22:469).

    Examples
    --------
    >>> import numpy as np
    >>> undominated(np.array([1.0, 2, 2, 3]), np.array([5.0, 4, 3, 4]))
    array([ True, False, False,  True])
    """
    order = np.lexsort((-second, -first))
    x, y = first[order], second[order]
    starts = np.flatnonzero(np.diff(x, prepend=np.inf))
    group = np.searchsorted(starts, np.arange(len(x)), side="right") - 1
    best = y[starts]
    beaten = np.concatenate([[-np.inf], np.maximum.accumulate(best)[:-1]]) if len(best) else best
    kept = np.empty(len(x), dtype=bool)
    kept[order] = (y == best[group]) & (y > beaten[group])
    return kept
