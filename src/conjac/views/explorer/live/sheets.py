"""Sheets of a scene made anew, of the same rows with other scores: `ThresholdSheets` and `OffsetSheets`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from conjac._typing import AnyArray, ConditionOn, IntArray
from conjac.curve import ConfusionCurve
from conjac.metrics import Metric
from conjac.validation import ClassPredictions, Predictions, blaming
from conjac.views.summary.scene import Move, Scene, ThresholdSheet, metric_rows
from conjac.views.summary.scene.offsets import OffsetSheet

Placed: TypeAlias = tuple[Any, IntArray | None]
"""Checked rows, and their places among all; None of all."""


@dataclass(frozen=True, eq=False)
class Sheets(ABC):
    """What makes the sheets of a scene anew.

    Attributes
    ----------
    scene : Scene
    rows : tuple of (Predictions or ClassPredictions, array of shape (n_rows,) or None)
        Of each sheet, and their places among all; None of all.
    condition_on : {"class", None}
    """

    scene: Scene
    rows: tuple[Placed, ...]
    condition_on: ConditionOn | None

    def __len__(self) -> int:
        """Return the number of sheets."""
        return len(self.rows)

    def places(self, k: int) -> IntArray | None:
        """Return which rows a sheet is of; None for all."""
        return self.rows[k][1]

    @abstractmethod
    def moves(self) -> Sequence[Move]:
        """Return what of the rule may be moved, and the rows are counted again."""

    @abstractmethod
    def anew(self, k: int, score: AnyArray, values: Mapping[str, float]) -> Any:
        """Return the sheet of other scores, where the moves of the rule stand elsewhere."""


def sheets_of(
    scene: Scene,
    rows: Predictions | ClassPredictions,
    parts: Sequence[Placed],
    metric: str | Metric,
    condition_on: ConditionOn | None,
) -> Sheets:
    """Take a scene and the rows that it was made of.

    Parameters
    ----------
    scene : Scene
    rows : Predictions or ClassPredictions
    parts : sequence of (Predictions or ClassPredictions, array of shape (n_rows,))
        Of each group, and their places among all.
    metric : str or Metric
        The one that is shown first.
    condition_on : {"class", None}
    """
    placed = ((rows, None), *parts)
    if isinstance(rows, ClassPredictions):
        return OffsetSheets(scene, placed, condition_on, metric)
    return ThresholdSheets(scene, placed, condition_on, metric_rows(metric, rows.labels))


@dataclass(frozen=True, eq=False)
class ThresholdSheets(Sheets):
    """The sheets of a scene of two classes, at its own steps.

    Attributes
    ----------
    metrics : sequence of Metric
    """

    metrics: Sequence[Metric]

    def moves(self) -> Sequence[Move]:
        """Return nothing: the threshold is the slider's."""
        return ()

    def anew(self, k: int, score: AnyArray, values: Mapping[str, float]) -> ThresholdSheet:
        """Return the sheet of other scores."""
        del values
        old: Any = self.scene.sheets[k]
        first, rows = old.tracks[0], replace(self.rows[k][0], score=score)
        curve = ConfusionCurve.from_rows(rows, coordinate=first.coordinate, condition_on=self.condition_on)
        how: dict[str, Any] = {"name": old.name, "level": self.scene.level}
        with blaming(old.name):
            return ThresholdSheet.of(curve, old.score, first.base, self.metrics, **how)


@dataclass(frozen=True, eq=False)
class OffsetSheets(Sheets):
    """The sheets of a scene of several classes; all offsets may be moved at once, and every row is counted.

    Attributes
    ----------
    metric : str or Metric
    """

    metric: str | Metric

    def moves(self) -> Sequence[Move]:
        """Return the offset of each class."""
        return [
            Move(
                track.name,
                f"Offset of {label}",
                "offset",
                float(track.at.min()),
                float(track.at.max()),
                float(track.at[track.base]),
                "",
            )
            for label, track in zip(self.scene.labels, self.scene.sheets[0].tracks, strict=True)
        ]

    def anew(self, k: int, score: AnyArray, values: Mapping[str, float]) -> OffsetSheet:
        """Return the sheet of other scores and other offsets."""
        old, rows = self.scene.sheets[k], replace(self.rows[k][0], score=score)
        offsets = np.array([values[move.name] for move in self.moves()])
        how: dict[str, Any] = {"metric": self.metric, "condition_on": self.condition_on, "level": self.scene.level}
        with blaming(old.name):
            return OffsetSheet.of(rows, offsets, name=old.name, **how)
