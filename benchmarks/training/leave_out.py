"""Leaving a training row out: what it does to the recall of the population, by refitting, and as it is told."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.training.losses import FORMULA, PYDVL, loss_influence, pydvl_influence

Row = dict[str, Any]
SHARE = 0.3
FEW = 2_000
REMOVED, WEIGHT, REMOVED_FEW = "conjac, removed", "conjac, -weight", f"conjac, removed, {FEW:,} rows"
POSITIVES = "loss influence, positive rows"
COUNTED, COUNTED_FEW = "refit and recount", f"refit and recount, {FEW:,} rows"
WAYS = (REMOVED, WEIGHT, REMOVED_FEW, PYDVL, FORMULA, POSITIVES, COUNTED, COUNTED_FEW)
HEAD = f"""\
Two normal classes of covariance 1, 30 % positive, their means 1.5 apart along the first features alike; "far": of \
the positives 20 % stand aside, orthogonally to that. A LogisticRegression(C=1) is fitted on n rows; the truth for \
each is the change of the population's recall, in closed form, by fitting again without it (Newton's method, tol \
1e-12). Correlation with the truth over the n rows, mean over training sets and the least of them. Loss influence is \
what leaving a row out does to the mean log loss of the held-out rows (Koh & Liang 2017), of all or of the positive \
ones alone; its sign is turned, so that it should rise with recall. In brackets, of recounts: the share of the rows \
whose effect is exactly 0. "{FEW:,} rows": by as many of the held-out rows alone. Seconds: conjac's, of all n effects \
of each kind with their errors, and of n refits alone, each from the parameters of the whole (one thread)."""


@dataclass(frozen=True)
class Design:
    """Training rows, columns, how far some positives stand aside, and the correlation that was asked for."""

    name: str
    n: int
    d: int
    far: float
    asked: float

    aside = 0.2

    @property
    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean of the positives, and of those that stand aside."""
        near, away = np.zeros((2, self.d))
        near[: self.d - 1] = 1.5 / np.sqrt(self.d - 1)
        away[-1] = self.far
        return near, near + away

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random(n) < SHARE).astype(int)
        far = rng.random(n) < self.aside
        near, away = self.means
        return rng.standard_normal((n, self.d)) + np.where(far[:, None], away, near) * y[:, None], y

    def recall(self, model: LogisticRegression) -> float:
        coef, at = model.coef_[0], model.intercept_[0]
        told = [norm.cdf((coef @ mean + at) / np.linalg.norm(coef)) for mean in self.means]
        return float((1 - self.aside) * told[0] + self.aside * told[1])


DESIGNS = (
    Design("clean", 300, 5, 0.0, 0.99),
    Design("clean", 1_000, 10, 0.0, 0.985),
    Design("far by 3", 300, 5, 3.0, 0.99),
    Design("far by 3", 1_000, 10, 3.0, 0.99),
    Design("far by 8", 300, 5, 8.0, 0.99),
    Design("far by 8", 1_000, 10, 8.0, 0.99),
)


def fitted(X: np.ndarray, y: np.ndarray, near: LogisticRegression | None = None) -> LogisticRegression:
    """Fit a model, from the parameters of another where one is given."""
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, warm_start=True)
    if near is not None:
        model.classes_, model.coef_, model.intercept_ = near.classes_, near.coef_.copy(), near.intercept_.copy()
    return model.fit(X, y)


def told_right(model: LogisticRegression, positive: np.ndarray) -> float:
    return float((positive @ model.coef_[0] + model.intercept_[0] > 0).mean())


def refits(design: Design, X: np.ndarray, y: np.ndarray, held: tuple) -> tuple[dict[str, np.ndarray], float]:
    """Return changes of the population's recall and of counted ones without each row, and the seconds of fitting."""
    positive = held[0][held[1] == 1]
    positive_few = held[0][:FEW][held[1][:FEW] == 1]

    def told(model: LogisticRegression) -> tuple[float, float, float]:
        return design.recall(model), told_right(model, positive), told_right(model, positive_few)

    model = fitted(X, y)
    whole, found, seconds = np.array(told(model)), np.empty((len(y), 3)), 0.0
    for i in range(len(y)):
        start = perf_counter()
        without = fitted(np.delete(X, i, axis=0), np.delete(y, i), model)
        seconds += perf_counter() - start
        found[i] = told(without) - whole
    return dict(zip(("truth", COUNTED, COUNTED_FEW), found.T, strict=True)), seconds


