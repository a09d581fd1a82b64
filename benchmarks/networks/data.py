"""Real tables of two classes, of numbers alone, cut in three."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import train_test_split

from benchmarks.training.tuning import encoder
from conjac.datasets.known import KNOWN

MOST = 12_000
TRAIN, CHOOSE = 0.6, 0.2
"""Shares of the rows to train on, and to choose epochs and thresholds by; the rest judges."""


@dataclass(frozen=True)
class Table:
    """A file, its label, which of its values is positive, columns that are no features, and which rows count."""

    file: str
    label: str
    positive: Any
    dropped: tuple[str, ...] = ()
    rows: str = "true"


LEAKS = ("TWF", "HDF", "PWF", "OSF", "RNF")
LATE = ("ArrDelay", "ArrTime", "AirTime", "TaxiIn", "DepDelay", "ActualElapsedTime", "Year", "TailNum", "FlightNum")
FIRST_VISIT = "encounter_id in (select min(encounter_id) from file group by patient_nbr)"
TABLES = {
    "German credit": Table("statlog_german_credit", "class", 2),
    "heart disease": Table("heart_disease_cleveland", "num", 0),
    "SECOM": Table("secom", "label", 1, ("timestamp",)),
    "steel plates, Bumps": Table("steel_plates_faults", "Fault", "Bumps", KNOWN["steel_plates"].leaks),
    "spambase": Table("spambase", "Class", 1),
    "satellite, class 4": Table("statlog_landsat_satellite", "class", 4, ("split",)),
    "AI4I": Table("ai4i_2020_predictive_maintenance", "Machine failure", 1, ("UDI", "Product ID", *LEAKS)),
    "letter, H": Table("letter_recognition", "lettr", "H"),
    "credit default": Table("default_of_credit_card_clients", "default payment next month", 1, ("ID",)),
    "adult": Table("adult_census_income", "income", ">50K", ("split", "fnlwgt", "education")),
    "diabetes": Table(
        "diabetes_130_us_hospitals", "readmitted", "<30", ("encounter_id", "patient_nbr"), FIRST_VISIT
    ),
    "hflights": Table("hflights_houston_2011", "ArrDel15", 1, (*LATE, "Cancelled", "CancellationCode", "Diverted"),
                      "ArrDel15 is not null"),
}  # fmt: skip
"""Of several classes, one against the rest; of diabetes, the first visit of each patient."""


@dataclass(frozen=True)
class Split:
    """Features and labels to train on, to choose by, and to judge by."""

    train: tuple[np.ndarray, np.ndarray]
    choose: tuple[np.ndarray, np.ndarray]
    judge: tuple[np.ndarray, np.ndarray]


def missing(name: str, folder: Path) -> bool:
    return not (folder / f"{TABLES[name].file}.parquet").exists()


def read(name: str, folder: Path) -> tuple[Any, np.ndarray]:
    """Return a frame of features, and labels 0 and 1."""
    table = TABLES[name]
    rows = duckdb.read_parquet(str(folder / f"{table.file}.parquet"))
    frame = rows.query("file", f"select * from file where {table.rows}").df()
    y = (frame.pop(table.label) == table.positive).to_numpy().astype(int)
    frame = frame.drop(columns=list(table.dropped))
    nullable = [column for column in frame if str(frame[column].dtype)[0] == "I"]  # pandas' own integers with gaps
    return frame.astype(dict.fromkeys(nullable, float)), y


def split(X: Any, y: np.ndarray, seed: int) -> Split:
    """Cut rows in three by strata, at most MOST of them; features scaled by those to train on."""
    if len(y) > MOST:
        X, _, y, _ = train_test_split(X, y, train_size=MOST, stratify=y, random_state=seed)
    X, X_rest, y, y_rest = train_test_split(X, y, train_size=TRAIN, stratify=y, random_state=seed)
    share = CHOOSE / (1 - TRAIN)
    X_c, X_j, y_c, y_j = train_test_split(X_rest, y_rest, train_size=share, stratify=y_rest, random_state=seed)
    columns: ColumnTransformer = encoder(X).fit(X)
    made = (np.asarray(columns.transform(part), dtype=np.float32) for part in (X, X_c, X_j))
    return Split(*zip(made, (y, y_c, y_j), strict=True))
