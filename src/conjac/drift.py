"""Which input's drift would move a metric the most: `rank_drifts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from conjac._typing import AnyArray
from conjac.diagnostics import warned
from conjac.engines.decided import Decided, decide
from conjac.errors import InvalidInputError
from conjac.frames import as_plain, to_frame
from conjac.inputs import Inputs, Kinds, leaves_support, spread
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.metrics.rejection import resolve_outcomes
from conjac.models import bind
from conjac.perturbations import SHARE_UNIT, Features, Mix
from conjac.progress import Told, reporting
from conjac.reading import is_missing
from conjac.readonly import ReadOnly
from conjac.rules import outcomes_of
from conjac.sensitivity import Sensitivity
from conjac.validation import Predictions

WHAT_IT_IS = "sensitivity, not importance"
MISSING = "(missing)"


@dataclass(frozen=True, eq=False, repr=False)
class DriftRanking:
    """How far a metric moves as each input drifts: two tables, of numbers and of categories.

    Made by `rank_drifts`.

    Attributes
    ----------
    metric : str or Metric
        What was asked for.
    told : Sensitivity or None
        Of it by the numeric inputs, in the order of ``jacobian.parameters``; None where there are none.
    jacobian : ConfusionJacobian or None
        Of the numeric inputs: ``jvp`` tells of several that drift together.
    shares : mapping of str to ConfusionJacobian
        Of each column of categories, or of one-hot columns together, where all rows drift.
    notes : mapping of str to str
        Of the numeric inputs whose drift, alone, leaves the data's support.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(2000, 2)), rng.integers(0, 2, 2000)
    >>> score = lambda X: np.tanh(X[:, 0] + X[:, 1])
    >>> cj.rank_drifts(score, X + 0.5 * y[:, None], y)
    What a drift of each input does to recall = 0.7645: sensitivity, not importance
      numbers, tangent
      x0     +0.1992 ± 0.012    per 1 sd
      x1     +0.1983 ± 0.012    per 1 sd
    """

    metric: str | Metric
    told: Sensitivity | None
    jacobian: ConfusionJacobian | None
    shares: Mapping[str, ConfusionJacobian]
    notes: Mapping[str, str]

    @property
    def order(self) -> tuple[str, ...]:
        """The numeric inputs, the one that moves the metric the most first."""
        if self.told is None or self.jacobian is None:
            return ()
        size = np.nan_to_num(np.abs(self.told.gradient), nan=-1.0)
        return tuple(self.jacobian.parameters[place] for place in np.argsort(-size, kind="stable"))

    def to_columns(self, table: str = "numeric", level: float = 0.95) -> dict[str, list[Any]]:
        """Return a table as columns, what moves the metric the most first.

        Parameters
        ----------
        table : {"numeric", "categories"}
        level : float
            Of the intervals.

        Raises
        ------
        InvalidInputError
            Another table.
        """
        if table not in ("numeric", "categories"):
            raise InvalidInputError(f"table={table!r}: expected 'numeric' or 'categories', which are never one ranking")
        return _numeric(self, level) if table == "numeric" else _categories(self, level)

    def to_frame(self, table: str = "numeric", backend: str = "pandas", level: float = 0.95) -> Any:
        """Return a table as a frame: arguments as for `to_columns`, and {"pandas", "polars", "pyarrow"}."""
        return to_frame(self.to_columns(table, level), backend)

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Return both tables as plain types, ready for JSON; nan becomes None."""
        J = self.jacobian
        found: dict[str, Any] = as_plain(
            {
                "schema": "conjac.drifts/1",
                "what": WHAT_IT_IS,
                "level": level,
                "method": None if J is None else J.method,
                "numeric": self.to_columns("numeric", level),
                "categories": self.to_columns("categories", level),
                "diagnostics": {} if J is None else dict(J.diagnostics),
            }
        )
        return found

    def __repr__(self) -> str:
        """Show both tables."""
        return _text(self)


