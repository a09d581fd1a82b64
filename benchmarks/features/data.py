"""Real sets, the pipelines trained on them, and their three parts: to train, to rank drifts, to recount."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from benchmarks.decisions.data import Real

RARE = 100
"""Categories of fewer training rows are one."""
TARGET = 0.6
"""Recall that the threshold is set for, on the rows that rank."""


@dataclass(frozen=True)
class Set:
    """A file, its positive label, who is drawn together, and columns of numbers that stand for categories."""

    real: Real
    positive: Any = 1
    groups: str | None = None
    codes: tuple[str, ...] = ()


SETS = {
    "diabetes": Set(
        Real("diabetes_130_us_hospitals", "readmitted", ("encounter_id",)),
        "<30",
        "patient_nbr",
        ("admission_type_id", "discharge_disposition_id", "admission_source_id"),
    ),
    "credit": Set(Real.known("credit_default"), codes=("SEX", "EDUCATION", "MARRIAGE")),
    "AI4I": Set(Real.known("ai4i")),
    "hflights": Set(
        Real(
            "hflights_houston_2011",
            "ArrDel15",
            (
                *("ArrDelay", "ArrTime", "AirTime", "TaxiIn", "DepDelay"),  # they tell the label
                *("Year", "FlightNum", "TailNum", "Cancelled", "CancellationCode", "Diverted"),
            ),
        ),
        codes=("Month", "DayOfWeek"),
    ),
}
MODELS = ("logistic", "MLP", "boosting")


@dataclass(frozen=True)
class Part:
    """Rows: a frame of features, labels, and groups where rows come in them."""

    X: Any
    y: np.ndarray
    groups: np.ndarray | None


def parts(one: Set, folder: Path, most: int | None, seed: int) -> tuple[Part, Part, Part]:
    """Return half of the rows to train, and a quarter each to rank drifts and to recount; groups stay whole."""
    frame = duckdb.read_parquet(str(folder / f"{one.real.file}.parquet")).df().dropna(subset=[one.real.label])
    if most is not None:
        frame = frame.sample(min(most, len(frame)), random_state=seed)
    groups = None if one.groups is None else frame.pop(one.groups).to_numpy()
    y = (frame.pop(one.real.label) == one.positive).to_numpy().astype(int)
    whole = Part(frame.drop(columns=list(one.real.dropped)).reset_index(drop=True), y, groups)
    train, test = _halves(whole, seed)
    return train, *_halves(test, seed)


def _halves(part: Part, seed: int) -> tuple[Part, Part]:
    split = (ShuffleSplit if part.groups is None else GroupShuffleSplit)(1, test_size=0.5, random_state=seed)
    first, second = (
        Part(part.X.iloc[rows].reset_index(drop=True), part.y[rows], None if part.groups is None else part.groups[rows])
        for rows in next(split.split(part.X, part.y, part.groups))
    )
    return first, second


def categories(one: Set, X: Any) -> list[str]:
    return [name for name in X.columns if name in one.codes or X[name].dtype.kind not in "iuf"]


def pipeline(name: str, one: Set, X: Any, seed: int) -> Any:
    """Return a classifier of frames, not yet fitted."""
    named = categories(one, X)
    numeric = [column for column in X.columns if column not in named]
    if name == "boosting":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        model = HistGradientBoostingClassifier(max_iter=100, random_state=seed)
        return make_pipeline(make_column_transformer(("passthrough", numeric), (codes, named)), model)
    shown = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RARE, sparse_output=False)
    if name == "logistic":
        model = LogisticRegression(max_iter=500)
    else:
        model = MLPClassifier((32,), alpha=0.01, max_iter=30, early_stopping=True, random_state=seed)
    return make_pipeline(make_column_transformer((StandardScaler(), numeric), (shown, named)), model)


def threshold_of(model: Any, part: Part) -> float:
    """Return the probability above which lie 60 % of the positive rows, to three digits."""
    return float(f"{np.quantile(model.predict_proba(part.X)[part.y == 1, 1], 1 - TARGET):.3g}")
