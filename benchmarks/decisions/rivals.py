"""Ours and the others': each takes labels and probabilities, and returns how it predicts labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from scipy.optimize import differential_evolution
from sklearn.metrics import roc_curve

import conjac as cj
from benchmarks.decisions.scoring import METRICS, table

Predict = Callable[[np.ndarray], np.ndarray]
Tune = Callable[[np.ndarray, np.ndarray, str], Predict]
OURS = "conjac"
CUTOFFS = "optimal-classification-cutoffs"
EVALUATIONS, LEAST_POPULATION = 10_000, 60
REACH = 6.0
"""Offsets of differential evolution lie in [-6, 6]; the first class's is 0."""
FLOOR = 2.0**-40


def ours(y: np.ndarray, scores: np.ndarray, metric: str) -> Predict:
    return cj.maximize(y, scores, metric, method="exact").predict


def argmax(y: np.ndarray, scores: np.ndarray, metric: str) -> Predict:
    del y, scores, metric
    return lambda scores: scores.argmax(axis=1)


def one_against_the_rest(y: np.ndarray, scores: np.ndarray, metric: str) -> Predict:
    """Choose each class's threshold by its own F1 or MCC; the likeliest class over its threshold, else the argmax."""
    best = [class_threshold(y == k, scores[:, k], metric) for k in range(scores.shape[1])]

    def predict(scores: np.ndarray) -> np.ndarray:
        over = np.where(scores >= best, scores, -1.0)
        return np.where(over.max(axis=1) >= 0, over.argmax(axis=1), scores.argmax(axis=1))

    return predict


def class_threshold(positive: np.ndarray, score: np.ndarray, metric: str) -> float:
    """Return the best of all cut-offs of one class."""
    fpr, tpr, thresholds = roc_curve(positive, score, drop_intermediate=False)
    fp, tp = fpr * (~positive).sum(), tpr * positive.sum()
    cells = np.array([[(~positive).sum() - fp, fp], [positive.sum() - tp, tp]]).transpose(2, 0, 1)
    values = 2 * tp / (positive.sum() + tp + fp) if metric == "f1_macro" else METRICS[metric](cells)
    return thresholds[np.argmax(values)]


def evolution(y: np.ndarray, scores: np.ndarray, metric: str) -> Predict:
    """Search the offsets of log-probabilities with the metric of the counts itself as the objective."""
    classes = scores.shape[1]
    value, log = METRICS[metric], np.log(np.maximum(scores, FLOOR))

    def decide(offsets: np.ndarray, log: np.ndarray) -> np.ndarray:
        return (log + np.concatenate([[0.0], offsets])).argmax(axis=1)

    times = max(8, -(-LEAST_POPULATION // (classes - 1)))
    found = differential_evolution(
        lambda offsets: -value(table(y, decide(offsets, log), classes)),
        [(-REACH, REACH)] * (classes - 1),
        popsize=times,
        maxiter=EVALUATIONS // (times * (classes - 1)) - 1,
        x0=np.zeros(classes - 1),
        rng=np.random.default_rng(0),
        tol=0,
        polish=False,
    )
    return lambda scores: decide(found.x, np.log(np.maximum(scores, FLOOR)))


def coordinate_ascent(y: np.ndarray, scores: np.ndarray, metric: str) -> Predict:
    del metric  # macro-F1 only
    from optimal_cutoffs import get_optimal_threshold

    return get_optimal_threshold(y, scores, metric="f1", method="coord_ascent").predict


@dataclass(frozen=True)
class Way:
    """A way to tune.

    Attributes
    ----------
    package : str
        That must be installed, with its version in the report; "" for what conjac brings along.
    metrics : tuple of str
        That it can tune.
    """

    tune: Tune
    package: str = ""
    metrics: tuple[str, ...] = tuple(METRICS)


WAYS = {
    OURS: Way(ours),
    "argmax": Way(argmax),
    "one against the rest": Way(one_against_the_rest),
    "differential evolution": Way(evolution, "scipy"),
    "coordinate ascent": Way(coordinate_ascent, CUTOFFS, ("f1_macro",)),
}


def version_of(package: str) -> str | None:
    """Return an installed package's version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def installed() -> list[str]:
    return [name for name, way in WAYS.items() if not way.package or version_of(way.package)]
