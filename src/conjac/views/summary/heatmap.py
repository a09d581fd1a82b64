"""A confusion matrix, or the Jacobian of one, as a table of cells with their intervals: `HeatMap`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.comparison import Comparison
from conjac.errors import InvalidInputError
from conjac.inference import Interval
from conjac.jacobian import ConfusionJacobian
from conjac.rules import outcomes_of
from conjac.views.summary.measure import Measure, Step, clean
from conjac.views.summary.picture import Picture, Table, table

OFFSET_STEP, SHARE_STEP = 0.1, 0.01
STRONGEST = 20
"""Parameters in one picture, at most."""
BINARY = ("true negatives", "false positives", "false negatives", "true positives")


@dataclass(frozen=True, kw_only=True)
class HeatMap(Picture):
    """A table of cells, each a figure with its interval.

    Attributes
    ----------
    row_axis, column_axis : str
        What rows and columns are, such as "true" and "predicted".
    rows, columns : tuple of str
    value, lower, upper : tuple of tuple of float
        Of shape (n_rows, n_columns); nan where undefined.
    shade : tuple of tuple of float
        What each cell is coloured by.
    shaded_by : str
    unit : str
        Of ``value``.
    around_zero : bool
        Whether the colours run either way from zero.
    exchanged : bool
        Whether a row of two cells gives to the one what it takes from the other.
    left_out : int
        Parameters that are not shown, since they move less; of several classes, those with the fewest errors.
    outlined : tuple of (int, int)
        First and last row of squares on the diagonal that are set apart.
    """

    schema: ClassVar[str] = "conjac.heatmap/1"
    row_axis: str
    column_axis: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    value: Table
    lower: Table
    upper: Table
    shade: Table
    shaded_by: str
    unit: str
    around_zero: bool
    exchanged: bool = False
    left_out: int = 0
    outlined: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of_matrix(cls, J: ConfusionJacobian, level: float = 0.95) -> HeatMap:
        """Take the matrix, coloured by the share of each true class.

        Parameters
        ----------
        J : ConfusionJacobian
        level : float
            Of the intervals.

        Examples
        --------
        >>> import conjac as cj
        >>> J = cj.confusion_jacobian([0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50)
        >>> HeatMap.of_matrix(J).value
        ((50.0, 50.0), (50.0, 50.0))
        """
        shares = replace(J, normalize="true").matrix
        name = "Confusion matrix" if J.normalize is None else f"Confusion matrix, shares of {_WHOLE[J.normalize]}"
        return cls(
            title=name if J.offsets is not None else f"{name} at {_where(J)}",
            description=f"{_largest(shares, J)} Intervals at {level:g}.",
            **_classes(J),
            **_cells(J.matrix, J.matrix_confint(level)),
            shade=_table(shares),
            shaded_by="share of the true class",
            unit="rows" if J.normalize is None else f"share of {_WHOLE[J.normalize]}",
            around_zero=False,
        )

    @classmethod
    def of_jacobian(
        cls, J: ConfusionJacobian, parameter: str | None = None, level: float = 0.95, step: Step | None = None
    ) -> HeatMap:
        """Take the slopes of all cells by one parameter; or of offsets and of many parameters, what each does the most.

        Parameters
        ----------
        J : ConfusionJacobian
        parameter : str, optional
            One of ``J.parameters``. Default: the only one; of offsets, each column by its own class's; of others, a
            row a parameter, and a column a cell: of two classes those that differ, of more those of right predictions.
        level : float
            Of the intervals.
        step : Step, optional
            Of a threshold, that slopes are told for. Default: by its coordinate.

        Raises
        ------
        InvalidInputError
            No such parameter.
        """
        names = list(J.parameters)
        if parameter is not None and parameter not in names:
            raise InvalidInputError(f"parameter={parameter!r}: expected one of {', '.join(names[:STRONGEST])}")
        size, unit = _step(J, parameter, step)
        slopes = [side.reshape(*J.matrix.shape, -1) * size for side in (J.jacobian, *J.confint(level))]
        rows, columns = J.matrix.shape
        matrix = "confusion matrix" if J.normalize is None else f"confusion matrix (normalize={J.normalize!r})"
        common: dict[str, Any] = {"around_zero": True, "shaded_by": f"change per {unit}", "unit": f"per {unit}"}
        title = f"Change of the {matrix} per {unit}"
        if parameter is None and J.offsets is not None and _of_offsets(J):
            slopes = [np.einsum("ykk->yk", side) for side in slopes]
            told = "Each column by its own class's offset."
        elif parameter is not None or len(names) == 1:
            slopes = [side[:, :, 0 if parameter is None else names.index(parameter)] for side in slopes]
            told = "" if names == ["threshold"] else f"As {clean(parameter or names[0])} moves."
        else:
            return cls._of_many(J, slopes, title, common)
        zero_sum = columns == 2 and bool(np.allclose(slopes[0].sum(axis=1), 0, equal_nan=True))
        return cls(
            title=title,
            description=f"{told} {_steepest(slopes[0], J)} Intervals at {level:g}.".strip(),
            **_classes(J),
            **_cells(slopes[0], Interval(*slopes[1:])),
            shade=_table(slopes[0]),
            exchanged=rows == 2 and zero_sum,
            **common,
        )

    @classmethod
    def of_differences(cls, comparison: Comparison) -> HeatMap:
        """Take the differences of the cells, b - a, as shares of all rows.

        Parameters
        ----------
        comparison : Comparison

        Examples
        --------
        >>> import conjac as cj
        >>> y, score = [0, 0, 1, 1] * 50, [0.2, 0.6, 0.4, 0.9] * 50
        >>> a, b = (cj.confusion_jacobian(y, score, threshold=t) for t in (0.5, 0.3))
        >>> HeatMap.of_differences(cj.compare(a, b)).value
        ((0.0, 0.0), (-0.25, 0.25))
        """
        title = f"Difference of the confusion matrix, b − a on {'the same' if comparison.paired else 'separate'} rows"
        shares, level = comparison.shares, comparison.level
        return cls.of_change(shares.value, shares.confint(level), comparison.labels, title, "of all rows", level)

    @classmethod
    def of_change(
        cls, value: FloatArray, limits: Interval, labels: Sequence[Any], title: str, unit: str, level: float
    ) -> HeatMap:
        """Take the change of every cell with its limits, arrays of shape (K, K)."""
        names = tuple(clean(label) for label in labels)
        told = "No difference is defined here."
        if np.isfinite(value).any():
            i, j = np.unravel_index(np.abs(np.nan_to_num(value)).argmax(), value.shape)
            told = f"Largest: true {names[i]}, predicted {names[j]}, {value[i, j]:+.3g} {unit}."
        return cls(
            title=title,
            description=f"{told} Intervals at {level:g}, each cell by itself.",
            row_axis="true",
            column_axis="predicted",
            rows=names,
            columns=names,
            **_cells(value, limits),
            shade=_table(value),
            shaded_by=f"change {unit}",
            unit=unit,
            around_zero=True,
            exchanged=len(names) == 2 and bool(np.allclose(value.sum(axis=1), 0)),
        )

    @classmethod
    def _of_many(
        cls, J: ConfusionJacobian, slopes: Sequence[FloatArray], title: str, common: dict[str, Any]
    ) -> HeatMap:
        """Take a row a parameter, the strongest first."""
        n_classes, n_columns, n = slopes[0].shape
        cells = [(k, k) for k in range(n_classes)]
        names = [f"right: {clean(label)}" for label in J.labels]
        if n_classes == n_columns == 2:
            exchanged = np.allclose(np.nan_to_num(slopes[0]).sum(axis=1), 0)
            cells = [(0, 1), (1, 1)] if exchanged else [(0, 0), (0, 1), (1, 0), (1, 1)]
            names = [BINARY[2 * i + j] for i, j in cells]
        value, lower, upper = (np.stack([side[i, j] for i, j in cells], axis=1) for side in slopes)
        order = np.argsort(-np.abs(np.nan_to_num(value)).max(axis=1), kind="stable")[:STRONGEST]
        return cls(
            title=title,
            description=f"Steepest: {clean(J.parameters[order[0]])}. Sensitivity, not importance.",
            row_axis="parameter",
            column_axis="cell",
            rows=tuple(clean(J.parameters[k]) for k in order),
            columns=tuple(names),
            **_cells(value[order], Interval(lower[order], upper[order])),
            shade=_table(value[order]),
            left_out=n - len(order),
            **common,
        )

    def measure(self, row: int, column: int) -> Measure:
        """Return the figure of a cell with its limits."""
        return Measure(self.value[row][column], self.lower[row][column], self.upper[row][column])

    def taken(self, places: Sequence[int]) -> HeatMap:
        """Return some rows with the columns in the same places, in this order."""

        def of(cells: Table) -> Table:
            return tuple(tuple(cells[i][j] for j in places) for i in places)

        return replace(
            self,
            rows=tuple(self.rows[k] for k in places),
            columns=tuple(self.columns[k] for k in places),
            value=of(self.value),
            lower=of(self.lower),
            upper=of(self.upper),
            shade=of(self.shade),
        )

    def without_diagonal(self) -> HeatMap:
        """Return the same with no colour on the diagonal, so that the other cells set the scale."""
        shade = tuple(tuple(np.nan if i == j else s for j, s in enumerate(row)) for i, row in enumerate(self.shade))
        return replace(self, shade=shade)

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a cell: where it is, its figure and its limits."""
        n = len(self.columns)
        return {
            self.row_axis: [row for row in self.rows for _ in range(n)],
            self.column_axis: list(self.columns) * len(self.rows),
            **{name: [v for row in getattr(self, name) for v in row] for name in ("value", "lower", "upper")},
            "unit": [self.unit] * (n * len(self.rows)),
        }


_WHOLE = {"true": "the true class", "pred": "the predicted class", "all": "all rows"}


def _of_offsets(J: ConfusionJacobian) -> bool:
    return all(name.startswith("offset[") for name in J.parameters)


def _where(J: ConfusionJacobian) -> str:
    return f"a threshold of {J.threshold:.6g}" + (f" ({J.coordinate})" if J.coordinate != "probability" else "")


def _step(J: ConfusionJacobian, parameter: str | None, step: Step | None) -> tuple[float, str]:
    """Return the step that slopes are told for, and what to call it."""
    if J.parameters == ("threshold",):
        size = (step or Step.at(J.coordinate, J.threshold)).size
        return size, f"{size:g} of {J.coordinate}"
    if _of_offsets(J):
        return OFFSET_STEP, f"{OFFSET_STEP:g} of offset"
    if J.method == "reweighting":
        return SHARE_STEP, f"{SHARE_STEP:g} of share"
    units = {clean(unit) for unit in J.units} if parameter is None else {J.units[J.parameters.index(parameter)]}
    return 1.0, units.pop() if len(units) == 1 else "1 of each parameter's unit"


def _classes(J: ConfusionJacobian) -> dict[str, Any]:
    columns = outcomes_of(J.labels, J.matrix.shape[1])
    return {
        "row_axis": "true",
        "column_axis": "predicted",
        "rows": tuple(clean(label) for label in J.labels),
        "columns": tuple(clean(label) for label in columns),
    }


def _cells(value: AnyArray, limits: Interval) -> dict[str, Any]:
    return {name: _table(side) for name, side in zip(("value", "lower", "upper"), (value, *limits), strict=True)}


def _table(values: AnyArray) -> Table:
    return table(np.asarray(values, dtype=np.float64) + 0.0)  # no negative zero


def _largest(shares: FloatArray, J: ConfusionJacobian) -> str:
    """Say which confusion is the most frequent, as a share of its true class."""
    wrong = np.nan_to_num(np.array(shares))
    np.fill_diagonal(wrong, -1.0)
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    predicted = outcomes_of(J.labels, wrong.shape[1])[j]
    return f"Most often confused: {clean(J.labels[i])}, predicted {clean(predicted)}, {wrong[i, j]:.1%} of the class."


def _steepest(slopes: FloatArray, J: ConfusionJacobian) -> str:
    """Say which cell moves the fastest."""
    if not np.isfinite(slopes).any():
        return "No slope is defined here."
    i, j = np.unravel_index(np.abs(np.nan_to_num(slopes)).argmax(), slopes.shape)
    predicted = outcomes_of(J.labels, slopes.shape[1])[j]
    return f"Fastest: true {clean(J.labels[i])}, predicted {clean(predicted)}, {slopes[i, j]:+.3g}."
