"""What training does to the chosen metric: its hyper-parameters, and single training rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac.influence import WAYS
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.training import TrainingEffects
from conjac.views.summary.influence import Way
from conjac.views.summary.measure import UNDEFINED, Measure, clean, title_of
from conjac.views.summary.ranking import Bar, Ranking
from conjac.views.summary.surfaceplot import SurfacePlot

FINE = 31
"""Points along each axis of a surface, few enough for a page."""

BESIDE = ("recall", "precision")
"""Metrics that are told beside the chosen one."""
TOLD = ("derivative", "newton_step", "held", "step_choice", "seeds", "refits", "assumes")
"""What of a result's diagnostics a reader needs."""
NAN = re.compile(r"\b(is|are) nan\b")


@dataclass(frozen=True)
class HyperparameterSlope:
    """What a hyper-parameter does.

    Attributes
    ----------
    name : str
    at : str
        Where it stands, or of refits what was fitted on either side.
    unit : str
        What a step of 1 is, such as "1 of log C".
    changes : tuple of Measure
        Of each metric, the chosen one first, for a step of 1.
    """

    name: str
    at: str
    unit: str
    changes: tuple[Measure, ...]


@dataclass(frozen=True)
class Hyperparameters:
    """What hyper-parameters do to a few metrics.

    Attributes
    ----------
    method : {"implicit", "refits"}
        Through the solved training problem, or by fitting again on either side.
    logarithms : bool
        Whether a step of 1 is one of the logarithm.
    metrics : tuple of str
        Titles, the chosen one first.
    slopes : tuple of HyperparameterSlope
        What moves the chosen metric the most first.
    facts : tuple of (str, str)
        Of the derivative: keys and values of diagnostics.
    cautions : tuple of str
        What should not be believed, and why.
    """

    method: str
    logarithms: bool
    metrics: tuple[str, ...]
    slopes: tuple[HyperparameterSlope, ...]
    facts: tuple[tuple[str, str], ...]
    cautions: tuple[str, ...]

    @classmethod
    def of(cls, J: ConfusionJacobian, metric: Metric, level: float) -> Hyperparameters:
        """Take slopes from a Jacobian in hyper-parameters."""
        named = [resolve(name, J.labels) for name in BESIDE]
        metrics = [metric, *(row for row in named if row.name != metric.name)]
        found = [J.of(row) for row in metrics]
        limits = [one.confint(level) for one in found]

        def change(one: int, place: int) -> Measure:
            lower, upper = limits[one]
            return Measure(float(found[one].gradient[place]), float(lower[place]), float(upper[place]))

        at: Mapping[str, Any] = J.diagnostics["values"]
        slopes = [
            HyperparameterSlope(
                name=clean(name),
                at=_at(at[name]),
                unit=clean(unit),
                changes=tuple(change(one, place) for one in range(len(metrics))),
            )
            for place, (name, unit) in enumerate(zip(J.parameters, J.units, strict=True))
        ]
        strongest = np.argsort(-np.nan_to_num(np.abs(found[0].gradient), nan=-1.0), kind="stable")
        return cls(
            method="refits" if "refitted" in J.diagnostics else "implicit",
            logarithms=J.units[0].startswith("1 of log "),
            metrics=tuple(title_of(row.name) for row in metrics),
            slopes=tuple(slopes[place] for place in strongest),
            facts=_facts(J.diagnostics),
            cautions=_cautions(J.diagnostics),
        )

    @property
    def ranked(self) -> Ranking:
        """Slopes of the chosen metric, as a picture."""
        unit = "1 of its logarithm" if self.logarithms else "1"
        bars = [Bar(one.name, one.changes[0]) for one in self.slopes]
        return Ranking.of(bars, f"{self.metrics[0]} by hyper-parameters", f"change per {unit}")


@dataclass(frozen=True)
class Influence:
    """What single training rows do to the chosen metric.

    Attributes
    ----------
    ways : tuple of Way
        By their weight, left out, and under the other label.
    facts, cautions
        As of `Hyperparameters`.
    """

    ways: tuple[Way, ...]
    facts: tuple[tuple[str, str], ...]
    cautions: tuple[str, ...]

    @classmethod
    def of(cls, J: ConfusionJacobian, metric: Metric, level: float) -> Influence:
        """Take the strongest rows from a Jacobian in the weights of training rows."""
        found = J.influential_rows(metric)
        ways = tuple(Way.of(found, by, level) for by in WAYS)
        return cls(ways, _facts(J.diagnostics), _cautions(J.diagnostics))


@dataclass(frozen=True)
class Training:
    """What training does to the chosen metric: sensitivity, not importance.

    Attributes
    ----------
    metric_title : str
    value : Measure
        Of the metric as it stands; nan where nothing can be told.
    rows : int
        That the model was trained on.
    hyperparameters : Hyperparameters or None
    influence : Influence or None
    surface : SurfacePlot or None
        A figure over a hyper-parameter and something else, if one was given.
    refused : tuple of (str, str)
        What cannot be told, "hyperparameters" or "weights", and why.
    """

    metric_title: str
    value: Measure
    rows: int
    hyperparameters: Hyperparameters | None
    influence: Influence | None
    surface: SurfacePlot | None
    refused: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, effects: TrainingEffects, metric: Metric, level: float) -> Training:
        """Take what a report shows from what training does.

        Parameters
        ----------
        effects : TrainingEffects
        metric : Metric
        level : float
            Of the intervals.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.linear_model import LogisticRegression
        >>> from conjac.metrics import resolve
        >>> from conjac.training import training_effects
        >>> X, y = np.random.default_rng(0).normal(size=(2000, 2)), np.arange(2000) % 2
        >>> model = LogisticRegression().fit(X[:300] + y[:300, None], y[:300])
        >>> effects = training_effects(model, X[300:] + y[300:, None], y[300:], (X[:300] + y[:300, None], y[:300]))
        >>> told = Training.of(effects, resolve("recall", (0, 1)), level=0.95)
        >>> told.hyperparameters.metrics, told.influence.ways[0].left_out
        (('Recall', 'Precision'), 280)
        """
        moved, weighed = effects.hyperparameters, effects.weights
        told = next((J.of(metric) for J in (moved, weighed) if J is not None), None)
        return cls(
            metric_title=title_of(metric.name),
            value=UNDEFINED if told is None else Measure.of(told.value, told.value_confint(level)),
            rows=effects.n_rows,
            hyperparameters=None if moved is None else Hyperparameters.of(moved, metric, level),
            influence=None if weighed is None else Influence.of(weighed, metric, level),
            surface=None if effects.surface is None else SurfacePlot.of(effects.surface, fine=FINE),
            refused=tuple((name, clean(why)) for name, why in effects.refused.items()),
        )


def _at(value: Any) -> str:
    return " and ".join(f"{one:g}" for one in np.atleast_1d(value))


def _facts(diagnostics: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    told = {name: diagnostics[name] for name in TOLD if name in diagnostics}
    if isinstance(told.get("seeds"), list):
        told["seeds"] = len(told["seeds"])
    return tuple(
        (name, clean(", ".join(map(str, value)) if isinstance(value, list) else value)) for name, value in told.items()
    )


def _cautions(diagnostics: Mapping[str, Any]) -> tuple[str, ...]:
    """Return cautions in words for people, to whom nan says nothing."""
    return tuple(NAN.sub(r"\1 undefined", clean(caution)) for caution in diagnostics["cautions"])
