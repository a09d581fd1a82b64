"""What a model is given moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from conjac.errors import InvalidInputError
from conjac.reading import as_number


@dataclass(frozen=True, eq=False)
class Features:
    r"""Each numeric input drifts: :math:`x_j \to x_j + \delta`, all else unchanged; parameter shape (n_features,).

    Of images (rows of several axes, as networks take them) each pixel drifts, and the parameter has an image's shape.
    A pixel that is the same in all of them has a standard deviation, and so a slope, of 0, and no interval; a slope of
    nan where rows are counted again, since no step suits it.

    The drift is of what is measured, before the model's own preprocessing: labels and other columns stay, and what is
    missing stays missing. Where margins have a derivative in the inputs, it moves them ("tangent"); where they have
    none, as those of trees, rows are scored again on either side ("secant"). A column of categories has no drift: its
    shares move, by `Mix`; so do the shares of a flag with two values, and those of one-hot columns together.

    Parameters
    ----------
    columns : str, int, or sequence of these, optional
        Which numeric columns, by name; of an array by number too. Default: all. Pixels that are named, "x[0, 3]" for
        one, are a list, of shape (n_features,).
    unit : {"sd", "raw"}
        What a step of 1 is: one weighted standard deviation of the rows evaluated, taken as known, or 1 of the column.
    where : array of shape (n_samples,) of bool, callable, or label, optional
        Which rows drift: a slice of them, ``where(X)``, or those of one true class. Default: all.
    categorical : sequence of str or int
        Columns of numbers that stand for categories.
    step : float, optional
        Count rows again at this drift either way, in units, whatever the model: the figures are difference quotients at
        that step. Default: derivatives where margins have them, else a recount at steps chosen by bias and variance.

    Raises
    ------
    InvalidInputError
        Another unit, or a step that is no positive number.

    Notes
    -----
    Sensitivity is not importance: a feature that decides much may barely matter where it stands, and does not tell
    what another would have done in its place. The method is in :doc:`/features`.

    Examples
    --------
    >>> Features(["age"], unit="raw").unit
    'raw'
    """

    name: ClassVar[str] = "features"

    columns: Any = None
    unit: Literal["sd", "raw"] = "sd"
    where: Any = None
    categorical: Sequence[Any] = ()
    step: float | None = None

    def __post_init__(self) -> None:
        """Refuse a unit that is none, and a step that is none."""
        if self.step is not None and not 0 < as_number(self.step, "Features(step=...)") < float("inf"):
            raise InvalidInputError(f"Features(step={self.step!r}): expected a positive number of units")
        if self.unit not in ("sd", "raw"):
            raise InvalidInputError(f"Features(unit={self.unit!r}): expected 'sd' or 'raw'")
