"""The tally: all that is kept of the rows, as sums that merge by addition.

A key is (true class, facet, margin bin, side, block); its sums are the rows, the weight, the squared weight and
the rows' offsets within the bin. The bin width is a power of two, so that tallies of different widths nest.
``side`` is the number of named thresholds at or below the score: named thresholds cut the bins, which makes
the counts at them exact. Nothing past this point touches a row again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.coordinates import FLOOR, margins, scores_of
from conjac.errors import InvalidInputError
from conjac.rules import BINARY_FACETS, Facet, in_dtype_of

KEYS = ("true", "facet", "bin", "side", "block")
MAX_BIN = 2**34
"""Margins beyond this many bins from zero are kept in the last bin."""
ROWS_AT_ONCE = 2**18
SLACK = 1e-9
DENSE = 8
"""Possible keys to a row up to which keys are looked up in a table of all."""


@dataclass(frozen=True)
class Atoms:
    """One class's rows near one facet, as weighted points.

    Attributes
    ----------
    position : array of shape (n_atoms,)
        Mean margin of the rows of each bin.
    rows : array of shape (n_atoms,)
    weight : array of shape (n_atoms, n_blocks)
    weight2 : array of shape (n_atoms,)
        Sums of squared weights.
    """

    position: FloatArray
    rows: IntArray
    weight: FloatArray
    weight2: FloatArray

    def where(self, chosen: AnyArray) -> Atoms:
        """Return some of the atoms, by a mask or by their places."""
        return Atoms(self.position[chosen], self.rows[chosen], self.weight[chosen], self.weight2[chosen])


@dataclass(frozen=True, eq=False)
class Tally:
    """Sums per (true class, facet, margin bin, side, block).

    Attributes
    ----------
    scale : {"logit", "score"}
        What the margins are measured in.
    step : float
        Bin width, a power of two, in units of the margin.
    thresholds : tuple of float
        Named thresholds, on the scores' own scale, ascending; counts at them are exact.
    clustered : bool
        Whether blocks are clusters of rows; if not, every row is independent and the block is 0.
    keys : array of shape (n_keys, 5)
        Sorted keys, in the order of `KEYS`.
    rows : array of shape (n_keys,)
        Rows, exact integers.
    weight, weight2 : array of shape (n_keys,)
        Sums of the weights and of their squares; exact integers without weights.
    offset : array of shape (n_keys,)
        Sums, over rows, of the margin's distance from the lower edge of its bin; a little below 0 for scores
        that only their dtype's rounding puts above that edge.

    Examples
    --------
    >>> import numpy as np
    >>> a = Tally.zero("score", 0.25).add(np.array([0, 1]), np.array([0.1, 0.3]))
    >>> b = Tally.zero("score", 0.25).add(np.array([1]), np.array([0.3]))
    >>> a.merge(b).rows
    array([1, 2])
    """

    scale: Scale
    step: float
    thresholds: tuple[float, ...] = ()
    clustered: bool = False
    facets: tuple[Facet, ...] = BINARY_FACETS
    keys: IntArray = field(default_factory=lambda: np.zeros((0, len(KEYS)), dtype=np.intp))
    rows: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    weight: AnyArray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    weight2: AnyArray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    offset: FloatArray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def zero(cls, scale: Scale, step: float, *, thresholds: tuple[float, ...] = (), clustered: bool = False) -> Tally:
        """Return the empty tally: the neutral element of `merge`."""
        if np.frexp(step)[0] != 0.5:
            raise InvalidInputError(f"step={step}: expected a power of two, so that tallies of other steps nest")
        return cls(scale, step, tuple(sorted(set(thresholds))), clustered)

    @classmethod
    def of_sums(
        cls,
        scale: Scale,
        step: float,
        keys: IntArray,
        sums: Mapping[str, Any],
        *,
        thresholds: tuple[float, ...] = (),
        clustered: bool = False,
    ) -> Tally:
        """Return the tally of sums that an engine made, in any order; those of equal keys are added.

        Parameters
        ----------
        scale, step, thresholds, clustered
            As the attributes.
        keys : array of shape (n_sums, 5)
            In the order of `KEYS`.
        sums : mapping of str to array of shape (n_sums,)
            "rows", "weight", "weight2" and "offset".
        """
        empty = cls.zero(scale, step, thresholds=thresholds, clustered=clustered)
        return _sum([replace(empty, keys=np.asarray(keys, dtype=np.intp), **sums)])

    def add(
        self, true: IntArray, score: AnyArray, weight: FloatArray | None = None, block: IntArray | None = None
    ) -> Tally:
        """Return this tally with more rows.

        Parameters
        ----------
        true : array of shape (n_samples,)
            Index of each row's class.
        score : array of shape (n_samples,)
            Raw scores; probabilities where the scale is "logit".
        weight : array of shape (n_samples,), optional
        block : array of shape (n_samples,), optional
            Each row's block; required where `clustered`.
        """
        if self.clustered != (block is not None):
            raise InvalidInputError("block: a clustered tally takes each row's block, another takes none")
        parts = [self]
        for start in range(0, len(score), ROWS_AT_ONCE):
            at = slice(start, start + ROWS_AT_ONCE)
            parts.append(
                self._of_rows(
                    true[at],
                    score[at],
                    None if weight is None else weight[at],
                    None if block is None else block[at],
                )
            )
        return _sum(parts)

    def merge(self, other: Tally) -> Tally:
        """Return the tally of both sets of rows, at the coarser of the two steps.

        Raises
        ------
        InvalidInputError
            Another scale, other named thresholds, or clusters in one of them only.
        """
        self._refuse_other_form(other)
        step = max(self.step, other.step)
        return _sum([self.coarsen(step), other.coarsen(step)])

    def diff(self, other: Tally) -> Tally:
        """Return the tally of the rows that are here and not in ``other``, a part of these.

        Raises
        ------
        InvalidInputError
            Tallies that do not merge, or an ``other`` with rows that are not here.
        """
        self._refuse_other_form(other)
        step = max(self.step, other.step)
        taken = other.coarsen(step)
        sums = {name: -getattr(taken, name) for name in ("rows", "weight", "weight2", "offset")}
        rest = _sum([self.coarsen(step), replace(taken, **sums)])
        if rest.rows.size and rest.rows.min() < 0:
            raise InvalidInputError(
                "other holds rows that are not in this tally; diff takes a part away from its whole"
            )
        left = rest.rows > 0
        kept: dict[str, Any] = {name: getattr(rest, name)[left] for name in ("keys", *sums)}
        return replace(rest, **kept)

    def coarsen(self, step: float) -> Tally:
        """Return this tally with wider bins; ``step`` is a power of two, not below `step`."""
        factor = int(min(step / self.step, 2 * MAX_BIN))
        if factor <= 1:
            return self
        keys = self.keys.copy()
        keys[:, 2] //= factor
        offset = self.offset + self.rows * ((self.keys[:, 2] - keys[:, 2] * factor) * self.step)
        return _sum([replace(self, step=step, keys=keys, offset=offset)])

    def atoms(self, *classes: int, facet: int = 0, step: float = 0.0) -> Atoms:
        """Return the rows near one facet as weighted points, by ascending margin.

        Parameters
        ----------
        *classes : int
            Some classes; all of them by default.
        facet : int
        step : float
            A power of two: bins at least this wide.
        """
        tally = self.coarsen(step)
        chosen = tally.keys[:, 1] == facet
        if classes:
            chosen &= np.equal.outer(classes, tally.keys[:, 0]).any(axis=0)
        keys = tally.keys[chosen]
        index, first = group(keys[:, 2:4])
        rows, weight2, offset = (
            _bincount(index, sums[chosen], len(first)) for sums in (tally.rows, tally.weight2, tally.offset)
        )
        flat = index * tally.n_blocks + keys[:, 4]
        weight = np.bincount(flat, tally.weight[chosen], len(first) * tally.n_blocks)
        return Atoms(
            position=keys[first, 2] * tally.step + offset / np.maximum(rows, 1),
            rows=rows,
            weight=weight.reshape(len(first), tally.n_blocks).astype(np.float64),
            weight2=weight2.astype(np.float64),
        )

    @property
    def n_blocks(self) -> int:
        """Blocks that hold a row, up to the last; 1 where rows are independent."""
        return int(self.keys[:, 4].max()) + 1 if len(self.keys) else 1

    def totals(self, n_classes: int = 2) -> tuple[AnyArray, AnyArray]:
        """Return the weight and the squared weight of each class, arrays of shape (n_classes,)."""
        own = self.keys[:, 1] == 0
        true = self.keys[own, 0]
        return tuple(_bincount(true, sums[own], n_classes) for sums in (self.weight, self.weight2))  # type: ignore[return-value]

    def to_arrays(self) -> dict[str, Any]:
        """Return the tally as plain arrays and scalars, for storage."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Tally:
        """Return the tally that `to_arrays` stored, also by way of an ``.npz`` file."""
        plain = {name: np.asarray(values) for name, values in arrays.items()}
        return cls(
            scale="logit" if str(plain.pop("scale")) == "logit" else "score",
            step=float(plain.pop("step")),
            thresholds=tuple(float(t) for t in plain.pop("thresholds")),
            clustered=bool(plain.pop("clustered")),
            facets=tuple((int(j), int(k)) for j, k in plain.pop("facets")),
            keys=plain.pop("keys").reshape(-1, len(KEYS)),
            **plain,
        )

    def _refuse_other_form(self, other: Tally) -> None:
        if not isinstance(other, Tally):
            raise InvalidInputError(f"other is a {type(other).__name__}; expected a Tally")
        for name in ("scale", "thresholds", "clustered", "facets"):
            if getattr(self, name) != getattr(other, name):
                raise InvalidInputError(
                    f"tallies with different {name} do not merge: {getattr(self, name)} and {getattr(other, name)}; "
                    f"build both with the same {name}"
                )

    def _of_rows(self, true: IntArray, score: AnyArray, weight: FloatArray | None, block: IntArray | None) -> Tally:
        position = margins(score, self.scale) / self.step
        floor = bins_of(score, self.scale, self.step)
        keys = np.zeros((len(score), len(KEYS)), dtype=np.intp)
        keys[:, 0] = true
        keys[:, 2] = floor
        if self.thresholds:
            cuts = in_dtype_of(score, np.array(self.thresholds))
            keys[:, 3] = np.searchsorted(cuts, score, side="right")
        if block is not None:
            keys[:, 4] = block
        ones = np.ones(len(score), dtype=np.intp)
        counted = ones if weight is None else weight
        offset = (position - floor) * self.step
        return _sum([replace(self, keys=keys, rows=ones, weight=counted, weight2=counted * counted, offset=offset)])


