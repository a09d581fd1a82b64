"""Finding labels that were flipped: how many of them are among the rows that each way puts first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import conjac as cj
from benchmarks.decisions.data import Real, missing, read
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.training.losses import loss_influence

Row = dict[str, Any]
SPAMBASE = Real.known("spambase")
SHARE = 0.05
REMOVED, RELABELLED = "conjac, removed", "conjac, relabelled"
LOSS, MARGIN, CHANCE = "loss influence", "margin of its own label", "chance"
WAYS = (REMOVED, RELABELLED, LOSS, MARGIN, CHANCE)
HEAD = f"""\
spambase: half of the rows train a LogisticRegression(C=1) of standardised columns, after {SHARE:.0%} of their labels \
were flipped; the other half, as it is, is what is evaluated. Share of the flipped rows among the first {SHARE:.0%} \
of the training rows, by: the rise of accuracy (the fall of wrong cells) that conjac tells for the row left out, and \
for the row relabelled; the fall of the held-out rows' log loss by leaving it out (Koh & Liang 2017); the margin of \
its own label, lowest first, which is the order of its own loss too. Mean over draws, least and most."""


def found(X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """Return the share of flipped rows that each way finds, with one split and one set of flips."""
    X, X_held, y, y_held = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    scaler = StandardScaler().fit(X)
    X, X_held = scaler.transform(X), scaler.transform(X_held)
    n = round(SHARE * len(y))
    flipped = np.random.default_rng(seed).choice(len(y), n, replace=False)
    y = np.where(np.isin(np.arange(len(y)), flipped), 1 - y, y)
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8, max_iter=200).fit(X, y)
    J = cj.ConfusionJacobian.from_estimator(model, X_held, y_held, wrt="training_weights", training_data=(X, y))
    rows = J.influential_rows("accuracy")
    suspicion = {
        REMOVED: rows.removed.value,
        RELABELLED: rows.relabelled.value,
        LOSS: -loss_influence(model, X, y, (X_held, y_held)),
        MARGIN: -(2 * y - 1) * model.decision_function(X),
    }
    shares = {
        way: float(np.isin(np.argsort(-np.nan_to_num(told, nan=-np.inf), kind="stable")[:n], flipped).mean())
        for way, told in suspicion.items()
    }
    return shares | {CHANCE: n / len(y)}


def run(data: Path, draws: int, shown: Any) -> list[dict[str, float]]:
    """Return what was found in each draw; nothing where the set is not there."""
    if missing(SPAMBASE, data):
        return []
    columns, y = read(SPAMBASE, data)
    X = np.column_stack(list(columns.values())).astype(float)
    return [found(X, y, seed) for seed in shown("mislabelled")(range(draws))]


def verdicts(rows: list[dict[str, float]]) -> list[Row]:
    told = ", ".join(f"{way} {np.mean([r[way] for r in rows]):.1%}" for way in WAYS)
    best = max(np.mean([r[way] for r in rows]) for way in (REMOVED, RELABELLED))
    return [
        verdict(
            "spambase, flipped labels: ours finds more than loss influence",
            bool(best > np.mean([r[LOSS] for r in rows])),
            told,
        )
    ]


def markdown(rows: list[dict[str, float]]) -> str:
    lines = []
    for way in WAYS:
        shares = [r[way] for r in rows]
        lines.append([way, f"{np.mean(shares):.1%}", f"{min(shares):.1%}", f"{max(shares):.1%}"])
    return f"{HEAD} {len(rows)} draws.\n\n{markdown_table(['by', 'found', 'least', 'most'], lines)}"