def effects(model: LogisticRegression, X: np.ndarray, y: np.ndarray, held: tuple) -> cj.InfluentialRows:
    J = cj.ConfusionJacobian.from_estimator(model, *held, wrt="training_weights", training_data=(X, y))
    return J.influential_rows("recall")


def told_of(design: Design, n_test: int, seed: int) -> Row:
    """Return correlations with the truth, shares of zeros, and times, of one training set."""
    X, y = design.sample(design.n, np.random.default_rng((seed, 0)))
    held = design.sample(n_test, np.random.default_rng((seed, 1)))
    model = fitted(X, y)
    start = perf_counter()
    rows = effects(model, X, y, held)
    ours = perf_counter() - start
    changes, theirs = refits(design, X, y, held)
    positives = held[0][held[1] == 1], held[1][held[1] == 1]
    told = {
        REMOVED: rows.removed.value,
        WEIGHT: -rows.weight.value,
        REMOVED_FEW: effects(model, X, y, (held[0][:FEW], held[1][:FEW])).removed.value,
        FORMULA: -loss_influence(model, X, y, held),
        POSITIVES: -loss_influence(model, X, y, positives),
        **changes,
    }
    if (peer := pydvl_influence(model, X, y, held)) is not None:
        told[PYDVL] = -peer
    z = (rows.removed.center - told["truth"]) / rows.removed.stderr
    return {
        "r": {way: float(np.corrcoef(told[way], told["truth"])[0, 1]) for way in WAYS if way in told},
        "zero": {way: float((told[way] == 0).mean()) for way in (COUNTED, COUNTED_FEW)},
        "slope": float(told[REMOVED] @ told["truth"] / (told["truth"] @ told["truth"])),
        "z": float(np.sqrt(np.mean(z**2))),
        "seconds": [ours, theirs],
    }


def run(quick: bool, seed: int, shown: Any) -> list[Row]:
    n_test, sets = (20_000, 1) if quick else (200_000, 3)
    designs = DESIGNS[:1] if quick else DESIGNS
    return [
        {"design": f"{one.name}, n = {one.n:,}, d = {one.d}", "asked": one.asked, "n_test": n_test}
        | {"sets": [told_of(one, n_test, seed + k) for k in shown(f"leave out: {one.name}, {one.n:,}")(range(sets))]}
        for one in designs
    ]


def verdicts(rows: list[Row]) -> list[Row]:
    lost = {r["design"]: least for r in rows if (least := _each(r, REMOVED).min()) < r["asked"]}
    asked = ", ".join(f"{r['design']}: {r['asked']:g}" for r in rows)
    what = f"removed: correlation with the population's change of recall on every training set ({asked})"
    cells = [f"{name}: {least:.4f}" for name, least in lost.items()]
    return [verdict(what, not lost, f"missed in {len(lost)} of {len(rows)}", cells)]


def _each(row: Row, way: str) -> np.ndarray:
    return np.array([one["r"][way] for one in row["sets"]])


def markdown(rows: list[Row]) -> str:
    ways = [way for way in WAYS if way in rows[0]["sets"][0]["r"]]
    lines = []
    for r in rows:
        cells = [f"{_each(r, way).mean():.4f}, {_each(r, way).min():.4f}" for way in ways]
        for way in (COUNTED, COUNTED_FEW):
            cells[ways.index(way)] += f" ({np.mean([one['zero'][way] for one in r['sets']]):.0%})"
        lines.append([r["design"], *cells])
    heads = ["design", "slope on the truth", "rms z", "conjac, s", "n refits, s"]
    sides = [
        [r["design"]]
        + [f"{np.mean([one['slope'] for one in r['sets']]):.3f}", f"{np.mean([one['z'] for one in r['sets']]):.2f}"]
        + [f"{np.mean([one['seconds'][who] for one in r['sets']]):.2f}" for who in (0, 1)]
        for r in rows
    ]
    told = f"Of effects by removal, on {rows[0]['n_test']:,} test rows; z of the centre by the test rows' error:"
    return "\n\n".join([HEAD, markdown_table(["design", *ways], lines), told, markdown_table(heads, sides)])
