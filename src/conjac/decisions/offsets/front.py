"""The Pareto front of two metrics over all offsets of several classes, with the way along it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.decisions.charted import Tabular, estimate
from conjac.decisions.offsets.interval import Moving
from conjac.inference import Estimate, NormalBand
from conjac.inference.delta import divide
from conjac.metrics import Metric
from conjac.motion import DirectedMotion, Exchange, OffsetMotion, Pair
from conjac.readonly import locked
from conjac.rules import ArgmaxRule


@dataclass(frozen=True, eq=False, repr=False)
class OffsetFront(Tabular):
    r"""The offsets that no others of a search beat in both metrics, on these rows.

    Where a front is smooth, the gradients of the two metrics in the offsets are parallel:
    :math:`\nabla m_1 = \rho\, \nabla m_2`, with :math:`-\rho` the Lagrange multiplier of the one metric held while the
    other is made best, for metrics of which more is better. Along the front :math:`dm_1 = \rho\, dm_2`.

    Attributes
    ----------
    metrics : tuple of str
        The two.
    labels : tuple
        Outcomes of the rule, in the order of the offsets.
    coordinate : str
        What offsets are added to: "logit" for the logarithms of probabilities, else "score".
    offsets : array of shape (n_front, n_columns)
        Less the first label's; by ascending ``second``.
    first, second : array of shape (n_front,)
        The metrics there.
    matrix : array of shape (n_front, K, K)
        The cells there.
    diagnostics : mapping
        How it was searched.

    Notes
    -----
    Weighted sums: J. L. Cohon 1978, Multiobjective Programming and Planning. See :doc:`/offsets`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 600)
    >>> front = cj.pareto_front(y, rng.normal(size=(600, 3)) + np.eye(3)[y], "recall[1]", "recall[2]", n_points=3)
    >>> front.offsets.shape[1], bool((np.diff(front.second) > 0).all())
    (3, True)
    """

    metrics: tuple[str, str]
    labels: tuple[Any, ...]
    coordinate: str
    offsets: FloatArray
    first: FloatArray
    second: FloatArray
    matrix: AnyArray
    diagnostics: Mapping[str, Any]
    _rows: tuple[Metric, Metric] = field(repr=False)
    _rule: ArgmaxRule = field(repr=False)
    _moving: Moving = field(repr=False)

    @cached_property
    def jacobian(self) -> FloatArray:
        """Derivative of the matrix by the offsets, per unit of each, array of shape (n_front, K, K, K)."""
        shape = (0, *self.matrix.shape[1:], self.offsets.shape[1])
        each = [motion.arranged(motion.derivative) for motion in map(self._motion, range(len(self)))]
        return locked(np.stack(each) if each else np.zeros(shape))

    @property
    def exchange_rate(self) -> Estimate:
        """What of the first metric a unit of the second costs along the front, d first / d second, of shape (n_front,).

        In units of the first metric per unit of the second, by least squares: the ratio of both slopes as the offsets
        follow the second metric's gradient. Its interval is Fieller's set of these, the direction taken as given: where
        the gradients are parallel, no error of the direction moves the ratio, to first order.
        """
        return self._along[0]

    @property
    def alignment(self) -> FloatArray:
        """Cosine of the two metrics' gradients, array of shape (n_front,): -1 or 1 where the front is smooth."""
        return self._along[1]

    @cached_property
    def _along(self) -> tuple[Estimate, FloatArray]:
        pairs, cosines = [], []
        for place in range(len(self)):
            motion = self._motion(place)
            paid, gained = (np.nan_to_num(motion.metric_slope(row).value) for row in self._rows)
            length = np.asarray(np.linalg.norm(gained))
            direction = divide(gained, length, 0.0)
            cosines.append(divide(paid @ direction, np.asarray(np.linalg.norm(paid)) * (length > 0), np.nan))
            pairs.append(Pair.of(self._rows, DirectedMotion(motion, direction)))
        if not pairs:
            nothing = np.zeros(0)
            return estimate(nothing, nothing, NormalBand(nothing, nothing, None)), nothing
        rate = Exchange.of_slopes(Pair.joined(pairs))
        return estimate(rate.value, rate.stderr, rate.limits), locked(np.array(cosines))

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row per point: both metrics, the exchange rate, the alignment and the offsets.

        Returns
        -------
        dict of str to list
            A row a point.
        """
        lower, upper = self.exchange_rate.confint()
        columns: dict[str, AnyArray] = {"first": self.first, "second": self.second}
        columns |= {"exchange_rate": self.exchange_rate.value, "exchange_rate_stderr": self.exchange_rate.stderr}
        columns |= {"lower": lower, "upper": upper, "alignment": self.alignment}
        columns |= {f"offset[{label}]": b for label, b in zip(self.labels, self.offsets.T, strict=True)}
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

    def _motion(self, place: int) -> OffsetMotion:
        return self._moving(self._rule.at(self.offsets[place]))

    def __len__(self) -> int:
        """Return the number of points on the front."""
        return len(self.first)

    def __repr__(self) -> str:
        """Show what is compared."""
        first, second = self.metrics
        return f"OffsetFront({first} against {second}: {len(self)} points of {len(self.labels)} offsets)"
