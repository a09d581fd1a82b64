"""The matrix and its Jacobian as heat maps: `ConfusionMatrixDisplay`, `ConfusionJacobianDisplay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from conjac.jacobian import ConfusionJacobian
from conjac.views.displays.display import Display
from conjac.views.summary.heatmap import HeatMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class _HeatMapDisplay(Display[HeatMap]):
    """A heat map of cells."""

    def without_diagonal(self) -> Self:
        """Return the same with no colour on the diagonal, so that errors set the scale; nothing is drawn yet.

        Returns
        -------
        Display
            Another one, of the same figures.
        """
        return type(self)(self.picture.without_diagonal())

    def _size(self) -> tuple[float, float]:
        rows, columns = len(self.picture.rows), len(self.picture.columns)
        return min(11.0, max(4.8, 1.7 * columns)), min(9.5, max(3.6, (1.2 if rows <= 5 else 0.36) * rows))

    def _paint(self, ax: Axes) -> None:
        from conjac.views.charts.heatmap import paint_heatmap

        paint_heatmap(ax, self.picture)

    def _figure(self, theme: Any) -> Any:
        from conjac.views.interactive.heatmap import heatmap

        return heatmap(self.picture, theme)


class ConfusionMatrixDisplay(_HeatMapDisplay):
    """The confusion matrix, each cell with its interval, coloured by the share of its true class.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of`, `from_estimator` and `from_predictions`.

    Examples
    --------
    >>> import conjac as cj
    >>> J = cj.confusion_jacobian([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
    >>> cj.ConfusionMatrixDisplay.of(J).picture.value
    ((50.0, 50.0), (50.0, 50.0))
    """

    @classmethod
    def of(cls, J: ConfusionJacobian, level: float = 0.95) -> Self:
        """Take the matrix of a result; nothing is drawn yet.

        Parameters
        ----------
        J : ConfusionJacobian
            Whose matrix is drawn.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return cls(HeatMap.of_matrix(J, level))

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, level: float = 0.95, ax: Axes | None = None, **options: Any
    ) -> Self:
        """Score ``X`` with a fitted classifier, and draw.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array or frame of shape (n_samples, n_features)
            As for `ConfusionJacobian.from_estimator`.
        y : array of shape (n_samples,)
            As for `ConfusionJacobian.from_estimator`.
        level : float
            Nominal coverage of an interval, inside (0, 1).
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionJacobian.from_estimator`, such as ``threshold`` and ``normalize``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        return cls.of(ConfusionJacobian.from_estimator(estimator, X, y, **options), level).plot(ax)

    @classmethod
    def from_predictions(
        cls, y_true: Any, y_score: Any, *, level: float = 0.95, ax: Axes | None = None, **options: Any
    ) -> Self:
        """Count cells from labels and scores, and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            As for `ConfusionJacobian.from_predictions`.
        y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
            As for `ConfusionJacobian.from_predictions`.
        level : float
            Nominal coverage of an interval, inside (0, 1).
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionJacobian.from_predictions`, such as ``threshold`` and ``normalize``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        return cls.of(ConfusionJacobian.from_predictions(y_true, y_score, **options), level).plot(ax)


class ConfusionJacobianDisplay(_HeatMapDisplay):
    """How fast each cell of the matrix moves, centred on zero, with signs and arrows that read in grey.

    Parameters
    ----------
    picture : Picture
        The figures that are drawn, as plain types: made by `of`, `from_estimator` and `from_predictions`.

    Examples
    --------
    >>> import conjac as cj
    >>> J = cj.confusion_jacobian([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
    >>> display = cj.ConfusionJacobianDisplay.of(J)
    >>> display.picture.title
    'Change of the confusion matrix per 0.01 of probability'
    >>> sorted(display.to_frame("pyarrow").column_names)
    ['lower', 'predicted', 'true', 'unit', 'upper', 'value']
    """

    @classmethod
    def of(cls, J: ConfusionJacobian, parameter: str | None = None, level: float = 0.95) -> Self:
        """Take the slopes of a result; nothing is drawn yet.

        Parameters
        ----------
        J : ConfusionJacobian
            Whose slopes are drawn.
        parameter : str, optional
            One of ``J.parameters``. Default: the only one; of offsets, each column by its own class's; of many, a row
            a parameter and a column a cell, the strongest first.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Display
            With its ``picture``.

        Raises
        ------
        InvalidInputError
            No such parameter, or a level outside (0, 1).
        """
        return cls(HeatMap.of_jacobian(J, parameter, level))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        parameter: str | None = None,
        level: float = 0.95,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Differentiate the matrix of a fitted classifier, and draw.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            As for `ConfusionJacobian.from_estimator`.
        X : array or frame of shape (n_samples, n_features)
            As for `ConfusionJacobian.from_estimator`.
        y : array of shape (n_samples,)
            As for `ConfusionJacobian.from_estimator`.
        parameter : str, optional
            As for `of`.
        level : float
            Nominal coverage of an interval, inside (0, 1).
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionJacobian.from_estimator`, such as ``wrt`` and ``normalize``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        return cls.of(ConfusionJacobian.from_estimator(estimator, X, y, **options), parameter, level).plot(ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        parameter: str | None = None,
        level: float = 0.95,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Differentiate the matrix of labels and scores, and draw.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            As for `ConfusionJacobian.from_predictions`.
        y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
            As for `ConfusionJacobian.from_predictions`.
        parameter : str, optional
            As for `of`.
        level : float
            Nominal coverage of an interval, inside (0, 1).
        ax : Axes, optional
            Where to draw; a new figure if not given.
        **options
            As for `ConfusionJacobian.from_predictions`, such as ``wrt`` and ``normalize``.

        Returns
        -------
        Display
            Itself, drawn: ``ax_`` and ``figure_`` are set.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        return cls.of(ConfusionJacobian.from_predictions(y_true, y_score, **options), parameter, level).plot(ax)
