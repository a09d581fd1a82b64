"""German credit with its own costs: what the tuned threshold costs on rows it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import conjac as cj
from benchmarks.decisions.data import CREDIT, read
from benchmarks.decisions.report import markdown_table
from benchmarks.decisions.scoring import table

COSTS = np.array([[0.0, 1.0], [5.0, 0.0]])
"""[true, predicted], good then bad: a bad customer called good costs 5, a good one called bad 1."""
BAYES = float(COSTS[0, 1] / (COSTS[0, 1] + COSTS[1, 0]))
TEST = 0.25
SMOOTH, EXACT = "tuned (smooth)", "tuned (exact)"
FIXED = {"threshold .5": 0.5, f"Bayes threshold {BAYES:.3f}": BAYES}
HEAD = f"""Logistic regression; a bad customer called good costs 5, a good one called bad 1 (300 of 1,000 are bad). \
Each split tests on {TEST:.0%} of the rows; the threshold is tuned on the others' cross-validated probabilities (5 \
folds), and the model refitted on them. Mean cost of a test row; difference: less the tuned one's, with the 95 % \
interval of Nadeau and Bengio, whose variance allows for splits that share rows. Reported as it is: nothing is asked."""


def model(columns: dict[str, np.ndarray]) -> Any:
    names = np.array([column.dtype == object for column in columns.values()])
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), np.flatnonzero(names)),
        (StandardScaler(), np.flatnonzero(~names)),
    )
    return make_pipeline(encoder, LogisticRegression(max_iter=1000))


def measure(folder: Path, splits: int, seed: int, shown: Any) -> dict[str, Any]:
    """Return each way's cost in each split."""
    columns, y = read(CREDIT, folder)
    X = np.column_stack([column.astype(object) for column in columns.values()])
    metric = cj.metrics.expected_cost(COSTS)
    cost: dict[str, list[float]] = {}
    chosen = []
    for train, test in shown(list(StratifiedShuffleSplit(splits, test_size=TEST, random_state=seed).split(X, y))):
        fitted = model(columns)
        inner = cross_val_predict(fitted, X[train], y[train], cv=5, method="predict_proba")[:, 1]
        curve = cj.ConfusionCurve.from_predictions(y[train], inner)
        tuned = {SMOOTH: curve.maximize(metric).threshold, EXACT: curve.maximize(metric, method="exact").threshold}
        score = fitted.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
        chosen.append(tuned[SMOOTH])
        for name, threshold in (tuned | FIXED).items():
            predicted = (score >= threshold).astype(np.intp)
            cost.setdefault(name, []).append(float((table(y[test], predicted, 2) * COSTS).sum() / len(test)))
    return {"splits": splits, "test": TEST, "thresholds": chosen, "cost": cost}


def interval(differences: np.ndarray) -> tuple[float, float, float]:
    """Return the mean and the ends of the corrected 95 % interval.

    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003): the variance of
    the mean of J splits is (1/J + test rows / training rows) times the variance over splits.
    """
    count, mean = len(differences), float(differences.mean())
    error = np.sqrt((1 / count + TEST / (1 - TEST)) * differences.var(ddof=1))
    half = float(stats.t.ppf(0.975, count - 1) * error)
    return mean, mean - half, mean + half


def markdown(found: dict[str, Any]) -> str:
    base, lines = np.array(found["cost"][SMOOTH]), []
    for name, cost in found["cost"].items():
        mean, low, high = interval(np.array(cost) - base)
        told = "" if name == SMOOTH else f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
        lines.append([name, f"{np.mean(cost):.4f}", told])
    low, middle, high = np.quantile(found["thresholds"], [0.05, 0.5, 0.95])
    told = (
        f"{found['splits']} splits. Tuned (smooth) thresholds: median {middle:.3f}, 5 to 95 %: {low:.3f} to {high:.3f}."
    )
    return "\n\n".join([HEAD, told, markdown_table(["decision", "mean cost", "difference"], lines)])
