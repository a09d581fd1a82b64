"""What became of each row under a rule: its true and its predicted class, held small, and what they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from conjac._typing import AnyArray, ConditionOn, FloatArray, IntArray
from conjac.engines.arrays import count_cells
from conjac.errors import NotSupportedError
from conjac.inference import Cells, Table
from conjac.inference.delta import divide
from conjac.readonly import locked
from conjac.rules import ArgmaxRule, ThresholdRule
from conjac.validation import ClassPredictions, Predictions


@dataclass(frozen=True, eq=False)
class Outcomes:
    """True and predicted class of every row, read-only.

    Attributes
    ----------
    n_columns : int
        Outcomes of the rule: the classes, and a reject option where there is one.
    true, predicted : array of shape (n_samples,)
        Indices of classes, in the smallest unsigned integers that hold them.
    weight : array of shape (n_samples,) or None
    block : array of shape (n_samples,) or None
        Each row's block of clusters.
    score : array of shape (n_samples,) or (n_samples, n_classes), or None
        What the rule was applied to: the caller's own, not a copy.
    rule : ThresholdRule, ArgmaxRule or None
    """

    n_columns: int
    true: AnyArray
    predicted: AnyArray
    weight: FloatArray | None
    block: AnyArray | None
    score: AnyArray | None = None
    rule: ThresholdRule | ArgmaxRule | None = None

    @classmethod
    def of(
        cls,
        rows: Predictions | ClassPredictions,
        predicted: AnyArray,
        n_columns: int,
        rule: ThresholdRule | ArgmaxRule | None = None,
    ) -> Self:
        """Keep what a rule predicts of rows.

        Parameters
        ----------
        rows : Predictions or ClassPredictions
        predicted : array of shape (n_samples,)
            Indices of classes, or whether the positive one of two is predicted.
        n_columns : int
        rule : ThresholdRule or ArgmaxRule, optional
            Where it may be asked what each row adds: is kept, with a reference to the scores.
        """
        small = np.min_scalar_type(n_columns - 1)
        return cls(
            n_columns,
            locked(rows.true.astype(small)),
            locked(predicted.astype(small)),
            None if rows.weight is None else locked(rows.weight),
            None if rows.block is None else locked(rows.block.astype(np.uint8)),
            None if rule is None else locked(rows.score),
            rule,
        )

    def by_category(self, category: IntArray, n_categories: int, condition_on: ConditionOn | None) -> Cells:
        """Count the cells of the rows of each category; its figures are arrays of shape (n_categories, K, K, ...)."""
        shape = n_categories, self.n_columns, self.n_columns
        true = category * self.n_columns + self.true
        rows = n_categories * self.n_columns, self.n_columns
        block = None if self.block is None else self.block.astype(np.intp)
        flat = count_cells(true, self.predicted, rows, self.weight, block, condition_on)
        by_block = None if flat.by_block is None else flat.by_block.reshape(*shape, -1)
        return Cells(flat.weight.reshape(shape), flat.weight2.reshape(shape), by_block, condition_on)

    def part(self, rows: slice) -> Self:
        """Return those of some rows."""
        weight, block = (None if column is None else column[rows] for column in (self.weight, self.block))
        return type(self)(self.n_columns, self.true[rows], self.predicted[rows], weight, block)

    def one_row(self, rows: IntArray) -> FloatArray:
        """Return the squared weight of one row of each class among some rows, (n_columns,); 0 of none."""
        weight = np.ones(len(rows)) if self.weight is None else self.weight[rows]
        first, second = (np.bincount(self.true[rows], weight**power, self.n_columns) for power in (1, 2))
        return divide(second, first, 0.0) ** 2

    def table(self, cell: IntArray, true: IntArray, condition_on: ConditionOn | None) -> Table:
        """Count the rows by cells of any kind.

        Parameters
        ----------
        cell : array of shape (n_samples,)
            Place of each row's cell.
        true : array of shape (n_cells,)
            True class of each cell.
        condition_on : {"class", None}
        """
        block = None if self.block is None else self.block.astype(np.intp)
        counted = count_cells(cell, np.zeros_like(cell), (len(true), 1), self.weight, block, None)
        blocks = None if counted.by_block is None else counted.by_block.reshape(len(true), -1)
        stratum = true if condition_on else np.zeros_like(true)
        return Table(counted.weight.ravel(), counted.weight2.ravel(), stratum, blocks)


def rows_of(outcomes: Outcomes | None, what: str) -> Outcomes:
    """Return the outcomes of rows that were kept.

    Raises
    ------
    NotSupportedError
        They were not; ``what`` is what they were asked for.
    """
    if outcomes is None:
        raise NotSupportedError(
            f"{what}: this result was made from a frame or a tally, and keeps no rows; pass labels and "
            "scores as arrays to confusion_jacobian, or ask a ConfusionCurve of the frame"
        )
    return outcomes
