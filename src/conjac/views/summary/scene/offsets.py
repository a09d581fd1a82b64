"""What the explorer shows of several classes: the path of each offset, and a sample of rows for joint moves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import ConditionOn, CoordinateName, FloatArray
from conjac.engines.classes import rule_of
from conjac.engines.rising import Rising
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.inference import quantile
from conjac.metrics import Metric, resolve
from conjac.progress import Told
from conjac.validation import ClassPredictions
from conjac.views.summary.measure import clean
from conjac.views.summary.scene.metric_row import MetricRow
from conjac.views.summary.scene.packed import Rounded
from conjac.views.summary.scene.path import track_of
from conjac.views.summary.scene.ratios import MeanOfRatios
from conjac.views.summary.scene.sample import JointSample
from conjac.views.summary.scene.track import Track

MOST_STEPS, FEWEST_STEPS = 650, 9
"""Values of all offsets together, at most, and of each, at least: a step costs as much however few rows there are."""
METRICS = ("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "matthews_corrcoef")
BY_CLASS = ("recall", "precision", "f1")
SCORE = 12
"""Significant binary digits of what is compared, of a row of the sample."""


@dataclass(frozen=True, eq=False)
class OffsetSheet:
    """One set of rows of several classes, with K labels and M metrics.

    Attributes
    ----------
    name : str
        Of the group; empty of all rows.
    labels : tuple of str
    coordinate : {"logit", "score"}
        What offsets are added to: the logarithm of probabilities, or scores.
    offsets : array of shape (K,)
        Where the sheet stands, less that of the first class.
    level : float
        Of every interval.
    metrics : tuple of MetricRow
        Of length M, the chosen one first.
    ratios : tuple of MeanOfRatios or None
        Each metric as coefficients; None of one that is no mean of ratios.
    n_steps : int
        Values of each offset, at most: as many as were asked for, or fewer of more than 15 classes.
    tracks : tuple of Track
        Of length K: what the offset of each class alone does.
    sample : JointSample
        For moves of several offsets; see `conjac.views.summary.scene.joint`.
    """

    name: str
    labels: tuple[str, ...]
    coordinate: str
    offsets: FloatArray
    level: float
    metrics: tuple[MetricRow, ...]
    ratios: tuple[MeanOfRatios | None, ...]
    n_steps: int
    tracks: tuple[Track, ...]
    sample: JointSample

    @classmethod
    def of(
        cls,
        rows: ClassPredictions,
        offsets: Any = None,
        *,
        name: str = "",
        coordinate: CoordinateName | None = None,
        metric: str | Metric = "f1_macro",
        condition_on: ConditionOn | None = None,
        level: float = 0.95,
        n_steps: int = 41,
        also: FloatArray | None = None,
        n_sample: int = 4000,
        random_state: int = 0,
        report: Told | None = None,
    ) -> Self:
        """Compute everything that the explorer shows of one set of rows.

        Parameters
        ----------
        rows : ClassPredictions
            From `conjac.validation.check_classes`.
        offsets : array of shape (K,), Decision, ArgmaxRule or None
            As for `conjac.ConfusionJacobian.from_predictions`.
        name : str
            Of the group.
        coordinate : {"logit", "score"}, optional
            That in which the rows were read; any by default.
        metric : str or Metric
            The chosen one.
        condition_on : {"class", None}
            As for `conjac.ConfusionJacobian.from_predictions`.
        level : float
            Of every interval.
        n_steps : int
            Values of each offset, at most; of K classes no more than 650 / K, or 9 of more than 72.
        also : array of shape (n_decisions, K), optional
            Offsets that are told too, told as ``offsets`` are.
        n_sample : int
            Rows of the sample for joint moves, about.
        random_state : int
            Of the sample.
        report : callable, optional
            Is told the share of the work that is done.

        Raises
        ------
        InvalidInputError
            An unknown metric, offsets that do not fit, another coordinate than that of the rows.
        NotSupportedError
            A reject option.
        """
        rule = rule_of(rows, offsets)
        n = len(rows.labels)
        if rule.rejects(n):
            raise NotSupportedError("offsets: the explorer has no reject option; leave its offset out")
        if coordinate not in (None, rule.scale):
            raise InvalidInputError(
                f"coordinate={coordinate!r}: the rows were read in {rule.scale!r}; read them in that"
            )
        listed = scene_metrics(metric, rows.labels)
        compared = rule.compared(rows.score)
        n_steps = min(n_steps, max(MOST_STEPS // n, FEWEST_STEPS))

        asked = np.zeros((0, n)) if also is None else also.reshape(-1, n)

        def followed(column: int) -> Track:
            rising = Rising.of(rows, rule, compared, column)
            return track_of(rising, listed, n_steps, asked[:, column], condition_on, level)

        tracks = []
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for track in pool.map(followed, range(n)):
                tracks.append(track)
                if report is not None:
                    report(len(tracks) / n)
        totals = tracks[0].matrix.value[0].sum(axis=1)
        return cls(
            name=clean(name),
            labels=tuple(clean(label) for label in rows.labels),
            coordinate=rule.scale,
            offsets=rule.offsets,
            level=level,
            metrics=in_table(listed, rows.labels),
            ratios=tuple(MeanOfRatios.of(row, totals) for row in listed),
            n_steps=n_steps,
            tracks=tuple(tracks),
            sample=JointSample.of(rows, rule, compared, n_sample, random_state),
        )

    def to_tree(self) -> dict[str, Any]:
        """Return everything as plain types and arrays, for `conjac.views.summary.scene.pack`."""
        sample = self.sample
        return {
            "name": self.name,
            "totals": self.tracks[0].matrix.value[0].sum(axis=1).astype(np.float64),
            "tracks": [track.to_tree(["matrix"]) for track in self.tracks],
            "effective": None,
            "bound": None,
            "sample": {
                **asdict(sample),
                "score": Rounded(sample.score, SCORE),
                "quantile": quantile(self.level, sample.n_replicates - 1),
            },
            "ratios": [None if one is None else one.to_tree() for one in self.ratios],
        }


def scene_metrics(metric: str | Metric, labels: tuple[Any, ...]) -> list[Metric]:
    """Return the chosen metric, those over all classes, and those of each class."""
    names = [*METRICS, *(f"{name}[{label}]" for name in BY_CLASS for label in labels)]
    chosen = resolve(metric, labels)
    return [chosen, *(row for row in (resolve(name, labels) for name in names) if row != chosen)]


def in_table(listed: Sequence[Metric], labels: tuple[Any, ...]) -> tuple[MetricRow, ...]:
    """Return the lines of the table, each of which knows its class."""
    of = {f"{base}[{label}]": place for place, label in enumerate(labels) for base in BY_CLASS}
    return tuple(MetricRow.of(row, of.get(row.name, -1)) for row in listed)
