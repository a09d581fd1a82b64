"""The derivative of the parameters by hyper-parameters: the implicit function theorem against refits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.svm import LinearSVC

from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.training.refits import refitted
from conjac.objectives import Factored, Fitted, MatrixFree, mixed
from conjac.validation import check_training

Row = dict[str, Any]
MOST = 1e-4
"""Relative error that was asked for."""
KNOWN = 1e-5
"""That of refits, above which they tell nothing."""
COLUMN = 3
HEAD = f"""\
d theta / d log lambda, all coefficients and intercepts at once: |ours - refitted| / |refitted|. Columns correlate by \
.5 with their neighbours (AR(1)) and have standard deviations from .3 to 3; labels follow a linear score. Refitted: \
central differences in log lambda, Richardson's rule, the step of 16 (.4 to 1e-5) whose figure repeats best, \
tolerance 1e-12, and liblinear's optimum made exact by least squares of the rows within the margin; "own error" is by \
how much it repeats. "penalty[x{COLUMN}]" is a factor on the penalty of one column, refitted by scaling that column. \
By factors: one Cholesky factorisation; by products: conjugate gradients to 1e-10."""


@dataclass(frozen=True)
class Case:
    """A model, how many classes and rows, and which of its hyper-parameters move."""

    name: str
    make: Callable[..., ClassifierMixin]
    strength: str
    value: float
    levers: tuple[str, ...]
    n_classes: int = 2
    n: int = 2_000
    d: int = 20

    def drawn(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        mixing = np.linalg.cholesky(linalg.toeplitz(0.5 ** np.arange(self.d))) * np.geomspace(0.3, 3, self.d)[:, None]
        X = rng.standard_normal((self.n, self.d)) @ mixing.T
        f = X @ rng.standard_normal((self.d, self.n_classes)) / np.sqrt(self.d) + rng.gumbel(size=(1, self.n_classes))
        return X, (f + rng.gumbel(size=f.shape)).argmax(axis=1)

    def fit(self, X: np.ndarray, y: np.ndarray, lever: str = "", by: float = 0.0) -> ClassifierMixin:
        """Fit the model, with a hyper-parameter moved by a step of its logarithm."""
        at = {self.strength: self.value}
        weights = {k: 1 + 0.2 * k for k in range(self.n_classes)}
        if lever.startswith("class_weight"):
            weights[int(lever[13:-1])] *= np.exp(by)
        elif lever:
            at[lever] = at.get(lever, 1.0) * np.exp(by)
        return self.make(**at, class_weight=weights).fit(X, y)

    def parameters(self, X: np.ndarray, y: np.ndarray, lever: str, by: float) -> np.ndarray:
        """Return coefficients and intercepts of a refit."""
        scale = np.ones(self.d)
        if lever.startswith("penalty"):
            scale[COLUMN], lever = np.exp(-by / 2), ""
        model = self.fit(X * scale, y, lever, by)
        return np.column_stack([np.atleast_2d(model.coef_) * scale, np.ravel(model.intercept_)]).ravel()


def logistic(**settings: Any) -> LogisticRegression:
    return LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=500, **settings)


class ExactSVC(LinearSVC):
    """LinearSVC, then least squares of the rows within the margin until they stay the same: liblinear stops at 1e-8."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> ExactSVC:
        super().fit(X, y)
        Z = np.column_stack([X, np.ones(len(X))])
        penalty = np.append(np.ones(X.shape[1]), 1 / self.intercept_scaling**2) / self.C
        for k, row in enumerate(self.coef_):
            own = y == (k if len(self.coef_) > 1 else 1)
            felt = (k,) if len(self.coef_) > 1 else (0, 1)
            weight = 2 * np.select([y == label for label in felt], [self.class_weight[label] for label in felt], 1.0)
            target, theta, active = 2.0 * own - 1, np.append(row, self.intercept_[k]), None
            while not np.array_equal(active, within := target * (Z @ theta) < 1):
                active = within
                part = Z[active] * weight[active, None]
                theta = np.linalg.solve(part.T @ Z[active] + np.diag(penalty), part.T @ target[active])
            self.coef_[k], self.intercept_[k] = theta[:-1], theta[-1]
        return self


def machine(**settings: Any) -> ExactSVC:
    return ExactSVC(dual=False, tol=1e-8, max_iter=100_000, **settings)


PENALTY = f"penalty[x{COLUMN}]"
CASES = (
    Case("logistic, 2 classes", logistic, "C", 0.1, ("C", "class_weight[1]", PENALTY)),
    Case("logistic, 4 classes", logistic, "C", 0.1, ("C", "class_weight[2]", PENALTY), 4),
    Case("ridge, 2 classes", RidgeClassifier, "alpha", 100.0, ("alpha", "class_weight[1]", PENALTY)),
    Case("ridge, 4 classes", RidgeClassifier, "alpha", 100.0, ("alpha", "class_weight[2]", PENALTY), 4),
    Case("squared hinge, 2 classes", machine, "C", 0.01, ("C", "class_weight[1]", "intercept_scaling")),
    Case("squared hinge, 4 classes", machine, "C", 0.01, ("C", "class_weight[2]", "intercept_scaling"), 4),
)


def measure(case: Case, seed: int) -> list[Row]:
    """Return the error of each lever's derivative."""
    X, y = case.drawn(seed)
    fitted = Fitted.of(case.fit(X, y), check_training((X, y)))
    problem = fitted.solution.problem
    found = []
    for name in case.levers:
        right = mixed(problem, fitted.levers[name]).reshape(-1, 1)
        told = refitted(lambda by, name=name: case.parameters(X, y, name, by))
        size = np.linalg.norm(told.value)
        errors = {
            how: float(np.linalg.norm(-curvature.solve(right)[:, 0] - told.value) / size)
            for how, curvature in (("factors", Factored.of(problem)), ("products", MatrixFree(problem)))
        }
        found.append(
            {"case": case.name, "lever": name, "size": float(size), "known": told.error, "step": told.step} | errors
        )
    return found


def run(quick: bool, seed: int, shown: Any) -> list[Row]:
    cases = CASES[:1] if quick else CASES
    return [row for case in shown("derivative")(cases) for row in measure(case, seed)]


def verdicts(rows: list[Row]) -> list[Row]:
    known = [r for r in rows if r["known"] <= KNOWN]
    lost = [
        f"{r['case']}, {r['lever']}: {max(r['factors'], r['products']):.0e}"
        for r in known
        if max(r["factors"], r["products"]) > MOST
    ]
    what = f"d theta / d log lambda: relative error at most {MOST:g}, where refits are known to {KNOWN:g}"
    return [
        verdict(
            what, not lost if known else None, f"missed in {len(lost)} of {len(known)}, of {len(rows)} in all", lost
        )
    ]


def markdown(rows: list[Row]) -> str:
    heads = ["model", "hyper-parameter", "by factors", "by products", "refits: own error", "step"]
    lines = [
        [r["case"], f"`{r['lever']}`", *(f"{r[key]:.1e}" for key in ("factors", "products", "known", "step"))]
        for r in rows
    ]
    return f"{HEAD}\n\n{markdown_table(heads, lines)}"
