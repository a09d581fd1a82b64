"""Rows as points of a plane, by what they add to a slope: who sits on the boundary, and who flips next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from conjac._typing import FloatArray, IntArray
from conjac.contributions import RowContributions
from conjac.contributions.sample import Sample, sample
from conjac.embedding import Coded, embed
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.views.summary.measure import clean, title_of
from conjac.views.summary.picture import Picture

N_POINTS = 2000
MOST = 40
"""Letters of a name in a sentence; tables have all."""
SHAPES = 6
"""Classes that have a mark of their own, at most."""
OTHERS = "other classes"
ENDS = 0.98
"""Share of the contributions that the colours resolve; stronger ones have the last colour."""
NAMES = {"tn": "true negatives", "fp": "false positives", "fn": "false negatives", "tp": "true positives"}
HOW = "Filled points make the figure rise with the parameter, and hollow ones make it fall."
RISING, FALLING, STAYS = "rises", "falls", ""


@dataclass(frozen=True, kw_only=True)
class PointMap(Picture):
    """Rows in a plane; tuples have a value a point, if not told otherwise, the points that add the most last.

    Attributes
    ----------
    marks : tuple of str
        What each shape stands for: classes, and "other classes" if there are more, those that add the most.
    x, y : tuple of float
    row : tuple of int
        Place among the rows that were evaluated.
    true, predicted, flips_to : tuple of str
        The label, what is predicted, and what is beyond the nearest boundary.
    mark : tuple of int
        Place of the label among ``marks``.
    margin, contribution : tuple of float
        How far the boundary is, and what the row adds to the slope.
    rising, falling : tuple of int
        Rows that flip next as the parameter rises, and as it falls, the first first.
    x_label, y_label : str
    unit : str
        Of the contributions.
    limit : float
        Where the colours end, either way.
    parameter : str
    n_rows : int
        Of which these are some.
    notes : tuple of str
        How rows were chosen and placed.
    """

    schema: ClassVar[str] = "conjac.pointmap/1"
    marks: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    row: tuple[int, ...]
    true: tuple[str, ...]
    predicted: tuple[str, ...]
    flips_to: tuple[str, ...]
    mark: tuple[int, ...]
    margin: tuple[float, ...]
    contribution: tuple[float, ...]
    rising: tuple[int, ...]
    falling: tuple[int, ...]
    x_label: str
    y_label: str
    unit: str
    limit: float
    parameter: str
    n_rows: int
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        contributions: RowContributions,
        X: Any,
        method: str = "pca",
        n_points: int = N_POINTS,
        random_state: Any = None,
    ) -> PointMap:
        """Choose rows and place them.

        Parameters
        ----------
        contributions : RowContributions
        X : array or frame of shape (n_samples, n_columns)
            What tells the rows: the model's inputs, or anything else of the same rows.
        method : {"pca", "tsne", "umap"}
        n_points : int
            Rows that are shown, at most.
        random_state : None, int or RandomState

        Raises
        ------
        InvalidInputError
            Other rows, another method, or nothing that tells rows apart.
        MissingDependencyError
            UMAP is not installed.
        """
        inputs = Inputs.of(X)
        if inputs.n_rows != len(contributions):
            raise InvalidInputError(
                f"X has {inputs.n_rows} rows, and contributions are of {len(contributions)}; pass the same rows"
            )
        rng = check_random_state(random_state)
        chosen = sample(contributions, n_points, rng)
        coded = Coded.of(inputs.take(chosen.rows))
        placed = embed(coded.values, method, rng)
        order = np.argsort(np.abs(np.nan_to_num(contributions.contribution[chosen.rows])), kind="stable")
        rows = chosen.rows[order]
        adds = contributions.contribution[rows]
        codes = contributions.codes[:, rows].astype(np.intp)
        names = [clean(name) for name in contributions.outcomes]
        marks, mark = _marked(codes[0], adds, names)
        notes = (chosen.told, placed.told, *(f"{note[:1].upper()}{note[1:]}." for note in coded.told))
        parameter = clean(contributions.parameter)
        unit = f"per {clean(contributions.unit)}"
        by = "" if parameter == "threshold" else f" by {_cut(parameter)}"
        return cls(
            title=f"What each row adds to the slope of {_cut(_named(contributions.metric))}{by}",
            description=" ".join((_told(contributions, chosen, names), HOW, *notes)),
            marks=marks,
            x=tuple(placed.points[order, 0].tolist()),
            y=tuple(placed.points[order, 1].tolist()),
            row=tuple(rows.tolist()),
            **{role: tuple(names[k] for k in code) for role, code in zip(_ROLES, codes.tolist(), strict=True)},
            mark=tuple(mark.tolist()),
            margin=tuple(contributions.margin[rows].tolist()),
            contribution=tuple(adds.tolist()),
            rising=tuple(chosen.rising.tolist()),
            falling=tuple(chosen.falling.tolist()),
            x_label=placed.axes[0],
            y_label=placed.axes[1],
            unit=unit,
            limit=_limit(adds),
            parameter=parameter,
            n_rows=len(contributions),
            notes=notes,
        )

    @property
    def flips(self) -> tuple[str, ...]:
        """Of each point: "rises" if it flips next as the parameter rises, "falls" if as it falls, else nothing."""
        next_up, next_down = set(self.rising), set(self.falling)
        return tuple(RISING if row in next_up else FALLING if row in next_down else STAYS for row in self.row)

    @property
    def shown(self) -> str:
        """How many rows there are to see."""
        return f"{self.n_rows:,} rows" if len(self.row) == self.n_rows else f"{len(self.row):,} of {self.n_rows:,} rows"

    def to_columns(self) -> dict[str, list[Any]]:
        """Return one row a point, the strongest first."""
        names = ("row", *_ROLES, "margin", "contribution", "flips", "x", "y")
        columns: dict[str, list[Any]] = {name: list(getattr(self, name)[::-1]) for name in names}
        return {**columns, "unit": [self.unit] * len(self.row)}


_ROLES = ("true", "predicted", "flips_to")


def _cut(name: str) -> str:
    """Return a name that fits into a sentence."""
    return name if len(name) <= MOST else f"{name[: MOST - 1]}…"


def _named(metric: str) -> str:
    return NAMES.get(metric) or (clean(metric) if metric.startswith("cell[") else title_of(metric))


def _marked(true: IntArray, adds: FloatArray, names: list[str]) -> tuple[tuple[str, ...], IntArray]:
    """Return which classes have a mark, in their order, and each point's; of many, those alone that add anything."""
    own = drawn = np.unique(true)
    if len(drawn) > SHAPES:
        strength = np.bincount(true, np.abs(np.nan_to_num(adds)), len(names))
        strongest = np.argsort(-strength, kind="stable")[: SHAPES - 1]
        own = np.sort(strongest[strength[strongest] > 0])
    place = np.full(len(names), len(own))
    place[own] = np.arange(len(own))
    told = tuple(f"true {names[k]}" for k in own)
    return told + ((OTHERS,) if len(own) < len(drawn) else ()), place[true]


def _limit(adds: FloatArray) -> float:
    size = np.abs(adds[np.isfinite(adds) & (adds != 0)])
    return float(np.quantile(size, ENDS)) if len(size) else 1.0


def _told(contributions: RowContributions, chosen: Sample, names: list[str]) -> str:
    """Say how many rows matter, and which flip first."""
    adding = contributions.diagnostics["rows_that_add"]
    told = f"{adding:,} of {len(contributions):,} rows add to the slope, which is {contributions.slope:.4g}."
    for way, rows in ((RISING, chosen.rising), (FALLING, chosen.falling)):
        if len(rows):
            true, predicted, other = (_cut(names[k]) for k in contributions.codes[:, rows[0]])
            told += (
                f" First to flip as {_cut(clean(contributions.parameter))} {way}: row {rows[0]}, true {true}, "
                f"from {predicted} to {other}."
            )
    return told
