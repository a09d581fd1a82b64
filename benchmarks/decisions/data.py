"""The sets that are tuned on: made ones, and real ones where their files are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from conjac.datasets.known import KNOWN

FOLDER = Path(os.environ.get("CONJAC_DATA") or Path(__file__).parents[3] / "shared" / "data")
MADE = (3, 5, 8, 10)
ROWS, FEW_ROWS = 12_000, 1_500
RAREST = 1 / 15


@dataclass(frozen=True)
class Real:
    """A file, its label and the columns that are no features."""

    file: str
    label: str
    dropped: tuple[str, ...] = ()

    @classmethod
    def known(cls, name: str) -> Real:
        """Return a set that `conjac.datasets` knows."""
        known = KNOWN[name]
        return cls(known.file, known.label, known.leaks)


REAL = {
    "letter": Real.known("letters"),
    "dry bean": Real.known("dry_bean"),
    "satellite": Real.known("satellite"),
    "steel plates": Real.known("steel_plates"),
    "shuttle": Real.known("shuttle"),
}
CREDIT = Real.known("german_credit")


def classifier(name: str, seed: int) -> ClassifierMixin:
    if name == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    # without the penalty, classes of a few rows make it diverge: 0 and 1 are all that is left of shuttle's scores
    return HistGradientBoostingClassifier(max_iter=50, l2_regularization=1, early_stopping=False, random_state=seed)


@dataclass(frozen=True)
class Task:
    """One set, one classifier, one split in thirds."""

    kind: str
    source: int | str
    """The classes of a made set, or the name of a real one."""
    model: str
    seed: int
    quick: bool
    folder: Path

    @property
    def name(self) -> str:
        return f"{self.kind}, seed {self.seed}" if isinstance(self.source, int) else self.kind

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return features and labels 0 to K - 1."""
        if isinstance(self.source, int):
            return made(self.source, FEW_ROWS if self.quick else ROWS, self.seed)
        columns, labels = read(REAL[self.source], self.folder)
        if not self.quick:
            return np.column_stack(list(columns.values())).astype(float), labels
        few = np.random.default_rng(self.seed).permutation(len(labels))[: 2 * FEW_ROWS]
        common = few[np.bincount(labels[few])[labels[few]] >= 6]
        return np.column_stack(list(columns.values())).astype(float)[common], np.unique(labels[common], False, True)[1]

    def scores(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return labels and probabilities of the rows to tune on, then those of the rows to measure on."""
        X, y = self.rows()
        X_rest, X_train, y_rest, y_train = train_test_split(X, y, test_size=1 / 3, stratify=y, random_state=self.seed)
        model = classifier(self.model, self.seed).fit(X_train, y_train)
        parts = train_test_split(X_rest, y_rest, test_size=1 / 2, stratify=y_rest, random_state=self.seed)
        X_tune, X_test, y_tune, y_test = parts
        return y_tune, model.predict_proba(X_tune), y_test, model.predict_proba(X_test)


def made(classes: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a set whose classes grow rarer by a constant factor, to a fifteenth of the first."""
    shares = np.geomspace(1, RAREST, classes)
    return make_classification(
        n,
        n_features=20,
        n_informative=10,
        n_redundant=4,
        n_classes=classes,
        n_clusters_per_class=2,
        weights=list(shares / shares.sum()),
        flip_y=0.02,
        class_sep=0.8,
        random_state=seed,
    )


def read(real: Real, folder: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the columns that are features, and labels 0 to K - 1 in sorted order."""
    columns = duckdb.read_parquet(str(folder / f"{real.file}.parquet")).fetchnumpy()
    labels = np.unique(columns.pop(real.label), return_inverse=True)[1]
    return {name: column for name, column in columns.items() if name not in real.dropped}, labels


def missing(real: Real, folder: Path) -> str:
    """Return why a real set cannot be read, or nothing."""
    path = folder / f"{real.file}.parquet"
    return "" if path.exists() else f"{path.name} is not in the folder of --data or CONJAC_DATA"


def tasks(seeds: int, quick: bool, folder: Path) -> tuple[list[Task], dict[str, str]]:
    """Return what to tune on, and the sets that are left out with the reason."""
    found = [Task(f"K = {k}", k, "logistic", seed, quick, folder) for k in MADE for seed in range(seeds)]
    left_out = {name: reason for name, real in REAL.items() if (reason := missing(real, folder))}
    real = [name for name in REAL if name not in left_out]
    found += [Task(f"{name}, {how}", name, how, 0, quick, folder) for name in real for how in ("logistic", "boosting")]
    return found, left_out
