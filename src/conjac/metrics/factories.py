"""Metrics with parameters of their own: F-beta, expected cost and net benefit."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError
from conjac.metrics.averages import AVERAGES, AverageName, averaged
from conjac.metrics.binary import ALL, FN, FP, TP
from conjac.metrics.domain import RATIO, REAL
from conjac.metrics.formulas import ratio
from conjac.metrics.rows import Metric


def fbeta(beta: float, *, average: AverageName | None = None) -> Metric:
    """F-beta: the harmonic mean of precision and recall, recall weighing beta times as much.

    Parameters
    ----------
    beta : float
        Not negative: 1 is F1, 2 leans to recall, 0 is precision.
    average : {"macro", "micro", "weighted"}, optional
        None for the positive class of a binary problem; else the average over the classes.

    Returns
    -------
    Metric
        ``(1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP)``, 0.0 where that is 0/0.

    Raises
    ------
    InvalidInputError
        If `beta` is negative or not finite, or `average` is none of the three.

    References
    ----------
    Van Rijsbergen, C. J., *Information Retrieval*, 2nd ed. (1979), chapter 7; ``sklearn.metrics.fbeta_score``.

    Examples
    --------
    >>> round(float(fbeta(2).value([[90, 10], [20, 80]])), 6)
    0.816327
    """
    if not (is_number(beta) and math.isfinite(beta) and beta >= 0):
        raise InvalidInputError(f"beta is {beta!r}; expected a finite number >= 0, such as 2 to lean to recall")
    if average is not None and average not in AVERAGES:
        raise InvalidInputError(f"average is {average!r}; expected None or one of {', '.join(map(repr, AVERAGES))}")
    square = beta**2
    row = ratio(f"fbeta({beta:g})", (1 + square) * TP, (1 + square) * TP + square * FN + FP)
    return row if average is None else averaged(row, average, f"fbeta({beta:g})_{average}")


def expected_cost(cost_matrix: npt.ArrayLike) -> Metric:
    """Mean cost of a row; less is better.

    Parameters
    ----------
    cost_matrix : array-like of shape (n_classes, n_classes) or (n_classes, n_classes + 1)
        ``cost_matrix[true, predicted]``, in any unit; gains are negative costs. Classes are in the order of the
        result's ``labels``: sorted, or as listed; of two, the positive one is last. One column more is that of a
        reject option. A frame's rows and columns must be named in that order, or not at all.

    Returns
    -------
    Metric
        ``sum(cost_matrix * cells) / sum(cells)``, in the unit of the costs, per row; nan for an empty table.

    Raises
    ------
    InvalidInputError
        If the costs are not a square matrix of finite numbers for at least two classes, or a frame's rows and columns
        are in different orders.

    References
    ----------
    Elkan, C., "The foundations of cost-sensitive learning", IJCAI 2001.

    Examples
    --------
    >>> cost = expected_cost([[0, 1], [5, 0]])  # a missed positive costs as much as five false alarms
    >>> float(cost.value([[90, 10], [20, 80]])), round(float(cost.exchange_rate([[90, 10], [20, 80]])), 9)
    (0.55, 5.0)
    """
    try:
        costs = np.asarray(cost_matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"cost_matrix is {cost_matrix!r}; expected numbers of shape "
            "(n_classes, n_classes), such as [[0, 1], [5, 0]]"
        ) from error
    rejects = costs.ndim == 2 and costs.shape[1] == len(costs) + 1 > 2
    if rejects:
        costs = np.vstack([costs, np.zeros(costs.shape[1])])  # nobody is truly of the reject option
    if costs.ndim != 2 or costs.shape[0] != costs.shape[1] or len(costs) < 2:
        raise InvalidInputError(
            f"cost_matrix has shape {costs.shape}; expected (n_classes, n_classes) for 2 or more classes, as "
            "cost_matrix[true, predicted], or one column more for a reject option"
        )
    if not np.isfinite(costs).all():
        at = tuple(map(int, np.argwhere(~np.isfinite(costs))[0]))
        raise InvalidInputError(f"cost_matrix[{at[0]}, {at[1]}] is {costs[at]}; expected a finite cost")
    row = ratio(
        "expected_cost",
        costs,
        np.ones_like(costs),
        domain=RATIO if costs.min() >= 0 else REAL,
        greater_is_better=False,
        undefined=float("nan"),
    )
    traits = row.traits | {"reject"} if rejects else row.traits
    return replace(row, labels=_names_of(cost_matrix), traits=traits)


def _names_of(cost_matrix: Any) -> tuple[str, ...] | None:
    """Return the classes that a frame of costs names; None where it names none."""
    if not (hasattr(cost_matrix, "index") and hasattr(cost_matrix, "columns")):
        return None
    true, predicted = ([str(name) for name in names] for names in (cost_matrix.index, cost_matrix.columns))
    if true == list(map(str, range(len(true)))) == predicted[: len(true)]:
        return None
    if true != predicted[: len(true)]:
        raise InvalidInputError(
            f"cost_matrix has rows {true} and columns {predicted}: bring both into one order, the true classes as rows"
        )
    return tuple(true)


def net_benefit(threshold_probability: float) -> Metric:
    """Net benefit of decision-curve analysis, at one fixed exchange rate of harms.

    Parameters
    ----------
    threshold_probability : float
        In (0, 1): the risk at which treating and not treating are worth the same, so that one true positive
        is worth ``(1 - p) / p`` false positives. It stays what it is when the classifier's threshold moves;
        for a decision curve, along which the two are one, see `decision_curve_slope`.

    Returns
    -------
    Metric
        ``(TP - FP p / (1 - p)) / n``, in true positives per row; nan for an empty table.

    Raises
    ------
    InvalidInputError
        If the probability is not inside (0, 1).

    References
    ----------
    Vickers, A. J., E. B. Elkin, "Decision curve analysis", *Medical Decision Making* 26 (2006).

    Examples
    --------
    >>> benefit = net_benefit(0.2)
    >>> cells = [[90, 10], [20, 80]]
    >>> float(benefit.value(cells)), round(float(benefit.exchange_rate(cells)), 9)
    (0.3875, 4.0)
    """
    p = threshold_probability
    if not (is_number(p) and 0 < p < 1):
        raise InvalidInputError(f"threshold_probability is {p!r}; expected a probability inside (0, 1), such as 0.1")
    return ratio(f"net_benefit({p:g})", TP - FP * (p / (1 - p)), ALL, domain=REAL, undefined=float("nan"))


def decision_curve_slope(cells: npt.ArrayLike, cells_slope: npt.ArrayLike, threshold: npt.ArrayLike) -> FloatArray:
    """Slope of a decision curve: net benefit where the threshold probability is the classifier's threshold.

    Along the curve ``NB(t) = TP(t)/n - FP(t)/n * t/(1-t)`` the threshold acts twice: it moves the cells,
    and it changes the exchange rate of harms, whose derivative is ``d[t/(1-t)]/dt = 1/(1-t)^2``. So ::

        dNB/dt = net_benefit(t).gradient(C) . dC/dt - FP/n / (1-t)^2

    Parameters
    ----------
    cells, cells_slope : array-like of shape (..., 2, 2)
        The matrix ``[[TN, FP], [FN, TP]]`` and its derivative, per unit of the threshold as a probability;
        complex numbers are allowed.
    threshold : array-like of shape (...)
        In (0, 1).

    Returns
    -------
    array of shape (...)
        Net benefit per unit of threshold; nan for an empty table.

    Raises
    ------
    InvalidInputError
        If a matrix is not 2 x 2, or a threshold is not inside (0, 1).

    References
    ----------
    Vickers, A. J., E. B. Elkin, "Decision curve analysis", *Medical Decision Making* 26 (2006).

    Examples
    --------
    >>> float(decision_curve_slope([[90, 10], [20, 80]], [[20, -20], [30, -30]], 0.5))
    -0.25
    """
    c, slope = (np.asarray(x, np.complex128 if np.iscomplexobj(x) else np.float64) for x in (cells, cells_slope))
    t = np.asarray(threshold, dtype=np.float64)
    for argument, matrix in (("cells", c), ("cells_slope", slope)):
        if matrix.shape[-2:] != (2, 2):
            raise InvalidInputError(f"{argument} has shape {matrix.shape}; expected (..., 2, 2)")
    if not ((t > 0) & (t < 1)).all():
        raise InvalidInputError(f"threshold is {threshold!r}; expected probabilities inside (0, 1)")
    odds = t / (1 - t)
    n, n_slope = c.sum(axis=(-2, -1)), slope.sum(axis=(-2, -1))
    n = np.where(n == 0, np.nan, n)
    # The gradient of net_benefit(t) written out, since here every matrix has a threshold of its own.
    benefit = (c[..., 1, 1] - odds * c[..., 0, 1]) / n
    fixed_rate = (slope[..., 1, 1] - odds * slope[..., 0, 1] - benefit * n_slope) / n
    return np.asarray(fixed_rate - c[..., 0, 1] / n / (1 - t) ** 2)


def is_number(x: Any) -> bool:
    """Whether x is a real number; True and False are not."""
    return isinstance(x, Real) and not isinstance(x, bool)