def rank_drifts(
    model: Any,
    X: Any,
    y: Any,
    metric: str | Metric = "recall",
    *,
    columns: Sequence[Any] | None = None,
    unit: Literal["sd", "raw"] = "sd",
    where: Any = None,
    categorical: Sequence[Any] = (),
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
    y : array of shape (n_samples,)
    metric : str or Metric
        Such as "recall", "precision", "f1_macro", "recall[spam]".
    columns, unit, where, categorical
        As for `conjac.Features`.
    output : {"auto", "probabilities", "scores", "logits"}
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
    size, of one input alone, leaves the data's support; inputs that move together have ``ranking.jacobian.jvp``.

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
    kinds = Kinds.of(inputs, [*categorical, *bound.coded()])
    names = [inputs.names[place] for place in kinds.numeric]
    asked = None if columns is None else {inputs.names[inputs.place(name)] for name in columns}
    drifting = names if asked is None else [name for name in names if name in asked]
    decided = decide(bound, X, y, **options)
    J, told, notes = None, None, dict[str, str]()
    if drifting:
        features = Features(drifting, unit, where, categorical)
        with reporting(progress, "drifting the inputs") as report:
            J = ConfusionJacobian.from_model(decided, features, report=report)
        told = J.of(metric)
        found = leaves_support(inputs, kinds.numeric, spread(inputs, kinds.numeric, decided.rows.weight))
        notes = {name: note for name, note in zip(names, found, strict=True) if note and name in drifting}
        warned(J)
    shares = {
        name: _of_share(decided, Mix(_values(inputs, places), name))
        for name, places in kinds.categories.items()
        if where is None and (asked is None or asked & {name, *(inputs.names[place] for place in places)})
    }
    return DriftRanking(metric, told, J, ReadOnly(shares), ReadOnly(notes))


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


def _numeric(ranking: DriftRanking, level: float) -> dict[str, list[Any]]:
    J, told = ranking.jacobian, ranking.told
    if J is None or told is None:
        return {}
    places = [J.parameters.index(name) for name in ranking.order]
    lower, upper = told.confint(level)
    figures = {
        "gradient": told.gradient,
        "center": told.center,
        "stderr": told.stderr,
        "lower": lower,
        "upper": upper,
        "elasticity": told.elasticity,
        "sd": np.array(list(J.diagnostics["spread"].values())),
        "bias": _bias(ranking, told.gradient),
        "step": np.array(list(J.diagnostics.get("step", dict.fromkeys(J.parameters, np.nan)).values())),
    }
    n = len(places)
    return {
        "feature": list(ranking.order),
        "metric": [told.metric] * n,
        "value": [told.value] * n,
        **{name: figure[places].tolist() for name, figure in figures.items()},
        "unit": [J.units[place] for place in places],
        "method": [J.method] * n,
        "note": [ranking.notes.get(name, "") for name in ranking.order],
    }


def _bias(ranking: DriftRanking, like: AnyArray) -> AnyArray:
    """Return the estimated bias of difference quotients as derivatives; nan where margins have derivatives."""
    J = ranking.jacobian
    if J is None or "bias" not in J.diagnostics:
        return np.full(like.shape, np.nan)
    row = resolve_outcomes(ranking.metric, outcomes_of(J.labels, J.cells.weight.shape[-1]), len(J.labels))
    gradient = row.gradient(J.cells.weight[0].astype(np.float64))
    return np.asarray(np.tensordot(np.nan_to_num(gradient), J.diagnostics["bias"], axes=2))


def _categories(ranking: DriftRanking, level: float) -> dict[str, list[Any]]:
    rows = []
    for name, J in ranking.shares.items():
        told = J.of(ranking.metric)
        lower, upper = told.confint(level)
        of_category = zip(
            J.diagnostics["shares"].items(), told.gradient, told.stderr, lower, upper, told.elasticity, strict=True
        )
        rows += [(name, category, share, *figures) for (category, share), *figures in of_category]
    rows.sort(key=lambda row: -np.nan_to_num(abs(row[3]), nan=-1.0))
    keys = ("column", "category", "share", "gradient", "stderr", "lower", "upper", "elasticity")
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for row in rows:
        for key, value in zip(keys, row, strict=True):
            found[key].append(value if isinstance(value, str) else float(value))
    return {**found, "unit": [SHARE_UNIT] * len(rows)}


def _text(ranking: DriftRanking) -> str:
    numeric, categories = ranking.to_columns("numeric"), ranking.to_columns("categories")
    name = numeric["metric"][0] if numeric else str(ranking.metric)
    value = f" = {numeric['value'][0]:.4g}" if numeric else ""
    lines = [f"What a drift of each input does to {name}{value}: {WHAT_IT_IS}"]
    if numeric:
        assert ranking.jacobian is not None
        width = max(map(len, numeric["feature"]))
        lines.append(f"  numbers, {ranking.jacobian.method}")
        rows = zip(*(numeric[key] for key in ("feature", "gradient", "stderr", "unit", "note")), strict=True)
        lines += [
            f"  {feature:<{width}}  {slope:>+10.4g} ± {error:<8.2g} per {unit}{note and f'  ({note})'}"
            for feature, slope, error, unit, note in rows
        ]
    if categories["column"]:
        told = [
            f"{column} = {category}"
            for column, category in zip(categories["column"], categories["category"], strict=True)
        ]
        width = max(map(len, told))
        lines.append("  categories, by their share")
        rows = zip(told, categories["share"], categories["gradient"], categories["stderr"], strict=True)
        lines += [
            f"  {which:<{width}}  {slope / 100:>+10.4g} ± {error / 100:<8.2g} per .01 of share, now {share:.3g}"
            for which, share, slope, error in rows
        ]
    return "\n".join(lines)