def bins_of(score: AnyArray, scale: Scale, step: float) -> FloatArray:
    """Return the bin of each score: the last one whose lower edge, in the scores' own dtype, is not above it.

    An edge is compared as ``score >= edge`` is. Scores coarser than the bins stand for every number that rounds to
    them, so the search starts from the largest of these.
    """
    value = np.asarray(score, dtype=np.float64)
    if score.dtype.kind == "f":
        with np.errstate(over="ignore"):
            value = value + (np.nextafter(score, np.array(np.inf, score.dtype)).astype(np.float64) - value) / 2
    bins = np.clip(np.floor(margins(value, scale) / step), -MAX_BIN, MAX_BIN)
    low, high = (in_dtype_of(score, scores_of((bins + shift) * step, scale)) for shift in (0, 1))
    inside = (score > FLOOR) & (score < 1 - FLOOR) if scale == "logit" else np.abs(bins) < MAX_BIN
    return np.asarray(bins + (inside & (score >= high)) - (inside & (score < low)))


def _sum(parts: list[Tally]) -> Tally:
    """Add tallies of one form: sort the keys, add the sums of equal ones."""
    keys = np.concatenate([part.keys for part in parts])
    index, first = group(keys)
    sums: dict[str, Any] = {
        name: _bincount(index, np.concatenate([getattr(part, name) for part in parts]), len(first))
        for name in ("rows", "weight", "weight2", "offset")
    }
    return replace(parts[0], keys=keys[first], **sums)


