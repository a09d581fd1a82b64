"""Rows as points of a plane, by what they add to a slope: `PointMapDisplay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from conjac.contributions import RowContributions
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.rules import outcomes_of
from conjac.views.displays.display import Display
from conjac.views.summary.point_map import N_POINTS, PointMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


BELOW = 22.0
"""Points from the frame to the legend."""


class PointMapDisplay(Display[PointMap]):
    """Each row as a point, by what it adds to a slope: who sits on the boundary, who flips next.

    Rows that add nothing are small and pale; filled points make the figure rise with the parameter, and hollow ones
    make it fall. Rings mark the rows that flip next, and the first of them have their number beside them.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of` and `from_estimator`.

    Examples
    --------
    >>> import conjac as cj
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.preprocessing import scale
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X = scale(X)
    >>> model = LogisticRegression(C=0.01).fit(X[:200], y[:200])
    >>> J = cj.ConfusionJacobian.from_estimator(model, X[200:], y[200:])
    >>> display = cj.PointMapDisplay.of(J.contributions("fn"), X[200:])
    >>> display.picture.x_label
    'component 1 (46 %)'
    >>> len(display.picture.rising)  # rows that are predicted otherwise first as the threshold rises
    8
    """

    size = (7.2, 5.0)

    @classmethod
    def of(
        cls,
        contributions: RowContributions,
        X: Any,
        *,
        method: str = "pca",
        n_points: int = N_POINTS,
        random_state: Any = None,
    ) -> Self:
        """Place the rows of a result; nothing is drawn yet.

        Parameters
        ----------
        contributions : RowContributions
            From `ConfusionJacobian.contributions`.
        X : array or frame of shape (n_samples, n_columns)
            What tells rows apart: the model's inputs, or anything else of the same rows. Columns are standardised,
            categories one-hot, and missing numbers taken as the median.
        method : {"pca", "tsne", "umap"}
            Principal components, whose distances are to scale; or a map of neighbours, whose are not.
        n_points : int
            Rows that are shown, at most: those that flip next and that add the most, and a sample of the others.
        random_state : None, int or RandomState
            Of that sample, and of maps of neighbours.

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            Other rows, another method, or nothing that tells rows apart.
        MissingDependencyError
            UMAP is not installed.
        """
        return cls(PointMap.of(contributions, X, method, n_points, random_state))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        cell: str | Metric | None = None,
        parameter: str | None = None,
        method: str = "pca",
        n_points: int = N_POINTS,
        random_state: Any = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Differentiate the matrix of a fitted classifier, and draw its rows.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array or frame of shape (n_samples, n_features)
            As for `ConfusionJacobian.from_estimator`.
        y : array of shape (n_samples,)
            As for `ConfusionJacobian.from_estimator`.
        cell : str or Metric, optional
            Whose slope: as for `ConfusionJacobian.contributions`. Default: "fn" of two classes, of more the confusion
            that is most frequent.
        parameter : str, optional
            One of those that move. Default: the one that moves the figure the fastest.
        method : {"pca", "tsne", "umap"}
            As for `of`.
        n_points : int
            As for `of`.
        random_state : None, int or RandomState
            As for `of`.
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionJacobian.from_estimator`, such as ``wrt`` and ``threshold``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        J = ConfusionJacobian.from_estimator(estimator, X, y, **options)
        cell = _most_confused(J) if cell is None else cell
        contributions = J.contributions(cell, J.fastest(cell) if parameter is None else parameter)
        return cls.of(contributions, X, method=method, n_points=n_points, random_state=random_state).plot(ax)

    def _paint(self, ax: Axes) -> None:
        from conjac.views.charts.point_map import paint_point_map

        paint_point_map(ax, self.picture)

    def _place(self, ax: Axes) -> dict[str, Any]:
        """Below the axes, where no row lies."""
        from conjac.views.charts.colours import narrow
        from conjac.views.charts.room import beneath

        return {**beneath(ax, BELOW), "ncols": 1 if narrow(ax) else 3, "columnspacing": 1.2}

    def _figure(self, theme: Any) -> Any:
        from conjac.views.interactive.point_map import point_map

        return point_map(self.picture, theme)


def _most_confused(J: ConfusionJacobian) -> str:
    """Return the name of the cell of wrong predictions with the most rows; of two classes that of false negatives."""
    if J.matrix.shape == (2, 2):
        return "fn"
    wrong = np.array(J.matrix, dtype=np.float64)
    np.fill_diagonal(wrong, -1.0)
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    return f"cell[{J.labels[i]}, {outcomes_of(J.labels, wrong.shape[1])[j]}]"
