"""What a drift of each of a model's inputs does to the chosen metric: numbers, and the shares of categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from conjac.drift import DriftRanking
from conjac.jacobian import ConfusionJacobian
from conjac.views.summary.measure import UNDEFINED, Measure, clean, title_of
from conjac.views.summary.ranking import SHOWN, Ranked, Ranking

SHARE = 0.01
"""Of a category: the step that slopes are told for."""


@dataclass(frozen=True)
class Number:
    """An input that drifts.

    Attributes
    ----------
    name : str
    change : Measure
        Of the metric, for one unit of drift.
    relative : float
        The same as a share of the metric's value.
    sd : float
        Standard deviation of the rows, in the input's own units.
    step : float
        Half-width of the recount, in these units; nan where there was none.
    bias : float
        Estimated, of the change as told by the recount; nan where there was none.
    note : str
        How a drift of it alone leaves what was seen; empty where it does not.
    """

    name: str
    change: Measure
    relative: float
    sd: float
    step: float
    bias: float
    note: str


@dataclass(frozen=True)
class Category:
    """A category whose share moves.

    Attributes
    ----------
    name : str
        For a figure: "region = north", or of one-hot columns the category's own.
    column, category : str
    share : float
        Of the rows.
    change : Measure
        Of the metric, for one hundredth of share.
    relative : float
        The same as a share of the metric's value.
    note : str
        Empty: shares of categories that were seen leave nothing.
    """

    name: str
    column: str
    category: str
    share: float
    change: Measure
    relative: float
    note: str = ""


@dataclass(frozen=True)
class Drift:
    """What a drift of each input does to the chosen metric: sensitivity, not importance.

    Attributes
    ----------
    metric_title : str
    value : Measure
        Of the metric as it stands.
    method : {"tangent", "secant", "undefined"} or None
        Of the numbers; None where there are none.
    derivative : str
        Whose derivative of the scores was used, or why none.
    response : str
        What gave the scores.
    unit : {"sd", "raw"}
        Of the numbers' drift.
    numbers : tuple of Number
        What moves the metric the most first.
    categories : tuple of Category
        Likewise, those without an interval last. Of two categories the second is told: the first moves the metric as
        far the other way.
    left_out : tuple of (str, str)
        Inputs that neither drift nor have shares, and why.
    """

    metric_title: str
    value: Measure
    method: str | None
    derivative: str
    response: str
    unit: str
    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    left_out: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, ranking: DriftRanking, level: float) -> Drift:
        """Take what a report shows from a ranking.

        Parameters
        ----------
        ranking : DriftRanking
        level : float
            Of the intervals.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> X, y = np.random.default_rng(0).normal(size=(2000, 2)), np.arange(2000) % 2
        >>> ranking = cj.rank_drifts(lambda X: np.tanh(2 * X[:, 0] + X[:, 1]), X + y[:, None], y)
        >>> [one.name for one in Drift.of(ranking, level=0.95).numbers]
        ['x0', 'x1']
        """
        J, told = ranking.jacobian, ranking.told
        if told is None:
            told = next((one.of(ranking.metric) for one in ranking.shares.values()), None)
        read: Mapping[str, Any] = {} if J is None else J.diagnostics
        return cls(
            metric_title=title_of(_name(ranking.metric) if told is None else told.metric),
            value=UNDEFINED if told is None else Measure.of(told.value, told.value_confint(level)),
            method=None if J is None else J.method,
            derivative=clean(read.get("derivative", "")),
            response=clean(read.get("response_method", "")),
            unit="raw" if J is not None and J.units[0] != "1 sd" else "sd",
            numbers=_numbers(ranking, level),
            categories=_categories(ranking, level),
            left_out=tuple((clean(name), clean(why)) for name, why in ranking.left_out.items()),
        )

    @property
    def ranked_numbers(self) -> Ranking:
        """The numbers, as a picture."""
        return self.ranked("numeric")

    @property
    def ranked_categories(self) -> Ranking:
        """The categories, as a picture; never one ranking with the numbers."""
        return self.ranked("categories")

    def ranked(self, kind: str, shown: int = SHOWN) -> Ranking:
        """Return the inputs of one kind as a picture.

        Parameters
        ----------
        kind : {"numeric", "categories"}
        shown : int
            Bars, at most.
        """
        numeric = kind == "numeric"
        unit = f"{SHARE:g} of share" if not numeric else "1 sd" if self.unit == "sd" else "1"
        title = f"{self.metric_title} by a drift of {unit}: {'numbers' if numeric else 'categories'}"
        ranked: Sequence[Ranked] = self.numbers if numeric else self.categories
        return Ranking.of(ranked, title, f"change per {unit}", shown)


def _numbers(ranking: DriftRanking, level: float) -> tuple[Number, ...]:
    columns = ranking.to_columns("numeric", level)
    if not columns:
        return ()
    n = len(columns["feature"])
    columns = {"step": [nan] * n, "bias": [nan] * n, **columns}  # a recount alone has these
    keys = ("feature", "gradient", "lower", "upper", "elasticity", "sd", "step", "bias", "note")
    return tuple(
        Number(clean(name), Measure(slope, lower, upper), relative, sd, step, bias, clean(note))
        for name, slope, lower, upper, relative, sd, step, bias, note in zip(*map(columns.get, keys), strict=True)
    )


def _categories(ranking: DriftRanking, level: float) -> tuple[Category, ...]:
    columns = ranking.to_columns("categories", level)
    first = {column: _first_of_two(J) for column, J in ranking.shares.items()}
    keys = ("column", "category", "share", "gradient", "lower", "upper", "elasticity")
    return tuple(
        Category(
            clean(_called(column, category)),
            clean(column),
            clean(category),
            share,
            Measure(slope, lower, upper).scaled(SHARE),
            relative * SHARE,
        )
        for column, category, share, slope, lower, upper, relative in zip(*map(columns.get, keys), strict=True)
        if category != first[column]
    )


def _first_of_two(J: ConfusionJacobian) -> str | None:
    """Return the first of two categories; None of more."""
    shares = list(J.diagnostics["shares"])
    return shares[0] if len(shares) == 2 else None


def _called(column: str, category: str) -> str:
    """Return what to call a category: of one-hot columns, which are told together, its own name says all."""
    return category if category in column.split(", ") else f"{column} = {category}"


def _name(metric: Any) -> str:
    return str(getattr(metric, "name", metric))