def group(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return each key's rank among the distinct keys, and where each distinct key first stands."""
    if not len(keys):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    low = keys.min(axis=0)
    span = [int(s) for s in keys.max(axis=0) - low + 1]
    if np.prod([float(s) for s in span]) > 2.0**62:
        raise InvalidInputError("thresholds: too many named thresholds for scores with such far outliers")
    code = np.zeros(len(keys), dtype=np.int64)
    for column, size in enumerate(span):
        if size > 1:
            code = code * size + (keys[:, column] - low[column])
    steps = np.diff(code, prepend=code[0] - 1)
    if (steps >= 0).all():  # sorted already, as one class of a tally is
        return np.cumsum(steps > 0) - 1, np.flatnonzero(steps > 0)
    size = int(np.prod(span))
    if size <= DENSE * len(code):  # a table of all keys there could be is faster than a sort
        present = np.zeros(size, dtype=bool)
        present[code] = True
        index = (np.cumsum(present) - 1)[code]
        first = np.empty(int(present.sum()), dtype=np.intp)
        first[index[::-1]] = np.arange(len(code) - 1, -1, -1)
        return index, first
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    return index, first


def _bincount(index: IntArray, values: AnyArray, size: int) -> AnyArray:
    """Sum by index; integers stay exact integers."""
    total = np.bincount(index, values, size)
    return total if values.dtype.kind == "f" else np.rint(total).astype(np.int64)


def just_below(cut: FloatArray) -> FloatArray:
    """Return a hair below each cut: an atom there lies above it, whatever rounding made of its mean margin."""
    return np.asarray(cut - SLACK * (1 + np.abs(np.nan_to_num(cut))))


def choose_step(margin: FloatArray, scale: Scale) -> float:
    """Return a bin width for these margins: a power of two, a thousandth of their spread or finer.

    Parameters
    ----------
    margin : array of shape (n_samples,)

    Returns
    -------
    float
        At most 2^-10 on the logit scale.
    """
    low, high = np.quantile(margin, [0.25, 0.75])
    spread = (high - low) / 1.349 or margin.std() or 1.0
    finest = np.abs(margin).max() / MAX_BIN
    step = 2.0 ** np.ceil(np.log2(max(spread / 2048, finest)))
    return float(min(step, 2.0**-10) if scale == "logit" else step)
