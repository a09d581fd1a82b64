"""From a model and its rows to the order of its inputs: `rank_drifts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from conjac._typing import AnyArray
from conjac.diagnostics import warned
from conjac.drift.ranking import DriftRanking
from conjac.engines.decided import Decided, decide
from conjac.engines.features import drifted
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs, Kinds, leaves_support, spread
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.models import bind
from conjac.perturbations import Features, Mix
from conjac.progress import Told, reporting
from conjac.reading import is_missing
from conjac.readonly import ReadOnly
from conjac.validation import Predictions

MISSING = "(missing)"


def rank_drifts(
    model: Any,
    X: Any,
    y: Any,
    metric: str | Metric = "recall",
    *,
    columns: Any = None,
    unit: Literal["sd", "raw"] = "sd",
    where: Any = None,
    categorical: Sequence[Any] = (),
    step: float | None = None,
    output: str = "auto",
    progress: Told | bool = False,
    **options: Any,
) -> DriftRanking:
    """Order a model's inputs by what a drift of each does to a metric.

    Parameters
    ----------
    model : fitted classifier, callable or `conjac.models.Model`
        Whatever scores rows.
    X : array or frame of shape (n_samples, n_features)
        Rows that it was not fitted on.
    y : array of shape (n_samples,)
        Their true labels.
    metric : str or Metric
        Such as "recall", "precision", "f1_macro", "recall[spam]".
    columns : str, int, or sequence of these, optional
        Which numeric columns. Default: all.
    unit : {"sd", "raw"}
        What a step of 1 is: a standard deviation, or 1 of the column.
    where : array of shape (n_samples,) of bool, callable, or label, optional
        Which rows drift. Default: all.
    categorical : sequence of str or int
        Columns of numbers that stand for categories.
    step : float, optional
        Recount at this drift either way, in units. All five as for `conjac.Features`.
    output : {"auto", "probabilities", "scores", "logits"}
        As for `ConfusionJacobian.from_estimator`.
    progress : bool or callable
        True shows a bar on standard error; a callable is told the share of a recount that is done.
    **options
        As for `conjac.confusion_jacobian`: threshold, offsets, coordinate, labels, pos_label, sample_weight, groups,
        condition_on.

    Returns
    -------
    DriftRanking
        Numbers by what one unit of drift does; categories, in a table of their own, by what their share does. It tells
        sensitivity, not importance: where the metric stands, and with every other input as it is.

    Raises
    ------
    InvalidInputError
        Input that cannot be used; the message says where and what to do.

    Warns
    -----
    ConjacWarning
        An interval that should not be believed, or is nan for want of rows.

    Notes
    -----
    One standard deviation is a unit, not a forecast: the figures are derivatives. A note tells where a drift of that
    size, of one input alone, leaves the data's support; inputs that move together have ``ranking.jacobian.jvp``. The
    method is in :doc:`/features`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 4000)
    >>> X = rng.normal(size=(4000, 3)) + np.outer(y, [1.0, 0.5, 0.0])
    >>> ranking = cj.rank_drifts(LogisticRegression().fit(X, y), X, y, metric="recall")
    >>> ranking.order
    ('x0', 'x1', 'x2')
    """
    bound = bind(model, output)
    inputs = Inputs.of(X, bound.columns)
    if inputs.is_image:
        raise InvalidInputError(
            f"X holds images of shape {inputs.shape}, whose pixels are not ranked; ask for "
            "ConfusionJacobian.from_estimator(..., wrt='features'), and see it by PixelDisplay"
        )
    kinds = Kinds.of(inputs, [*categorical, *bound.coded(inputs.names)])
    names = [inputs.names[place] for place in kinds.numeric]
    asked = None if columns is None else {inputs.names[place] for place in inputs.places(columns)}
    kinds.refuse_aside(asked or ())
    drifting = names if asked is None else [name for name in names if name in asked]
    decided = decide(bound, X, y, **options)
    J, told, notes = None, None, dict[str, str]()
    if drifting:
        features = Features(drifting, unit, where, categorical, step)
        with reporting(progress, "drifting the inputs") as report:
            J = ConfusionJacobian(normalize=None, **drifted(decided, features, report))
        told = J.of(metric)
        found = leaves_support(inputs, kinds.numeric, spread(inputs, kinds.numeric, decided.rows.weight))
        notes = {name: note for name, note in zip(names, found, strict=True) if note and name in drifting}
        warned(J)
    shares = {
        name: _of_share(decided, Mix(_values(inputs, places), name))
        for name, places in kinds.categories.items()
        if where is None and (asked is None or asked & {name, *(inputs.names[place] for place in places)})
    }
    left_out = {} if asked is not None else kinds.aside
    return DriftRanking(metric, told, J, ReadOnly(shares), ReadOnly(notes), ReadOnly(left_out))


def _of_share(decided: Decided, mix: Mix) -> ConfusionJacobian:
    same: dict[str, Any] = {"coordinate": decided.coordinate, "condition_on": decided.condition_on, "mix": mix}
    if isinstance(decided.rows, Predictions):
        return ConfusionJacobian.from_rows(decided.rows, threshold=decided.threshold, **same)
    return ConfusionJacobian.from_classes(decided.rows, offsets=decided.rule, **same)


def _values(inputs: Inputs, places: Sequence[int]) -> AnyArray:
    """Return each row's category: a column's own, or of one-hot columns the name of that which is 1."""
    if len(places) > 1:
        names = np.array([inputs.names[place] for place in places])
        return np.asarray(names[np.argmax([inputs.column(place) for place in places], axis=0)])
    values = inputs.column(places[0])
    if values.dtype.kind not in "Of" or not any(map(is_missing, values)):
        return values
    return np.array([MISSING if is_missing(value) else str(value) for value in values])
