"""C and the weight of the rare class tuned for F1 on real sets: by gradients, by a grid, at random."""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import numpy as np
from scipy.stats import loguniform
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import conjac as cj
from benchmarks.decisions.data import CREDIT, FOLDER, Real
from benchmarks.decisions.report import markdown_table, verdict

Row = dict[str, Any]


@dataclass(frozen=True)
class Set:
    """A file, and its positive label."""

    real: Real
    positive: Any = 1


SETS = {
    "German credit": Set(CREDIT, 2),
    "SECOM": Set(Real.known("secom")),
    "spambase": Set(Real.known("spambase")),
    "AI4I": Set(Real.known("ai4i")),
    "credit default": Set(Real.known("credit_default")),
}
"""The five smallest tables at hand whose label has two classes, columns that tell the label dropped."""
C, WEIGHT = (1e-3, 1e3), (0.1, 10.0)
POINTS, TRIES, FOLDS = 5, 30, 5
RARE = 20
"""Categories of fewer training rows are one."""
METHODS = ("gradients", "grid", "random")
SHARE = 0.2
HEAD = f"""\
Half of the rows tune, half judge, drawn anew for each seed and stratified. A logistic regression on standardised \
numbers and one-hot categories, encoded once on the half that tunes, starts at C = 1 and equal weights. C may move in \
[{C[0]:g}, {C[1]:g}], the weight of the positive class in [{WEIGHT[0]:g}, {WEIGHT[1]:g}]; F1 of the positive class at \
a probability of one half, over the same {FOLDS} folds for all. Gradients: `cj.tune_hyperparameters`, at most {POINTS} \
points. Grid: `GridSearchCV` on 6 values of C times 5 weights, evenly by logarithm. Random: `RandomizedSearchCV`, \
{TRIES} draws, uniform by logarithm. Fits count each fold's and the last on all rows. "Start" is what is had without \
tuning, a single fit. Held-out F1 is the mean over seeds; in brackets behind it the standard error of one half's F1 by \
its rows' sampling, behind differences that of their mean over the seeds, whose halves overlap. Sets: the five \
smallest tables at hand whose label has two classes."""


@dataclass(frozen=True)
class Weights:
    """Class weights at random, uniform by logarithm."""

    def rvs(self, random_state: Any = None) -> dict[int, float]:
        return {1: float(loguniform(*WEIGHT).rvs(random_state=random_state))}


def read(one: Set, folder: Path) -> tuple[Any, np.ndarray]:
    frame = duckdb.read_parquet(str(folder / f"{one.real.file}.parquet")).df()
    y = (frame.pop(one.real.label) == one.positive).to_numpy().astype(int)
    return frame.drop(columns=list(one.real.dropped)), y


def encoder(X: Any) -> Any:
    """Return what makes columns of numbers of a frame, not yet fitted."""
    varied = [name for name in X if X[name].nunique() > 1]
    numeric = [name for name in varied if X[name].dtype.kind in "iuf"]
    named = [name for name in varied if name not in numeric]
    shown = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RARE, sparse_output=False)
    return make_column_transformer((make_pipeline(SimpleImputer(), StandardScaler()), numeric), (shown, named))


