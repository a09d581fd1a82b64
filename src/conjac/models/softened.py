r"""A metric of the confusion matrix as something to train on: soft cells, their bandwidth, and the metric's slope.

*Soft cells.* Independent normal noise of standard deviation :math:`h/\sqrt2` moves each score of a row; the row
belongs to class k with the probability :math:`p_k` that k is then the highest. Of two classes
:math:`p_1 = \Phi(m / h)`. Of more,

.. math:: \frac{\partial p_k}{\partial u_j} = -\kappa_h(u_k - u_j)\,P(\text{all others lie below the tied pair}),

and the pair, when tied, lies at :math:`N(\tfrac{u_j + u_k}{2}, \tfrac{h^2}{4})`: the flux through the facet j|k, a row
belonging to it by the midpoint rule of `conjac.facets`, as softly as the kernel is soft. Membership that is sharp while
the kernel is wide would be the gradient of no continuous function (its mixed derivatives differ), and rows whose own
class is not among the highest would never be told so.

*Bandwidth.* One for each true class, from the distances of its rows to their boundary: with mean :math:`a` (measured
together with ten rows' worth of all classes) and n effective rows, after :math:`s` of :math:`S` steps,

.. math:: h = (4/3)^{1/5}\,\sqrt{\pi/2}\;a\;n^{-\min(1, s/S)/5},

or what it was before where that is less. It starts at the spread of the margins *about the boundary*, so that no row
lies out of reach, and goes to the rate of a density estimate; it is a constant to the gradient. Why it never widens:
beside a fixed bandwidth growing scores settle what is decided, and what is near the boundary is left to learn; to one
that widens with the scores no row is ever settled. On six real sets such bandwidths lost .06 to .15 of F1.

*Minibatches.* A metric is no mean over batches, and a batch may lack a class. Cells are summed over batches, those of
earlier ones decaying; the loss is the batch's cells times the metric's gradient at that sum. Its expectation is the
gradient of the metric of all rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.metrics import Metric, expected_cost, resolve
from conjac.metrics.factories import is_number

NORMAL_REFERENCE = (4 / 3) ** 0.2 * math.sqrt(math.pi / 2)
NODE_STEP = 0.25
NODES = np.arange(-6.5, 7.5 + NODE_STEP / 2, NODE_STEP)
"""Where the noisy maximum may lie, from the highest score, in standard deviations of the noise."""
FEW_ROWS = 10.0
"""Rows' worth of all classes' distances with which each class's are measured: one row near by chance is no spread."""


class Library(NamedTuple):
    """What is asked of a library of arrays.

    Attributes
    ----------
    xp, special : module
        With ``stack``, ``where``, ``exp``, ``log``; with ``ndtr``.
    like : callable
        ``like(array, x)``: a NumPy array in the dtype and on the device of x.
    constant : callable
        x without its derivative.
    on_host : callable
        ``on_host(f, x)``: what a function of NumPy's arrays makes of x, a scalar and an array of the shape of x.
    """

    xp: Any
    special: Any
    like: Callable[[AnyArray, Any], Any]
    constant: Callable[[Any], Any]
    on_host: Callable[[Callable[[AnyArray], tuple[AnyArray, AnyArray]], Any], tuple[Any, Any]]


class Running(NamedTuple):
    """What is remembered of the rows seen, in the library's arrays.

    Attributes
    ----------
    cells : array of shape (n_classes, n_classes)
        Weighted soft cells, rows true and columns predicted.
    distances : array of shape (n_classes,)
        Weighted sums of distances to the boundary, by true class.
    squares : array of shape (n_classes,)
        Sums of squared weights.
    width : array of shape (n_classes,)
        Bandwidth of each true class; infinite at first.
    steps : array of shape ()
        Batches seen.
    """

    cells: Any
    distances: Any
    squares: Any
    width: Any
    steps: Any

    def forgotten(self) -> Running:
        """Return sums of no rows, at the same bandwidth and step."""
        return self._replace(cells=0 * self.cells, distances=0 * self.distances, squares=0 * self.squares)


