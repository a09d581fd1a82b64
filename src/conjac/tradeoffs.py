"""What one metric pays for another, from labels and scores: `tradeoff` along one parameter, `pareto_front` over all."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import ConditionOn, CoordinateName
from conjac.curve import ConfusionCurve
from conjac.decisions import Front, Tradeoff
from conjac.decisions import tradeoff as along_path
from conjac.decisions.charted import checked_level, points
from conjac.decisions.offsets import OffsetFront, OffsetPath, traced
from conjac.decisions.offsets.trace import N_POINTS
from conjac.decisions.path import ThresholdPath
from conjac.engines.classes import rule_of
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.multilabel import MultilabelCurves
from conjac.reading import as_number
from conjac.rules import ArgmaxRule
from conjac.tuning import read

OF_LABELS = "y_true has several labels, a threshold each: MultilabelCurves[label].tradeoff tells of one"


def tradeoff(
    y_true: Any,
    y_score: Any,
    first: str | Metric,
    second: str | Metric,
    *,
    along: Any = None,
    offsets: Any = None,
    values: Any = None,
    level: float = 0.95,
    coordinate: CoordinateName | None = None,
    labels: Any = None,
    pos_label: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    condition_on: ConditionOn | None = None,
) -> Tradeoff:
    """Compare two metrics as a threshold, or the offset of one class, moves: which of them pays, and at what rate.

    Parameters
    ----------
    y_true : array of shape (n_samples,)
        True labels.
    y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
        Scores of the positive class, or of every class in the order of ``labels``.
    first, second : str or Metric
        A name such as "f1_macro", an object of `conjac.metrics`, or a cell: "cell[cat, dog]", the rows of cat that are
        predicted dog; of two classes also "tn", "fp", "fn", "tp".
    along : label, optional
        Of more than two classes: the one whose offset moves.
    offsets : array of shape (K,) or (K + 1,), optional
        Of more than two classes: where the others are held, such as a decision's; by default 0. A decision may have
        chosen its coordinate: pass that as well.
    values : float or array of shape (n_points,), optional
        Thresholds, or values of the offset that moves, in units of ``coordinate``; by default 101 cut-offs, or 41
        offsets at which a row changes sides, evenly by rank.
    level : float
        Of the pointwise intervals by which signs are told, and of those in `Tradeoff.to_columns`.
    coordinate : {"probability", "logit", "percentile", "score"}, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    labels : sequence of length K, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    pos_label : label, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    sample_weight : array of shape (n_samples,), optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    groups : array of shape (n_samples,), optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    condition_on : "class", optional
        As for `conjac.ConfusionJacobian.from_predictions`.

    Returns
    -------
    Tradeoff
        Values, slopes and exchange rate at the points, with errors; its ``front`` is over all decisions.

    Raises
    ------
    InvalidInputError
        Input that cannot be used; no class named in ``along``.
    NotSupportedError
        ``along`` or ``offsets`` of two classes.
    UnknownMetricError
        Neither a metric nor a cell.

    Notes
    -----
    The exchange rate is the ratio of the two slopes; its interval is Fieller's set (1954), of two cells that of the
    delta method on the log scale. See :doc:`/decisions`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 3000)
    >>> u = rng.normal(size=(3000, 3)) + 1.5 * np.eye(3)[y]
    >>> found = cj.tradeoff(y, u, "recall[2]", "precision[2]", along=2, values=[-1, 0, 1])
    >>> found.signs
    array(['second pays', 'second pays', 'second pays'], dtype='<U12')
    >>> found.exchange_rate.value.round(1)  # recall lost for each unit of precision gained
    array([-2.8, -1.3, -0.7])
    """
    at = None if values is None else points(values, "values")
    given = read(
        y_true,
        y_score,
        pos_label,
        coordinate=coordinate,
        labels=labels,
        sample_weight=sample_weight,
        groups=groups,
        condition_on=condition_on,
    )
    checked_level(level)
    if isinstance(given, MultilabelCurves):
        raise NotSupportedError(OF_LABELS)
    if isinstance(given, ConfusionCurve):
        _refuse(along=along, offsets=offsets)
        return along_path(ThresholdPath(given), first, second, at, level)
    rule = rule_of(given.rows, offsets)
    if offsets is not None and not isinstance(getattr(offsets, "rule", offsets), ArgmaxRule) and float(offsets[0]) != 0:
        raise InvalidInputError(f"offsets[0] is {offsets[0]}: tell offsets less the first label's, as values are told")
    path = OffsetPath.of(given, rule, along)
    return along_path(path, first, second, at, level)


def pareto_front(
    y_true: Any,
    y_score: Any,
    first: str | Metric,
    second: str | Metric,
    *,
    n_points: int | None = None,
    reject: bool = False,
    coordinate: CoordinateName | None = None,
    labels: Any = None,
    pos_label: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    condition_on: ConditionOn | None = None,
) -> Front | OffsetFront:
    """Return the decisions that no other beats in both metrics: of all thresholds, or of all offsets together.

    Of two classes every cut-off is compared. Of more, the widest gap between two points is looked into, again and
    again, by the search of `maximize`: for the best weighted sum of both metrics, then for the best of the first with
    the second held. That is a heuristic, and may miss a better point. Offsets are added to the logarithms of
    probabilities, unless ``coordinate="score"`` asks for the probabilities themselves: the two are not mixed.

    Parameters
    ----------
    y_true : array of shape (n_samples,)
        True labels.
    y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
        Scores of the positive class, or of every class in the order of ``labels``.
    first, second : str or Metric
        As for `tradeoff`.
    n_points : int, optional
        Of more than two classes: points to look for, by default 21; there are fewer where no more are found.
    reject : bool
        Whether a row may be left without a prediction, as for "selective_accuracy" against "coverage". ``y_score`` then
        has a score a class, for two classes too.
    coordinate : {"probability", "logit", "percentile", "score"}, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    labels : sequence of length K, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    pos_label : label, optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    sample_weight : array of shape (n_samples,), optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    groups : array of shape (n_samples,), optional
        As for `conjac.ConfusionJacobian.from_predictions`.
    condition_on : "class", optional
        As for `conjac.ConfusionJacobian.from_predictions`.

    Returns
    -------
    Front or OffsetFront
        With the matrix and its Jacobian at each point; of several classes also the exchange rate along the front. Told
        on the rows it was chosen on: optimistic.

    Raises
    ------
    InvalidInputError
        Input that cannot be used.
    NotSupportedError
        ``n_points`` of two classes.
    UnknownMetricError
        Neither a metric nor a cell.

    Notes
    -----
    Weighted sums: J. L. Cohon 1978, Multiobjective Programming and Planning. Bounds: Y. Y. Haimes, L. S. Lasdon, D. A.
    Wismer 1971, IEEE Transactions on Systems, Man, and Cybernetics 1:296.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 3000)
    >>> u = rng.normal(size=(3000, 3)) + 1.5 * np.eye(3)[y]
    >>> front = cj.pareto_front(y, u, "recall[1]", "recall[2]", n_points=5)
    >>> front.first.round(2), front.second.round(2)
    (array([1.  , 0.97, 0.85, 0.58, 0.02]), array([0.17, 0.61, 0.87, 0.98, 1.  ]))
    """
    given = read(
        y_true,
        y_score,
        pos_label,
        reject,
        coordinate=coordinate,
        labels=labels,
        sample_weight=sample_weight,
        groups=groups,
        condition_on=condition_on,
    )
    if isinstance(given, MultilabelCurves):
        raise NotSupportedError(OF_LABELS)
    if isinstance(given, ConfusionCurve):
        _refuse(n_points=n_points)
        return Front.of(given, *(figure(name, given.labels, 2) for name in (first, second)))
    n = as_number(N_POINTS if n_points is None else n_points, "n_points")
    if not 2 <= n < np.inf or n % 1:
        raise InvalidInputError(f"n_points={n_points!r}: expected a whole number from 2 up")
    one, other = (figure(name, given.outcomes, len(given.rows.labels)) for name in (first, second))
    return traced(given, one, other, int(n))


def _refuse(**arguments: Any) -> None:
    """Raise where an argument of offsets is given, and a threshold decides."""
    for name, value in arguments.items():
        if value is not None:
            raise NotSupportedError(f"{name}={value!r} is for more than two classes; the threshold moves here")
