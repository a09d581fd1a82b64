"""Times, as ratios in the same process: after a warm-up, the best of several repeats taken in turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import TunedThresholdClassifierCV

import conjac as cj
from benchmarks.decisions.population import Normals
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.decisions.rivals import CUTOFFS, OURS, version_of

Row = dict[str, Any]
Work = Callable[[np.ndarray, np.ndarray], float | None]
CLASSES = 10
WARM = 2_000
POINTS = 100
TUNED, SCAN, ASCENT, COUNTED = "TunedThresholdClassifierCV", "exact scan", "coordinate ascent", "confusion_matrix"
HEAD = f"""Coordinate ascent and the exact scan are those of {CUTOFFS}, compiled where numba is installed. \
`TunedThresholdClassifierCV` takes a fitted model that hands out its scores, and {POINTS} thresholds; the other two \
take all cut-offs. `confusion_matrix` of scikit-learn is timed with the argmax, and gives no slope. "Value" is the \
metric that was reached on the rows."""


@dataclass(frozen=True)
class Race:
    """Works on the same rows.

    Attributes
    ----------
    works : mapping of a name to (work, repeats)
        Ours first; a work returns the metric it reached.
    asked : mapping of a rival to the least ratio of its time to ours
    """

    title: str
    n: int
    draw: Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
    works: dict[str, tuple[Work, int]]
    asked: dict[str, float]


class Given(ClassifierMixin, BaseEstimator):
    """A fitted binary classifier whose one feature is its score."""

    classes_ = np.array([0, 1])

    def fit(self, X: np.ndarray, y: np.ndarray) -> Given:
        del X, y
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.column_stack([1 - X[:, 0], X[:, 0]])


def several(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y, u = Normals.of(CLASSES).sample(n, rng)
    return y, softmax(u, axis=1)


def two(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y = (rng.random(n) < 0.2).astype(np.intp)
    return y, expit(rng.normal(2.0 * y - 2, 1))


def ours(y: np.ndarray, scores: np.ndarray) -> float:
    return cj.maximize(y, scores, "f1_macro", method="exact").value


def ours_binary(y: np.ndarray, score: np.ndarray) -> float:
    return cj.ConfusionCurve.from_predictions(y, score).maximize("f1", method="exact").value


def ours_slopes(y: np.ndarray, scores: np.ndarray) -> None:
    J = cj.confusion_jacobian(y, scores)
    assert J.matrix.shape + J.jacobian.shape + J.stderr.shape == (scores.shape[1],) * 8  # all made, if made lazily


def cutoffs(method: str, comparison: str) -> Work:
    """Return a work of the package: its exact scan or its coordinate ascent."""

    def run(y: np.ndarray, scores: np.ndarray) -> float:
        from optimal_cutoffs import get_optimal_threshold

        return get_optimal_threshold(y, scores, metric="f1", method=method, comparison=comparison).score

    return run


def tuned(y: np.ndarray, score: np.ndarray) -> float:
    model = TunedThresholdClassifierCV(Given(), scoring="f1", thresholds=POINTS, cv="prefit", refit=False)
    return model.fit(score[:, None], y).best_score_


def counted(y: np.ndarray, scores: np.ndarray) -> None:
    confusion_matrix(y, scores.argmax(axis=1))


def races(quick: bool) -> list[Race]:
    """Return what is timed; without the package, the rest."""
    part, known = 50 if quick else 1, version_of(CUTOFFS) is not None
    ascent = {ASCENT: (cutoffs("coord_ascent", ">"), 2)} if known else {}
    scan = {SCAN: (cutoffs("sort_scan", ">="), 7)} if known else {}
    macro = {OURS: (ours, 5), **ascent}
    binary = {OURS: (ours_binary, 7), TUNED: (tuned, 2), **scan}
    slopes = {OURS: (ours_slopes, 7), COUNTED: (counted, 7)}
    return [
        Race(f"offsets for macro-F1, K = {CLASSES}", 200_000 // part, several, macro, {ASCENT: 20}),
        Race("threshold for binary F1", 1_000_000 // part, two, binary, {TUNED: 50, SCAN: 1}),
        Race(f"slopes of all cells with errors, K = {CLASSES}", 1_000_000 // part, several, slopes, {COUNTED: 1}),
    ]


def run(race: Race, seed: int) -> list[Row]:
    """Return each work's best time, and what it reached."""
    y, scores = race.draw(race.n, np.random.default_rng(seed))
    times: dict[str, list[float]] = {name: [] for name in race.works}
    reached: dict[str, float | None] = {}
    for work, _ in race.works.values():
        work(y[:WARM], scores[:WARM])
    for turn in range(max(repeats for _, repeats in race.works.values())):
        for name, (work, repeats) in race.works.items():
            if turn < repeats:
                start = perf_counter()
                reached[name] = work(y, scores)
                times[name].append(perf_counter() - start)
    best = {name: min(told) for name, told in times.items()}
    return [
        {"race": race.title, "n": race.n, "work": name, "seconds": best[name], "ratio": best[name] / best[OURS]}
        | {"value": reached[name], "all_seconds": times[name]}
        for name in race.works
    ]


def verdicts(rows: list[Row], quick: bool) -> list[Row]:
    ratio = {(r["race"], r["work"]): r["ratio"] for r in rows}
    found = []
    for race in races(quick):
        for rival, least in race.asked.items():
            what = f"{race.title}, n = {race.n:,}: {rival} takes at least {least:g} times as long as ours"
            told = ratio.get((race.title, rival))
            found.append(verdict(what, None if told is None else told >= least, "" if told is None else f"{told:.2f}"))
    return found


def markdown(rows: list[Row]) -> str:
    lines = []
    for r in rows:
        value = "" if r["value"] is None else f"{r['value']:.5f}"
        lines.append([r["race"], f"{r['n']:,}", r["work"], f"{r['seconds']:.4f}", f"{r['ratio']:.2f}", value])
    return f"{HEAD}\n\n{markdown_table(['race', 'n', 'work', 's', 'over ours', 'value'], lines)}"