@dataclass(frozen=True)
class Softened:
    """A metric to train on, and how.

    Attributes
    ----------
    metric : Metric
    n_classes : int
    threshold : float
        Of two classes.
    anneal_steps : int
        Steps until the bandwidth is the data's own.
    memory : float
        Share of the sums that is kept at each step.
    min_bandwidth : float
    """

    metric: Metric
    n_classes: int
    threshold: float
    anneal_steps: int
    memory: float
    min_bandwidth: float

    @classmethod
    def of(
        cls,
        metric: str | Metric | npt.ArrayLike,
        n_classes: int | None,
        threshold: float,
        anneal_steps: int,
        memory: float,
        min_bandwidth: float,
    ) -> Self:
        """Read the arguments of a loss."""
        found = metric if isinstance(metric, str | Metric) else expected_cost(metric)
        rejects = isinstance(found, Metric) and "reject" in found.traits
        _check(not rejects, "metric", metric, "a square cost matrix: a network that is trained rejects nothing")
        n: Any = (found.n_classes if isinstance(found, Metric) else None) or 2 if n_classes is None else n_classes
        _check(isinstance(n, int) and n >= 2, "n_classes", n_classes, "a whole number of at least 2")
        _check(is_number(threshold) and math.isfinite(threshold), "threshold", threshold, "a finite score, such as 0.0")
        _check(n == 2 or threshold == 0, "threshold", threshold, f"0 of {n} classes: subtract offsets from the scores")
        whole = is_number(anneal_steps) and anneal_steps >= 1
        _check(whole, "anneal_steps", anneal_steps, "at least 1: the steps until the bandwidth is the data's own")
        _check(is_number(memory) and 0 <= memory < 1, "memory", memory, "a number in [0, 1), such as 0.9")
        positive = is_number(min_bandwidth) and 0 < min_bandwidth < math.inf
        _check(positive, "min_bandwidth", min_bandwidth, "a positive number, in units of the scores")
        return cls(resolve(found, range(n)), n, float(threshold), anneal_steps, float(memory), float(min_bandwidth))

    def step(self, library: Library, seen: Running, scores: Any, y: Any, weight: Any) -> tuple[Any, Running]:
        """Add a batch, and return the loss with its derivative.

        Parameters
        ----------
        library : Library
        seen : Running
        scores : array of shape (n_samples,), (n_samples, 1) or (n_samples, n_classes)
        y : integer array of shape (n_samples,)
        weight : array of shape (n_samples,) or None

        Returns
        -------
        value : array of shape ()
            1 less the metric, or the metric where less is better, of all rows remembered; its derivative is that of
            the batch's cells times the metric's gradient there.
        seen : Running
        """
        columns = self._columns(library, scores)
        truth = y[:, None] == library.like(np.arange(self.n_classes), y)
        weight = library.like(np.ones(len(columns)), columns) if weight is None else weight
        weighted = truth * weight[:, None]
        fixed, kept = library.constant(columns), self.memory
        distances = kept * seen.distances + (weighted * _distance(library, fixed, truth)[:, None]).sum(0)
        squares = kept**2 * seen.squares + (weighted**2).sum(0)
        totals = kept * seen.cells.sum(1) + weighted.sum(0)
        width = library.xp.minimum(seen.width, self._bandwidth(library, distances, squares, totals, seen.steps))
        # of its own class: a sum, since rows of other libraries' integers index in other ways
        cells = weighted.T @ memberships(library, columns, (truth * width).sum(1))
        seen = Running(kept * seen.cells + library.constant(cells), distances, squares, width, seen.steps + 1)
        value, slope = library.on_host(self.told, seen.cells)
        linear = (slope * cells).sum() / weighted.sum()
        return value + (linear - library.constant(linear)), seen

    def told(self, cells: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return the loss at cells, and its slope in their shares: 0 in cells that have none.

        Parameters
        ----------
        cells : array of shape (..., n_classes, n_classes)
            What is returned has its dtype.
        """
        dtype, cells = np.asarray(cells).dtype, np.asarray(cells, dtype=np.float64)
        value, slope = self.metric.value(cells), self.metric.gradient(cells)
        if self.metric.greater_is_better:
            value, slope = 1 - value, -slope
        # homogeneous of degree 0: the gradient in shares is that in cells times their sum
        slope = np.nan_to_num(slope, posinf=0.0, neginf=0.0) * cells.sum(axis=(-2, -1), keepdims=True)
        return np.asarray(value, dtype=dtype), np.asarray(slope, dtype=dtype)

    def _columns(self, library: Library, scores: Any) -> Any:
        """Return a score a class, the threshold taken off."""
        if self.n_classes > 2:
            return scores
        positive = scores.reshape(-1) if scores.ndim < 2 or scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]
        return library.xp.stack([0 * positive, positive - self.threshold], -1)

    def _bandwidth(self, library: Library, distances: Any, squares: Any, totals: Any, steps: Any) -> Any:
        """Return the bandwidth of every true class, array of shape (n_classes,)."""
        n = totals * totals / library.xp.where(squares > 0, squares, 1.0)
        mean = distances / library.xp.where(totals > 0, totals, 1.0)
        mean = (n * mean + FEW_ROWS * distances.sum() / totals.sum()) / (n + FEW_ROWS)
        rate = (steps / self.anneal_steps).clip(max=1.0) / 5
        return (NORMAL_REFERENCE * mean * n.clip(min=1.0) ** -rate).clip(min=self.min_bandwidth)


def memberships(library: Library, columns: Any, width: Any) -> Any:
    """Return the probability that each class is the highest under normal noise.

    Parameters
    ----------
    library : Library
    columns : array of shape (n_samples, n_classes)
    width : array of shape (n_samples,)
        Standard deviation of the noise of a difference of two scores.

    Returns
    -------
    array of shape (n_samples, n_classes)
        Rows add up to 1.
    """
    xp, special = library.xp, library.special
    if columns.shape[1] == 2:
        z = (columns[:, 1] - columns[:, 0]) / width
        return xp.stack([special.ndtr(-z), special.ndtr(z)], -1)
    u = columns * (math.sqrt(2) / width)[:, None]
    # The density that k is highest at x, summed over x by the trapezoid rule, which converges exponentially: to 1e-9 of
    # ten classes, 1e-8 of a hundred.
    x = library.constant(xp.amax(u, -1))[:, None] + library.like(NODES, u)
    from_each = x[:, None, :] - u[:, :, None]
    below = xp.log(special.ndtr(from_each))  # above 1e-11: log_ndtr takes twice as long
    density = xp.exp(below.sum(1)[:, None, :] - below - from_each**2 / 2)
    return density.sum(-1) * (NODE_STEP / math.sqrt(2 * math.pi))


def _distance(library: Library, columns: Any, truth: Any) -> Any:
    """Return how far each row's true class lies from the highest other, array of shape (n_samples,)."""
    own = library.xp.where(truth, columns, 0.0).sum(-1)
    return abs(own - library.xp.amax(library.xp.where(truth, -math.inf, columns), -1))


def _check(holds: bool, argument: str, given: Any, expected: str) -> None:
    if not holds:
        raise InvalidInputError(f"{argument} is {given!r}; expected {expected}")


def check_shapes(n_classes: int, scores: Any, y: Any, weight: Any) -> None:
    """Refuse arrays of other shapes than `Softened.step` takes.

    Raises
    ------
    InvalidInputError
    """
    shape = tuple(scores.shape)
    n = shape[0] if shape else 0
    good = {(n,), (n, 1), (n, 2)} if n_classes == 2 else {(n, n_classes)}
    if shape not in good or n == 0:
        wanted = "(n_samples,), (n_samples, 1) or (n_samples, 2)" if n_classes == 2 else f"(n_samples, {n_classes})"
        raise InvalidInputError(
            f"scores have shape {shape}; expected {wanted} of {n_classes} classes and at least one row; pass n_classes "
            "for another number of them, and bring further axes (time, pixels) into the first"
        )
    for argument, array in (("y", y), ("sample_weight", weight)):
        if array is not None and tuple(array.shape) != (n,):
            raise InvalidInputError(
                f"{argument} has shape {tuple(array.shape)}; expected ({n},), one entry for each row of the scores"
            )


def check_values(library: Library, n_classes: int, scores: Any, y: Any, weight: Any) -> None:
    """Refuse numbers that would stay in the running sums for good.

    Raises
    ------
    InvalidInputError
    """
    if not bool(library.xp.isfinite(scores).all()):
        raise InvalidInputError(
            "scores hold nan or infinity; lower the learning rate, or keep the last layer in single precision"
        )
    lowest, highest = int(y.min()), int(y.max())
    if lowest < 0 or highest >= n_classes:
        at_fault = lowest if lowest < 0 else highest
        raise InvalidInputError(f"y holds {at_fault}; expected class numbers from 0 to {n_classes - 1}")
    if weight is not None and not bool((weight >= 0).all() and weight.sum() > 0 and library.xp.isfinite(weight).all()):
        raise InvalidInputError(
            "sample_weight holds nan, infinity, a negative weight or zeros only; expected weights > 0"
        )
