"""Rankings: `DriftDisplay` of a model's inputs, `InfluenceDisplay` of its training rows."""

from __future__ import annotations

from abc import ABC
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from conjac.drift import DriftRanking, rank_drifts
from conjac.drift.tables import WHAT_IT_IS
from conjac.errors import InvalidInputError
from conjac.influence import InfluentialRows
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.views.displays.display import TITLE, Display
from conjac.views.summary.drift import Drift
from conjac.views.summary.influence import Way
from conjac.views.summary.measure import title_of
from conjac.views.summary.ranking import SHOWN, Ranking

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAVES = "* Such a drift, of this input alone, leaves the rows that were seen."


class _RankingDisplay(Display[Ranking], ABC):
    """Bars with whiskers."""

    def _size(self) -> tuple[float, float]:
        return 6.4, min(11.0, 2.0 + 0.22 * len(self.picture.bars))

    def _paint(self, ax: Axes) -> None:
        from conjac.views.charts.ranking import paint_ranking

        paint_ranking(ax, self.picture)

    def _place(self, ax: Axes) -> dict[str, Any]:
        """Above the bars, which leave no room, and the title above it."""
        from conjac.views.charts.canvas import shorten
        from conjac.views.charts.room import LINE, entitle, points

        entitle(ax, shorten(self.picture.title, TITLE), above=1.4 * LINE * points("x-small"))
        above = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.2, "ncols": 3}
        return {**above, "frameon": False, "fontsize": "x-small", "handletextpad": 0.2, "columnspacing": 1}

    def _figure(self, theme: Any) -> Any:
        from conjac.views.interactive.ranking import ranking

        return ranking(self.picture, theme)


class DriftDisplay(_RankingDisplay):
    """What a drift of each of a model's inputs does to a metric, the strongest first: sensitivity, not importance.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of` and `from_estimator`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(2000, 2)), rng.integers(0, 2, 2000)
    >>> ranking = cj.rank_drifts(lambda X: np.tanh(2 * X[:, 0] + X[:, 1]), X + 0.5 * y[:, None], y)
    >>> display = cj.DriftDisplay.of(ranking)
    >>> display.picture.title
    'Recall by a drift of 1 sd: numbers'
    >>> [bar.name for bar in display.picture.bars]
    ['x0', 'x1']
    """

    @classmethod
    def of(
        cls,
        ranking: DriftRanking,
        kind: str = "numeric",
        *,
        level: float = 0.95,
        n: int = SHOWN,
    ) -> Self:
        """Take one table of a ranking; nothing is drawn yet.

        Parameters
        ----------
        ranking : DriftRanking
            Whose table is drawn.
        kind : {"numeric", "categories"}
            Numbers by what one unit of drift does, or categories by what .01 of their share does: never one ranking. Of
            a column of two categories the second is told; the first moves the metric as far the other way.
        level : float
            Nominal coverage of an interval, inside (0, 1).
        n : int
            Bars, at most.

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        if kind not in ("numeric", "categories"):
            raise InvalidInputError(f"kind={kind!r}: expected 'numeric' or 'categories', which are never one ranking")
        picture = Drift.of(ranking, level).ranked(kind, n)
        notes = [f"{WHAT_IT_IS[:1].upper()}{WHAT_IT_IS[1:]}."]
        if any(one.note for one in picture.bars):
            notes.append(LEAVES)
        description = f"{picture.description} Intervals at {level:g}. {notes[0]}"
        return cls(replace(picture, caption=" ".join(notes), description=description))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        metric: str | Metric = "recall",
        kind: str = "numeric",
        level: float = 0.95,
        n: int = SHOWN,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Rank the drifts of a fitted classifier's inputs, and draw.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array or frame of shape (n_samples, n_features)
            As for `ConfusionJacobian.from_estimator`.
        y : array of shape (n_samples,)
            As for `ConfusionJacobian.from_estimator`.
        metric : str or Metric
            As for `rank_drifts`.
        kind : {"numeric", "categories"}
            As for `of`.
        level : float
            As for `of`.
        n : int
            As for `of`.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `rank_drifts`, such as ``unit`` and ``threshold``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        return cls.of(rank_drifts(estimator, X, y, metric, **options), kind, level=level, n=n).plot(ax)


class InfluenceDisplay(_RankingDisplay):
    """The training rows that move a figure the most: by their weight, left out, or under another label.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of` and `from_estimator`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> X = rng.normal(size=(2000, 3)) + y[:, None]
    >>> model = LogisticRegression().fit(X[:300], y[:300])
    >>> J = cj.ConfusionJacobian.from_estimator(
    ...     model, X[300:], y[300:], wrt="training_weights", training_data=(X[:300], y[:300])
    ... )
    >>> display = cj.InfluenceDisplay.of(J.influential_rows("recall"), by="relabelled", n=3)
    >>> display.picture.title
    'Recall by single training rows'
    >>> display.picture.bars[0].name
    'row ...: ... → ...'
    """

    @classmethod
    def of(
        cls,
        found: InfluentialRows,
        by: str = "weight",
        *,
        n: int = SHOWN,
        level: float = 0.95,
    ) -> Self:
        """Take the strongest rows of a result; nothing is drawn yet.

        Parameters
        ----------
        found : InfluentialRows
            Whose rows are drawn.
        by : {"weight", "removed", "relabelled"}
            Another unit of the row's weight, the row left out, or the row under the label that the model finds
            likeliest after its own.
        n : int
            Bars, at most.
        level : float
            Of the intervals, each of one row alone: of a thousand, some fifty miss at .95.

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        return cls(Way.of(found, by, level, n).ranked(title_of(found.metric), level))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        training_data: Any,
        metric: str | Metric = "recall",
        by: str = "weight",
        n: int = SHOWN,
        level: float = 0.95,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Find the influential training rows of a fitted classifier, and draw.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array or frame of shape (n_samples, n_features)
            As for `ConfusionJacobian.from_estimator`.
        y : array of shape (n_samples,)
            As for `ConfusionJacobian.from_estimator`.
        training_data : tuple
            (X, y) or (X, y, sample_weight), as ``estimator`` was fitted.
        metric : str or Metric
            Or a cell, such as "fn".
        by : {"weight", "removed", "relabelled"}
            As for `of`.
        n : int
            As for `of`.
        level : float
            As for `of`.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionJacobian.from_estimator`, such as ``threshold``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        J = ConfusionJacobian.from_estimator(
            estimator, X, y, wrt="training_weights", training_data=training_data, **options
        )
        return cls.of(J.influential_rows(metric), by, n=n, level=level).plot(ax)
