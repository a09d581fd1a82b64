"""Which drift hurts recall, and what importance would have said, where a feature decides much and is saturated."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.features.populations import SHARE, Saturated

POPULATION = Saturated()
BACKGROUND = 200
EXPLAINED = 500
HEAD = """\
The saturated population above: x1 separates the classes, and stands where tanh is flat. What does a drift of one sd \
do to recall, by its slope? The truth is by quadrature, per standard deviation of the rows. Mean |SHAP| is of exact \
Shapley values (two features, independent background), of the log-odds and of the probability; permutation \
importance is the mean loss of 10 shuffles, by scikit-learn, in recall and in accuracy. These answer another \
question: what if the feature told nothing?"""


class Fixed(ClassifierMixin, BaseEstimator):
    """The population's model, as scikit-learn takes it."""

    classes_ = np.array([0, 1])

    def fit(self, X: np.ndarray, y: np.ndarray) -> Fixed:
        del X, y
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return (POPULATION.margin(X) >= 0).astype(int)


def shapley(f: Any, X: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return exact Shapley values of two features, whose absence is their draw from the background by itself."""
    grid = np.stack(np.broadcast_arrays(background[:, None, 0], background[None, :, 1]), axis=-1).reshape(-1, 2)
    nothing = f(grid).mean()

    def with_only(j: int) -> np.ndarray:
        told = np.repeat(background[None], len(X), axis=0)
        told[:, :, j] = X[:, j, None]
        return f(told.reshape(-1, 2)).reshape(len(X), -1).mean(axis=1)

    alone, both = [with_only(0), with_only(1)], f(X)
    return np.column_stack([(alone[j] - nothing + both - alone[1 - j]) / 2 for j in (0, 1)])


def measure(n: int, draws: int, seed: int, shown: Any) -> dict[str, Any]:
    """Return what each way says of the two features, and how often our order is right over draws."""
    X, y = POPULATION.sample(n, np.random.default_rng(seed))
    sd = X.std(axis=0)
    some = X[:EXPLAINED], X[EXPLAINED : EXPLAINED + BACKGROUND]
    permuted = {
        score: permutation_importance(Fixed(), X, y, scoring=score, n_repeats=10, random_state=seed).importances_mean
        for score in ("recall", "accuracy")
    }
    told = cj.rank_drifts(POPULATION.model, X, y, "recall").told
    right = 0
    for draw in shown(range(draws)):
        ours = cj.rank_drifts(
            POPULATION.model, *POPULATION.sample(2_000, np.random.default_rng((seed, draw))), "recall"
        )
        right += ours.order[0] == "x0"
    figures = {
        "truth": POPULATION.slopes[1] / SHARE * sd,
        "conjac": told.gradient,
        "mean \\|SHAP\\|, log-odds": np.abs(shapley(lambda Z: logit(POPULATION.model(Z)), *some)).mean(axis=0),
        "mean \\|SHAP\\|, probability": np.abs(shapley(POPULATION.model, *some)).mean(axis=0),
        "permutation, recall": permuted["recall"],
        "permutation, accuracy": permuted["accuracy"],
    }
    rows = {name: [float(value) for value in values] for name, values in figures.items()}
    return {"n": n, "rows": rows, "stderr": told.stderr.tolist(), "draws": draws, "right": right}


def _first(values: list[float]) -> str:
    return "x0" if values[0] > values[1] else "x1"


def verdicts(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    what = "saturated: our order of what hurts recall is the truth's"
    if not found:
        return [verdict(what, None)]
    met = _first(found["rows"]["conjac"]) == _first(found["rows"]["truth"])
    return [verdict(what, met, f"and in {found['right']} of {found['draws']} draws of 2,000 rows")]


def markdown(found: dict[str, Any]) -> str:
    lines = [[name, *(f"{value:.3f}" for value in values), _first(values)] for name, values in found["rows"].items()]
    errors = " and ".join(f"{error:.4f}" for error in found["stderr"])
    head = f"{HEAD} {found['n']:,} rows; standard errors of ours are {errors}."
    return head + "\n\n" + markdown_table(["told by", "x0", "x1", "first"], lines)