def tuned(method: str, model: Any, X: Any, y: np.ndarray, seed: int) -> tuple[Any, int, Row]:
    """Return the classifier fitted on all rows, the fits that it took, and where it stands."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    if method == "gradients":
        over = {"C": C, "class_weight[1]": WEIGHT}
        found = cj.tune_hyperparameters(model, X, y, over, "f1", cv=folds, max_points=POINTS)
        return found.estimator, found.n_fits, {"params": str(found.params), "stopped": found.stopped}
    if method == "grid":
        weights = [{1: float(w)} for w in np.geomspace(*WEIGHT, 5)]
        over = {"C": np.geomspace(*C, 6), "class_weight": weights}
        search = GridSearchCV(model, over, scoring="f1", cv=folds)
    else:
        over = {"C": loguniform(*C), "class_weight": Weights()}
        search = RandomizedSearchCV(model, over, n_iter=TRIES, scoring="f1", cv=folds, random_state=seed)
    search.fit(X, y)
    return search.best_estimator_, TRIES * FOLDS + 1, {"params": str(search.best_params_)}


def compared(name: str, folder: Path, most: int | None, seed: int) -> Row:
    """Tune by every method on one half, and judge on the other."""
    X, y = read(SETS[name], folder)
    if most is not None and len(y) > most:
        X, _, y, _ = train_test_split(X, y, train_size=most, stratify=y, random_state=seed)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    columns = encoder(X).fit(X)
    X, X_test = columns.transform(X), columns.transform(X_test)
    model = LogisticRegression(solver="newton-cholesky", max_iter=1000, class_weight={1: 1.0})
    row: Row = {"set": name, "seed": seed, "rows": len(y), "positive": float(y.mean())}
    row["start"] = {"f1": float(f1_score(y_test, model.fit(X, y).predict(X_test))), "fits": 1}
    for method in METHODS:
        began = perf_counter()
        best, fits, told = tuned(method, model, X, y, seed)
        seconds = perf_counter() - began
        J = cj.confusion_jacobian(y_test, best.predict_proba(X_test)).of("f1")
        row[method] = {"f1": J.value, "stderr": J.value_stderr, "fits": fits, "seconds": seconds, **told}
    return row


def run(folder: Path, most: int | None, seeds: int, names: Any = SETS) -> list[Row]:
    """Compare on every set, for every seed."""
    rows = []
    warnings.simplefilter("ignore", cj.ConjacWarning)  # slopes that rest on few rows are not told here
    for name in names:
        for seed in range(seeds):
            rows.append(compared(name, folder, most, seed))
            print(name, seed, *(f"{rows[-1][m]['f1']:.3f}" for m in ("start", *METHODS)), flush=True)
    return rows


def mean(rows: list[Row], method: str, what: str = "f1") -> float:
    return float(np.mean([row[method][what] for row in rows]))


def apart(rows: list[Row], method: str, other: str) -> tuple[float, float]:
    """Return the mean difference of held-out F1 on the same halves, and its standard error over the seeds."""
    each = np.array([row[method]["f1"] - row[other]["f1"] for row in rows])
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else np.nan


def by_set(rows: list[Row]) -> dict[str, list[Row]]:
    return {name: [row for row in rows if row["set"] == name] for name in dict.fromkeys(row["set"] for row in rows)}


def verdicts(rows: list[Row]) -> list[Row]:
    lost, strictly, most = [], [], 0.0
    for name, own in by_set(rows).items():
        (difference, paired), noise = apart(own, "gradients", "grid"), mean(own, "grid", "stderr")
        if difference < -noise:
            lost.append(f"{name}: {difference:+.3f}, standard error {noise:.3f}")
        if difference < -paired:
            strictly.append(f"{name} ({difference:+.4f}, {paired:.4f})")
        most = max(most, *(row["gradients"]["fits"] / row["grid"]["fits"] for row in own))
    asked = "held-out F1 of the grid of 30 points, less one standard error at most, on every set"
    told = f"missed on {len(lost)} of {len(by_set(rows))}; by the standard error of the paired difference, missed on "
    told += ", ".join(strictly) or "none"
    usual = mean(rows, "gradients", "fits") / mean(rows, "grid", "fits")
    fits = f"{100 * most:.1f} % at most, {100 * usual:.1f} % on average"
    return [
        verdict(asked, not lost, told, lost),
        verdict("at most a fifth of the grid's fits, the last on all rows included", most <= SHARE, fits),
    ]


def markdown(rows: list[Row]) -> str:
    heads = ["set", "seeds", "rows to tune", "positive", "start", *METHODS, "gradients - grid", "gradients - random"]
    heads += ["fits, gradients", "fits, grid", "seconds, gradients", "seconds, grid", "seconds, random"]
    lines = []
    for name, own in by_set(rows).items():
        line = [name, str(len(own)), f"{own[0]['rows']:,}", f"{100 * own[0]['positive']:.1f} %"]
        line += [f"{mean(own, 'start'):.3f}"]
        line += [f"{mean(own, m):.3f} ({mean(own, m, 'stderr'):.3f})" for m in METHODS]
        line += ["{:+.4f} ({:.4f})".format(*apart(own, "gradients", other)) for other in ("grid", "random")]
        line += [f"{mean(own, m, 'fits'):.1f}" for m in ("gradients", "grid")]
        line += [f"{mean(own, m, 'seconds'):.1f}" for m in METHODS]
        lines.append(line)
    return f"{HEAD}\n\n{markdown_table(heads, lines)}"


def table(folder: Path, most: int | None = None, seeds: int = 10) -> str:
    """Return the section: what was done, the table, and the verdicts."""
    rows = run(folder, most, seeds)
    told = "\n".join(f"- **{v['verdict']}** {v['requirement']}: {v['told']}" for v in verdicts(rows))
    return f"{markdown(rows)}\n\n{told}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training.tuning", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="few rows, two seeds, to see that it runs")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the real sets; else that of CONJAC_DATA")
    options = parser.parse_args()
    print(table(options.data, 600, 2) if options.quick else table(options.data, None, options.seeds))


if __name__ == "__main__":
    main()
