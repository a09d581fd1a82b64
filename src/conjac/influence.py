"""Which training rows move a figure: by their weight, by leaving them out, by another label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.frames import to_frame
from conjac.inference import Interval
from conjac.inference.delta import divide
from conjac.inference.intervals import quantile
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.motion import AdjointMotion, CellMotion, Slopes, WeightedMotion
from conjac.rules import outcomes_of

WAYS = ("weight", "removed", "relabelled")


@dataclass(frozen=True, eq=False)
class InfluentialRows:
    """What training rows do to a figure of the rows that were evaluated, to first order in the cells.

    Attributes
    ----------
    metric : str
        The figure.
    value : float
        Where it stands.
    label, other : array of shape (n_training_rows,)
        Each row's label, and the one that the model finds likeliest after it.
    weight, removed, relabelled : Slopes
        Arrays of shape (n_training_rows,): the derivative by the row's weight; the change by leaving it out; the change
        by giving it the label ``other``. Whole-row changes are one Newton step, their leverage corrected.

    Notes
    -----
    Influence functions of a fit: R. D. Cook, S. Weisberg 1982; P. W. Koh, P. Liang 2017, ICML. Carried to the cells as
    in :doc:`/training`. Standard errors are of the rows evaluated, training rows as they are. Intervals are of single
    rows: of a thousand, some fifty miss.

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
    >>> found = J.influential_rows("fn")
    >>> found.top(3)  # places among the training rows
    array([...])
    >>> len(found.top(by="removed", rising=False)) > 100  # rows that cost positives: without them fewer are missed
    True
    """

    metric: str
    value: float
    label: AnyArray
    other: AnyArray
    weight: Slopes
    removed: Slopes
    relabelled: Slopes
    _df: int | None

    def effect(self, by: str = "weight") -> Slopes:
        """Return the effects of one kind.

        Parameters
        ----------
        by : {"weight", "removed", "relabelled"}
            What is done to a row.

        Returns
        -------
        Slopes
            ``value``, ``center`` and ``stderr``, arrays of shape (n_training_rows,): per unit of weight, or the whole
            change.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        if by not in WAYS:
            raise InvalidInputError(f"by={by!r}: expected one of {WAYS}")
        found: Slopes = getattr(self, by)
        return found

    def confint(self, by: str = "weight", level: float = 0.95) -> Interval:
        """Return pointwise limits of effects of one kind.

        Parameters
        ----------
        by : {"weight", "removed", "relabelled"}
            What is done to a row.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limits, arrays of shape (n_training_rows,), each of one row alone.

        Raises
        ------
        InvalidInputError
            Another kind, or a level outside (0, 1).
        """
        effect = self.effect(by)
        half = quantile(level, self._df if effect.df is None else effect.df) * effect.stderr
        return Interval(effect.center - half, effect.center + half)

    def share(self, by: str = "weight") -> FloatArray:
        """Return how much of what all training rows do is each one's: absolute effects that sum to 1.

        Parameters
        ----------
        by : {"weight", "removed", "relabelled"}
            What is done to a row.

        Returns
        -------
        array of shape (n_training_rows,)
            nan where no row has an effect.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        size = np.nan_to_num(np.abs(self.effect(by).value))
        return divide(size, size.sum(), np.nan)

    def top(self, n: int | None = None, by: str = "weight", rising: bool | None = None) -> AnyArray:
        """Return the places of the training rows that move the figure the most, strongest first.

        Parameters
        ----------
        n : int, optional
            How many. Default: all.
        by : {"weight", "removed", "relabelled"}
            What is done to a row.
        rising : bool, optional
            Only those under which the figure rises (True) or falls (False). Default: both.

        Returns
        -------
        array of shape (n_found,)
            Places among the training rows.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        value = self.effect(by).value
        order = np.argsort(-np.abs(np.nan_to_num(value)), kind="stable")
        if rising is not None:
            order = order[value[order] > 0] if rising else order[value[order] < 0]
        return order[:n]

    def to_columns(self, n: int | None = None, by: str = "weight", level: float = 0.95) -> dict[str, list[Any]]:
        """Return the strongest rows as columns: the row, its labels, and each effect with its limits.

        Parameters
        ----------
        n : int, optional
            How many. Default: all.
        by : {"weight", "removed", "relabelled"}
            By which effect they are ordered.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        dict of str to list
            A row for each training row, strongest first.

        Raises
        ------
        InvalidInputError
            Another kind, or a level outside (0, 1).
        """
        rows = self.top(n, by)
        found: dict[str, list[Any]] = {
            "row": rows.tolist(),
            "label": self.label[rows].tolist(),
            "other": self.other[rows].tolist(),
        }
        for way in WAYS:
            lower, upper = self.confint(way, level)
            figures = {"": self.effect(way).value, "_stderr": self.effect(way).stderr, "_lower": lower, "_upper": upper}
            found |= {way + name: values[rows].tolist() for name, values in figures.items()}
        return found

    def to_frame(self, backend: str = "pandas", n: int | None = None, by: str = "weight", level: float = 0.95) -> Any:
        """Return the strongest rows as a frame.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}
            Which library's frame.
        n : int, optional
            How many. Default: all.
        by : {"weight", "removed", "relabelled"}
            By which effect they are ordered.
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        frame
            As `to_columns` has it.

        Raises
        ------
        InvalidInputError
            Another kind, a level outside (0, 1), or an unknown backend.
        MissingDependencyError
            The backend is not installed.
        """
        return to_frame(self.to_columns(n, by, level), backend)

    def plot(self, *, ax: Any = None, by: str = "weight", n: int = 20) -> Any:
        """Draw the strongest rows with whiskers; see `InfluenceDisplay`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if not given.
        by : {"weight", "removed", "relabelled"}
            What is done to a row.
        n : int
            Rows, at most.

        Returns
        -------
        Axes
            Of Matplotlib, drawn on.

        Raises
        ------
        InvalidInputError
            Another kind.
        """
        from conjac.views.displays import InfluenceDisplay

        return InfluenceDisplay.of(self, by, n=n).plot(ax).ax_

    def __repr__(self) -> str:
        """Show the strongest rows."""
        columns = self.to_columns(10)
        lines = [f"What training rows do to {self.metric} = {self.value:.4g}, strongest first"]
        lines += [
            f"  row {row}, {label!r}: {weight:+.3g} ± {error:.2g} per unit of weight, {gone:+.3g} left out, "
            f"{turned:+.3g} as {other!r}"
            for row, label, other, weight, error, gone, turned in zip(
                *(
                    columns[key]
                    for key in ("row", "label", "other", "weight", "weight_stderr", "removed", "relabelled")
                ),
                strict=True,
            )
        ]
        return "\n".join(lines)


def influence(name: str | Metric, motion: CellMotion, labels: tuple[Any, ...], errors: bool = False) -> InfluentialRows:
    """Return what training rows do to a metric or a cell.

    Raises
    ------
    NotSupportedError
        Something else moves than training rows.
    UnknownMetricError
        Neither a metric nor a cell.
    """
    if not isinstance(motion, WeightedMotion | AdjointMotion):
        raise NotSupportedError("influential_rows: as training rows move; ask for wrt='training_weights'")
    row = figure(name, outcomes_of(labels, motion.counted.weight.shape[-1]), len(labels))
    weight, removed, relabelled = (motion.with_errors() if errors else motion).effects(row)
    return InfluentialRows(
        metric=row.name,
        value=float(row.value(motion.counted.weight)[0]),
        label=motion.label,
        other=motion.other,
        weight=weight,
        removed=removed,
        relabelled=relabelled,
        _df=motion.counted.df,
    )
