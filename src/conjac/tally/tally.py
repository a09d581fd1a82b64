"""The tally: all that is kept of the rows, as sums that merge by addition.

A key is (true class, facet, margin bin, side, block); its sums are the rows, the weight, the squared weight and
the rows' offsets within the bin. The bin width is a power of two, so that tallies of different widths nest.
``side`` is the number of named thresholds at or below the score: named thresholds cut the bins, which makes
the counts at them exact. Nothing past this point touches a row again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray, IntArray, Scale
from conjac.errors import InvalidInputError
from conjac.readonly import ReadOnly
from conjac.tally.atoms import Atoms
from conjac.tally.batches import check_batch
from conjac.tally.bins import MAX_BIN
from conjac.tally.forms import (
    check_labels,
    check_scale,
    check_step,
    check_thresholds,
    check_velocities,
    refuse_other_form,
)
from conjac.tally.moments import MOMENTS, moment_columns
from conjac.tally.rows import sums_of_rows
from conjac.tally.stored import Stored
from conjac.tally.sums import Sums, add_up, subtract, sum_by


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Tally(Stored):
    """Sums per (true class, facet, margin bin, side, block).

    A service starts from `zero`, adds each batch of rows by `update`, and adds other tallies by `merge`; a
    `ConfusionCurve` is made of the result by `ConfusionCurve.from_tally`.

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
    labels : tuple of length 2
        Negative label, positive label.
    velocities : tuple of str
        Names of the parameters by which rows' velocities are summed as well: see `conjac.Velocities`.
    set_aside : mapping of str to int
        Faulty rows that were read and not counted: reason to number.
    columns : tuple of 5 arrays of shape (n_keys,)
        The keys, sorted, a column each of `KEYS`, in the smallest integers that hold them.
    rows : array of shape (n_keys,)
        Rows, exact integers.
    weight, weight2 : array of shape (n_keys,)
        Sums of the weights and of their squares; without weights, ``rows`` itself.
    offset : array of shape (n_keys,)
        Sums, over rows, of the margin's distance from the lower edge of its bin; a little below 0 for scores
        that only their dtype's rounding puts above that edge.
    moments : array of shape (n_keys, n_velocities, 5)
        Sums of the velocities of the margins, in the order of `conjac.tally.MOMENTS`.

    Notes
    -----
    A bin holds counts and first moments, so that tallies add exactly; which figures that keeps is in :doc:`/streams`.

    Examples
    --------
    >>> import conjac as cj
    >>> yesterday = cj.Tally.zero("logit", labels=("ham", "spam")).update(["ham", "spam"], [0.1, 0.7])
    >>> today = cj.Tally.zero("logit", labels=("ham", "spam")).update(["ham", "spam"], [0.1, 0.4])
    >>> yesterday.merge(today).rows
    array([2, 1, 1])
    >>> yesterday.merge(today).diff(yesterday)
    Tally(2 rows of 'ham' and 'spam' under 2 keys; logit scale, step 0.00390625; 41 bytes)
    """

    scale: Scale
    step: float
    thresholds: tuple[float, ...] = ()
    clustered: bool = False
    labels: tuple[Any, Any] = (0, 1)
    velocities: tuple[str, ...] = ()
    set_aside: Mapping[str, int] = field(default_factory=lambda: ReadOnly({}))
    columns: tuple[AnyArray, ...]
    rows: IntArray
    weight: AnyArray
    weight2: AnyArray
    offset: FloatArray
    moments: FloatArray

    @classmethod
    def zero(
        cls,
        scale: Scale,
        step: float | None = None,
        *,
        thresholds: Any = (),
        clustered: bool = False,
        labels: Any = (0, 1),
        velocities: Any = (),
    ) -> Tally:
        """Return the empty tally: the neutral element of `merge`.

        Parameters
        ----------
        scale : {"logit", "score"}
            "logit" takes probabilities, in [0, 1]; "score" any finite numbers.
        step : float, optional
            Bin width, a power of two, in units of the margin. Default: 2^-8 of log-odds; on the score scale it must be
            given, about a 512th of the scores' spread.
        thresholds : array of shape (n_thresholds,)
            Thresholds on the scores' own scale at which counts are to be exact, whatever the bins.
        clustered : bool
            Whether rows come in clusters, such as a patient's, each row with the name of its own.
        labels : tuple of length 2
            Negative label, positive label.
        velocities : sequence of str
            Names of parameters: `update` then takes the derivative of each row's score by each of them, so that the
            Jacobian by these merges too (``ConfusionJacobian.from_tally(tally, wrt="velocities")``).

        Returns
        -------
        Tally
            Of no rows.

        Raises
        ------
        InvalidInputError
            An unknown scale, a step that is no power of two, thresholds that are no finite numbers, labels that
            are not two, or velocities that are not different names.
        """
        scale = check_scale(scale)
        names = check_velocities(velocities)
        return cls(
            scale=scale,
            step=check_step(step, scale),
            thresholds=check_thresholds(thresholds),
            clustered=bool(clustered),
            labels=check_labels(labels),
            velocities=names,
            **Sums.none(len(names))._asdict(),
        )

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
        labels: tuple[Any, Any] = (0, 1),
        velocities: tuple[str, ...] = (),
        set_aside: Mapping[str, int] | None = None,
    ) -> Tally:
        """Return the tally of sums that an engine made, in any order; those of equal keys are added.

        Parameters
        ----------
        scale : {"logit", "score"}
            As the attributes.
        step : float
            As the attributes: the step in units of the margin.
        keys : integer array of shape (n_sums, 5)
            In the order of `KEYS`.
        sums : mapping of str to array of shape (n_sums,)
            "rows", "offset" and, where rows do not count 1 each, "weight" and "weight2"; and as `moment_columns` names
            them, those of velocities.
        thresholds : tuple of float
            As the attributes, by name.
        clustered : bool
            As the attributes, by name.
        labels : tuple of length 2
            As the attributes, by name.
        velocities : tuple of str
            As the attributes, by name.
        set_aside : mapping of str to int, optional
            As the attributes, by name.

        Returns
        -------
        Tally
            Its keys sorted, each once.

        Raises
        ------
        InvalidInputError
            As for `zero`.
        """
        form: dict[str, Any] = {"thresholds": thresholds, "clustered": clustered, "labels": labels}
        empty = cls.zero(scale, step, velocities=velocities, **form)
        rows = np.rint(sums["rows"]).astype(np.int64)
        weight, weight2 = (np.asarray(sums.get(name, rows)) for name in ("weight", "weight2"))
        if all(of.dtype.kind in "iu" and np.array_equal(of, rows) for of in (weight, weight2)):
            weight = weight2 = rows
        columns = tuple(np.asarray(keys, dtype=np.intp).T)
        offset = np.asarray(sums["offset"], dtype=np.float64)
        moments = np.empty((len(rows), len(velocities), len(MOMENTS)))
        for place, name in zip(np.ndindex(moments.shape[1:]), moment_columns(velocities), strict=True):
            moments[:, *place] = sums[name]
        told = Sums(columns, rows, weight, weight2, offset, moments)
        return empty._with(add_up([told]), set_aside=ReadOnly(set_aside or {}))

    def add(
        self,
        true: IntArray,
        score: AnyArray,
        weight: FloatArray | None = None,
        block: IntArray | None = None,
        velocity: FloatArray | None = None,
    ) -> Tally:
        """Return this tally with more rows, which have been checked; `update` checks them.

        Parameters
        ----------
        true : integer array of shape (n_samples,)
            Index of each row's class.
        score : array of shape (n_samples,)
            Raw scores; probabilities where the scale is "logit".
        weight : array of shape (n_samples,), optional
            Sampling weights. Default: each row counts 1.
        block : integer array of shape (n_samples,), optional
            Each row's block; required where `clustered`.
        velocity : array of shape (n_samples, n_velocities), optional
            Derivatives of the scores, per unit of each parameter; required where there are `velocities`.

        Returns
        -------
        Tally
            This one stays as it is.

        Raises
        ------
        InvalidInputError
            Blocks of a tally that is not clustered, or none of one that is.
        """
        if self.clustered != (block is not None):
            raise InvalidInputError("block: a clustered tally takes each row's block, another takes none")
        moving = np.zeros((len(score), 0)) if velocity is None else velocity
        rows = sums_of_rows(self.scale, self.step, self.thresholds, true, score, weight, block, moving)
        return self._with(add_up([self._sums, *rows]))

    def update(
        self, y_true: Any, y_score: Any, *, sample_weight: Any = None, groups: Any = None, velocities: Any = None
    ) -> Tally:
        """Return this tally with a batch of rows; this one stays as it is.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            Labels, each one of `labels`; an empty batch changes nothing.
        y_score : array of shape (n_samples,)
            One score a row, that of the positive label.
        sample_weight : array of shape (n_samples,), optional
            Sampling weights; batches with and without them add, a row without counting 1.
        groups : array of shape (n_samples,), optional
            Names of the clusters, where `clustered`. Equal names are one cluster, whichever batches they are in.
        velocities : mapping of str to array of shape (n_samples,), optional
            Derivative of each row's score by each parameter that `velocities` names, finite, in units of the score per
            unit of the parameter.

        Returns
        -------
        Tally
            With these rows.

        Raises
        ------
        InvalidInputError
            A row that cannot be used, which the message names; then nothing of the batch has been added. Where faulty
            rows are to be counted and left out, read the batch as a frame, and `merge` that tally.

        Examples
        --------
        >>> import conjac as cj
        >>> tally = cj.Tally.zero("score", 0.25, labels=("ham", "spam"))
        >>> for labels, scores in ((["ham", "spam"], [0.1, 1.3]), (["spam"], [1.3])):
        ...     tally = tally.update(labels, scores)
        >>> tally.rows
        array([1, 2])
        """
        batch = check_batch(self, y_true, y_score, sample_weight, groups, velocities)
        return self if batch is None else self.add(*batch)

    def merge(self, *others: Tally) -> Tally:
        """Return the tally of all their rows, at the coarsest of the steps; order and grouping do not matter.

        Parameters
        ----------
        *others : Tally
            Of the same scale, labels and named thresholds.

        Returns
        -------
        Tally
            The sums of all their rows.

        Raises
        ------
        InvalidInputError
            Another scale, other labels or named thresholds, or clusters in some of them only.
        """
        refuse_other_form(self, *others)
        step = max(self.step, *(other.step for other in others), 0.0)
        tallies = [tally.coarsen(step) for tally in (self, *others)]
        set_aside: Counter[str] = Counter()
        for tally in tallies:
            set_aside.update(dict(tally.set_aside))
        return self._with(add_up([tally._sums for tally in tallies]), step=step, set_aside=ReadOnly(set_aside))

    def diff(self, other: Tally) -> Tally:
        """Return the tally of the rows that are here and not in ``other``, a part of these.

        Of two states of one tally that only grows, that is the window between them. Rows are exact; weights are
        differences of sums, and carry their rounding.

        Parameters
        ----------
        other : Tally
            A part of these rows, such as an earlier state.

        Returns
        -------
        Tally
            Of the rows that came since.

        Raises
        ------
        InvalidInputError
            Tallies that do not merge, or an ``other`` with rows, or weights, that are not here.
        """
        refuse_other_form(self, other)
        step = max(self.step, other.step)
        rest = subtract(self.coarsen(step)._sums, other.coarsen(step)._sums)
        set_aside = Counter(self.set_aside)
        set_aside.subtract(other.set_aside)
        if rest is None or min(set_aside.values(), default=0) < 0:
            raise InvalidInputError(
                "other holds rows that are not in this tally; diff takes a part away from its whole, such as last "
                "week's state of a tally from this week's"
            )
        return self._with(rest, step=step, set_aside=ReadOnly(+set_aside))

    def coarsen(self, step: float) -> Tally:
        """Return this tally with wider bins.

        Parameters
        ----------
        step : float
            Bin width that is reached at least, a power of two, in units of the margin.

        Returns
        -------
        Tally
            Itself where its bins are as wide already.

        Raises
        ------
        InvalidInputError
            A step that is no power of two.
        """
        if step <= self.step:
            return self
        factor = int(min(check_step(step, self.scale) / self.step, 2 * MAX_BIN))
        columns = list(self.columns)
        fine = columns[2].astype(np.intp)
        columns[2] = fine // factor
        offset = self.offset + self.rows * (fine * self.step - columns[2] * step)
        return self._with(add_up([self._sums._replace(columns=tuple(columns), offset=offset)]), step=step)

    def atoms(self, *classes: int, facet: int = 0, step: float = 0.0) -> Atoms:
        """Return the rows near one facet as weighted points, by ascending margin.

        Parameters
        ----------
        *classes : int
            Indices of some classes; all of them by default.
        facet : int
            Which boundary; 0 is that of two classes.
        step : float
            Bins at least this wide, a power of two, in units of the margin.

        Returns
        -------
        Atoms
            Positions, rows and weights, arrays of shape (n_atoms, ...).

        Raises
        ------
        InvalidInputError
            A step that is no power of two.
        """
        tally = self.coarsen(step)
        chosen = tally.columns[1] == facet
        if classes:
            chosen &= np.equal.outer(classes, tally.columns[0]).any(axis=0)
        return Atoms.of(tally._sums.where(chosen), tally.step, tally.n_blocks)

    @property
    def keys(self) -> IntArray:
        """Keys, sorted, in the order of `KEYS`: array of shape (n_keys, 5)."""
        return np.column_stack(self.columns).astype(np.intp)

    @property
    def positions(self) -> FloatArray:
        """Mean margin of each key's rows, array of shape (n_keys,)."""
        return np.asarray(self.columns[2] * self.step + self.offset / np.maximum(self.rows, 1))

    @property
    def n_blocks(self) -> int:
        """Blocks that hold a row, up to the last; 1 where rows are independent."""
        return int(self.columns[4].max(initial=0)) + 1

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the keys and their sums take."""
        return self._sums.nbytes

    def totals(self, n_classes: int = 2) -> tuple[AnyArray, AnyArray]:
        """Return the weight and the squared weight of each class.

        Parameters
        ----------
        n_classes : int
            How many there are.

        Returns
        -------
        tuple of two arrays of shape (n_classes,)
            Sums of the weights and of their squares.
        """
        own = self.columns[1] == 0
        true = self.columns[0][own]
        return tuple(sum_by(true, sums[own], n_classes) for sums in (self.weight, self.weight2))  # type: ignore[return-value]

    @property
    def _sums(self) -> Sums:
        return Sums(self.columns, self.rows, self.weight, self.weight2, self.offset, self.moments)

    def _with(self, sums: Sums, **changes: Any) -> Tally:
        return replace(self, **sums._asdict(), **changes)

    def __repr__(self) -> str:
        """Show what the tally is of, and how large it is."""
        negative, positive = self.labels
        return (
            f"Tally({int(self.rows.sum()):,} rows of {negative!r} and {positive!r} under {len(self.rows):,} keys; "
            f"{self.scale} scale, step {self.step:g}; {self.nbytes:,} bytes)"
        )
