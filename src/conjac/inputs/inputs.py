"""What a model is given: an array or a frame, by column and by block of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.errors import InvalidInputError

AT_ONCE = 2**21
"""Numbers of a block of rows: few enough for memory, many enough for the model."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """The rows that a model scores.

    Attributes
    ----------
    native : array of shape (n_rows, n_columns) or (n_rows, *shape), or frame, or of texts array of shape (n_rows,)
        As it was given: what the model takes; a tensor as NumPy's array.
    names : tuple of str
        Of the columns; those of an array are x0, x1, ..., or as the model calls them, and of images x[0, 0], x[0, 1],
        and so on, flat in C order.

    Examples
    --------
    >>> import numpy as np
    >>> inputs = Inputs.of(np.array([[1.0, 2.0], [3.0, np.nan]]))
    >>> inputs.names, inputs.column(1).tolist()
    (('x0', 'x1'), [2.0, nan])
    >>> inputs.moved(1, 0.5).tolist()
    [[1.0, 2.5], [3.0, nan]]
    """

    native: Any
    names: tuple[str, ...]

    @classmethod
    def of(cls, X: Any, names: Sequence[str] | None = None) -> Self:
        """Read what was passed as X.

        Parameters
        ----------
        X : array or frame of shape (n_samples, n_features), array or tensor of shape (n_samples, ...), or texts
            Frames of pandas, Polars, pyarrow and what else narwhals reads eagerly.
        names : sequence of str, optional
            What the model calls the columns, for an array.

        Raises
        ------
        InvalidInputError
            No table, none of numbers where it is an array, no row, or two columns of one name.
        """
        X = untied(X)
        try:
            frame = nw.from_native(X, eager_only=True, pass_through=True)
        except DuplicateError as error:
            raise InvalidInputError(
                f"X has two columns of one name; rename one ({' '.join(str(error).split())})"
            ) from None
        if isinstance(frame, nw.DataFrame):
            told = tuple(map(str, X.columns if hasattr(X, "iloc") else frame.columns))
            if len(set(told)) < len(told):
                twice = next(name for name in told if told.count(name) > 1)
                raise InvalidInputError(f"X has more than one column {twice!r}; rename one")
            _refuse_empty((len(frame), len(told)))
            return cls(X, told)
        if hasattr(X, "toarray"):
            raise InvalidInputError("X is sparse; pass X.toarray(), or a frame of the columns that matter")
        array = np.asarray(X)
        if array.ndim == 1 and len(array) and isinstance(array[0], str):
            return cls(array, ("text",))
        if array.ndim < 2:
            raise InvalidInputError(
                f"X has shape {array.shape}; expected (n_samples, n_features), or a frame"
                + ("; of one column pass X[:, None]" if array.ndim == 1 else "")
            )
        _refuse_empty(array.shape)
        if names is not None and len(names) == int(np.prod(array.shape[1:])):
            return cls(array, tuple(map(str, names)))
        if array.ndim == 2:
            return cls(array, tuple(f"x{place}" for place in range(array.shape[1])))
        return cls(array, tuple(f"x[{', '.join(map(str, place))}]" for place in np.ndindex(array.shape[1:])))

    @property
    def is_image(self) -> bool:
        """Whether rows are arrays of several axes, which stay together."""
        return not self.is_frame and self.native.ndim > 2

    @property
    def is_frame(self) -> bool:
        """Whether columns have types and names of their own."""
        return not isinstance(self.native, np.ndarray)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row: (n_columns,), or that of an image."""
        return tuple(self.native.shape[1:]) if self.is_image else (len(self.names),)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.native)

    def place(self, name: Any) -> int:
        """Return the place of a column, by name; of an array's, by number too.

        Raises
        ------
        InvalidInputError
            No such column.
        """
        if isinstance(name, int | np.integer) and not self.is_frame and -len(self.names) <= name < len(self.names):
            return int(name) % len(self.names)
        if str(name) not in self.names:
            shown = ", ".join(self.names[:20]) + (", ..." if len(self.names) > 20 else "")
            raise InvalidInputError(f"X has no column {name!r}; expected one of {shown}")
        return self.names.index(str(name))

    def places(self, names: Any) -> tuple[int, ...]:
        """Return the places of columns, each once: of one that is named, or of several.

        Raises
        ------
        InvalidInputError
            No such column.
        """
        told = [names] if isinstance(names, str) or np.ndim(names) == 0 else names
        return tuple(dict.fromkeys(map(self.place, told)))

    def at(self, place: int) -> tuple[Any, ...]:
        """Return the index of a column, of an array: all rows, and its place in each."""
        return slice(None), *np.unravel_index(place, self.shape)

    def column(self, place: int) -> AnyArray:
        """Return a column as an array of shape (n_rows,) in its own dtype; missing numbers are nan."""
        if not self.is_frame:
            return np.asarray(self.native if self.native.ndim == 1 else self.native[self.at(place)])
        series = self._frame.get_column(self._keys[place])
        if series.dtype.is_temporal():
            return np.asarray(series.cast(nw.Datetime).to_numpy())
        if series.dtype.is_numeric():
            return np.asarray(series.to_numpy() if not series.null_count() else series.cast(nw.Float64).to_numpy())
        return np.asarray(series.to_list(), dtype=object)

    def head(self, place: int, n_rows: int) -> AnyArray:
        """Return the first rows of a column, as `column` does."""
        return self.column(place)[:n_rows] if not self.is_frame else self.take(slice(0, n_rows)).column(place)

    def take(self, rows: slice | IntArray) -> Self:
        """Return some of the rows."""
        if not self.is_frame:
            return type(self)(self.native[rows], self.names)
        return type(self)(self._frame[rows].to_native(), self.names)

    def blocks(self, copies: int = 1) -> Iterator[slice]:
        """Yield slices of rows, few enough to hold so many copies of them."""
        step = max(1, AT_ONCE // (copies * max(1, len(self.names))))
        yield from (slice(start, min(start + step, self.n_rows)) for start in range(0, self.n_rows, step))

    def moved(self, place: int, by: float | FloatArray) -> Any:
        """Return the native rows with a column moved; what is missing stays missing.

        Parameters
        ----------
        place : int
            Of the column.
        by : float or array of shape (n_rows,)
            Whole steps leave whole numbers whole; floating-point numbers keep their dtype.
        """
        if not self.is_frame:
            found = self.native.astype(_wide(by, self.native.dtype), order="C")
            found[self.at(place)] += np.asarray(by, dtype=found.dtype)
            return found
        column = self._frame.get_column(self._keys[place])
        if np.ndim(by) == 0:
            step: Any = int(by) if float(by).is_integer() else float(by)
        else:
            whole = column.dtype.is_integer() and _fits(by, np.dtype(np.int64))
            values = np.asarray(by).astype(np.int64 if whole else np.float64)
            step = nw.new_series(self._keys[place], values, backend=self._frame.implementation)
            if hasattr(self.native, "iloc"):
                step = nw.from_native(step.to_native().set_axis(self.native.index), series_only=True)
        changed = column + step
        changed = changed.cast(column.dtype) if column.dtype.is_float() else changed
        if hasattr(self.native, "iloc"):  # narwhals would put all columns together anew, which takes long of many
            found = self.native.copy(deep=False)
            found[self._keys[place]] = changed.to_native()
            return found
        return self._frame.with_columns(changed).to_native()

    @cached_property
    def _frame(self) -> Any:
        return nw.from_native(self.native, eager_only=True)

    @cached_property
    def _keys(self) -> list[Any]:
        return list(self._frame.columns)


def untied(X: Any) -> Any:
    """Return a tensor as NumPy's array, off its device and its graph; all else as it is."""
    return X.detach().cpu().numpy() if hasattr(X, "detach") and hasattr(X, "cpu") else X


def _fits(by: float | FloatArray, dtype: np.dtype[Any]) -> bool:
    """Tell whether steps may be added to numbers of a dtype without another."""
    return dtype.kind == "f" or (dtype.kind in "iu" and bool((np.asarray(by) % 1 == 0).all()))


def _wide(by: float | FloatArray, dtype: np.dtype[Any]) -> Any:
    """Return the dtype that holds moved numbers: bytes would start again at 0."""
    if not _fits(by, dtype):
        return np.float64
    return np.int64 if dtype.kind in "iu" and dtype.itemsize == 1 else dtype


def _refuse_empty(shape: tuple[int, ...]) -> None:
    if 0 in shape:
        raise InvalidInputError(f"X has shape {tuple(shape)}; expected at least one row and one column")
