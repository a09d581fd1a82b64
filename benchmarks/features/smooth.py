"""Tangent and secant of smooth models: the same rows, one by derivatives and one by recount."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict

STEP = 0.05
"""Of the recount, in standard deviations to either side."""
TRAINING = 1_500
MOST = 3
MODELS = {
    "LogisticRegression": lambda: LogisticRegression(),
    "MLPClassifier": lambda: MLPClassifier((16,), alpha=0.1, max_iter=400, random_state=0),
    "SVC, rbf": lambda: SVC(),
    "CalibratedClassifierCV": lambda: CalibratedClassifierCV(LogisticRegression(), method="sigmoid", cv=3),
    "GaussianNB": lambda: GaussianNB(),
}
HEAD = f"""\
Six columns in a StandardScaler before each model: normal, correlated, Poisson with noise and of long tails, and \
labels that depend on their products; {TRAINING:,} rows train. On each draw: dFP and dTP per sd by derivatives, less \
the recount at ± {STEP:g} sd on the same rows. t is the mean of these differences over its own standard error, from \
the draws: of the bias-corrected centre, whose error `stderr` is, and of the estimate."""


def drawn(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    X = rng.normal(size=(n, 4))
    X[:, 1] = 0.6 * X[:, 0] + 0.8 * X[:, 1]
    X = np.column_stack([X, rng.poisson(8, n) + rng.normal(0, 0.3, n), rng.standard_t(5, n)])
    m = X[:, 0] + np.sin(2 * X[:, 1]) + 0.5 * X[:, 2] * X[:, 0] + (X[:, 4] - 8) / 4 + 0.3 * np.tanh(X[:, 5]) - 1
    return X, (rng.random(n) < 1 / (1 + np.exp(-1.5 * m))).astype(int)


def compared(model: Any, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Return estimate, centre and recount of dFP and dTP, arrays of shape (2, d), and whose derivative served."""
    X, y = drawn(n, rng)
    J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=cj.Features())
    assert J.method == "tangent"
    secant = np.empty((2, X.shape[1]))
    for j, sd in enumerate(J.diagnostics["spread"].values()):
        moved = X.copy()
        sides = []
        for by in (-STEP, STEP):
            moved[:, j] = X[:, j] + by * sd
            sides.append(np.bincount(y[model.predict(moved) == 1], minlength=2))
        secant[:, j] = (sides[1] - sides[0]) / (2 * STEP)
    return J.jacobian[:, 1], J.center[:, 1], secant, J.diagnostics["derivative"]


def measure(n: int, draws: int, seed: int, shown: Any) -> list[dict[str, Any]]:
    """Return t of the differences of every model, and what it used."""
    found = []
    for name, make in MODELS.items():
        model = make_pipeline(StandardScaler(), make()).fit(*drawn(TRAINING, np.random.default_rng(seed)))
        rows = n // 5 if name.startswith("SVC") else n
        runs = [compared(model, rows, np.random.default_rng((seed, draw))) for draw in shown(name)(range(draws))]
        estimate, center, secant = (np.stack([run[place] for run in runs]) for place in range(3))
        ts = {
            way: (told - secant).mean(axis=0) / ((told - secant).std(axis=0, ddof=1) / draws**0.5)
            for way, told in (("center", center), ("jacobian", estimate))
        }
        error = (
            (center - secant).std(axis=0, ddof=1) / draws**0.5 / np.abs(secant.mean(axis=0)).max(axis=1, keepdims=True)
        )
        found.append(
            {"model": name, "n": rows, "draws": draws, "derivative": runs[0][3], "error": float(np.median(error))}
            | {way: t.tolist() for way, t in ts.items()}
        )
    return found


def verdicts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lost = [
        f"{r['model']}, d{('FP', 'TP')[true]}/dx{j}: {np.array(r['center'])[true, j]:+.2f}"
        for r in rows
        for true, j in zip(*np.nonzero(np.abs(r["center"]) >= MOST), strict=True)
    ]
    told = f"missed in {len(lost)} of {sum(np.size(r['center']) for r in rows)} figures"
    what = f"smooth models: |tangent - secant| under {MOST} paired standard errors"
    return [verdict(what, not lost if rows else None, told, lost)]


def markdown(rows: list[dict[str, Any]]) -> str:
    heads = ["model", "n", "draws", "error / largest slope", "t: rms", "largest", "t of the estimate: rms", "largest"]
    lines = [
        [r["model"], f"{r['n']:,}", str(r["draws"]), f"{r['error']:.1%}"]
        + [
            f"{figure:.2f}"
            for way in ("center", "jacobian")
            for figure in (np.sqrt(np.mean(np.square(r[way]))), np.abs(r[way]).max())
        ]
        for r in rows
    ]
    used = "; ".join(f"{r['model']}: {r['derivative']}" for r in rows)
    return "\n\n".join([HEAD, markdown_table(heads, lines), f"Derivatives. {used}."])
