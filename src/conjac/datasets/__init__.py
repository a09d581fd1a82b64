"""Real data sets by name, for examples and trials: from a folder of yours, or from OpenML through scikit-learn.

The sets are small, real and well known: spam, patients, loans, machines, letters. None of them comes with conjac. A
folder that the environment variable ``CONJAC_DATA`` names may hold them as Parquet files; some are also on OpenML, from
which scikit-learn fetches them, and keeps them.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import narwhals.stable.v2 as nw
import numpy as np

from conjac._typing import AnyArray
from conjac.datasets.known import KNOWN, Known
from conjac.engines.database import database, readable
from conjac.errors import DataNotFoundError, InvalidInputError
from conjac.frames import needs_backend

__all__ = ["Dataset", "at_hand", "load", "names"]

FOLDER = "CONJAC_DATA"


@dataclass(frozen=True)
class Dataset:
    """A set of real data: inputs, labels, and where they come from.

    Attributes
    ----------
    name, title : str
        Its name here, and what it is.
    X : frame of shape (n_samples, n_features)
        The inputs, in the order of the publisher; columns that tell the label, or only number the rows, are left out.
    y : array of shape (n_samples,)
        The labels as the publisher has them.
    positive : label or None
        The class to be found; None where no class is.
    groups : array of shape (n_samples,) or None
        What rows have in common, such as the patient: to split by, and for `groups=`.
    left_out : tuple of str
        The columns that are not in X.
    source, licence, origin : str
        Who published it, under what licence, and where it was read from.

    Examples
    --------
    >>> import conjac as cj
    >>> if cj.datasets.at_hand("spambase"):
    ...     spam = cj.datasets.load("spambase")
    ...     assert len(spam.y) == len(spam.X)
    """

    name: str
    title: str
    X: Any
    y: AnyArray
    positive: Any
    groups: AnyArray | None
    left_out: tuple[str, ...]
    source: str
    licence: str
    origin: str

    def __repr__(self) -> str:
        n, d = self.X.shape
        return f"Dataset({self.name}: {n} rows, {d} inputs; {self.title}; {self.source}; {self.licence}; {self.origin})"


def names() -> tuple[str, ...]:
    """Return the names of all sets that `load` knows.

    Returns
    -------
    tuple of str
        Sorted.

    Examples
    --------
    >>> import conjac as cj
    >>> cj.datasets.names()[:3]
    ('adult', 'ai4i', 'credit_default')
    """
    return tuple(sorted(KNOWN))


def at_hand(name: str) -> bool:
    """Tell whether a set lies in the folder that ``CONJAC_DATA`` names.

    Parameters
    ----------
    name : str
        One of `names()`.

    Returns
    -------
    bool
        Whether `load` needs no network.

    Raises
    ------
    InvalidInputError
        An unknown name.

    Examples
    --------
    >>> import conjac as cj
    >>> if cj.datasets.at_hand("spambase"):
    ...     spam = cj.datasets.load("spambase")
    """
    path = _path(_known(name))
    return path is not None and path.is_file()


def load(name: str, *, backend: Any = "pandas") -> Dataset:
    """Load a real data set.

    Parameters
    ----------
    name : str
        One of `names()`.
    backend : {"pandas", "polars", "pyarrow"}
        The type of the frame of inputs.

    Returns
    -------
    Dataset
        Inputs, labels, groups, and where they come from. Rows without a label are left out.

    Raises
    ------
    InvalidInputError
        An unknown name or backend, or a copy whose rows are not those that were published.
    DataNotFoundError
        The set is in no folder, and OpenML does not have it or could not be reached.
    MissingDependencyError
        The backend is not installed; from OpenML, pandas is not.

    Notes
    -----
    The file ``<file>.parquet`` in the folder of ``CONJAC_DATA`` comes first, as `Dataset.origin` says. Whatever the
    origin, the number of rows of each class must be the published one.

    Examples
    --------
    >>> import conjac as cj
    >>> if cj.datasets.at_hand("heart_disease"):
    ...     heart = cj.datasets.load("heart_disease", backend="pandas")
    ...     assert heart.X.shape == (303, 13)
    """
    known = _known(name)
    needs_backend(backend)
    path = _path(known)
    if path is not None and path.is_file():
        with readable([path]), database() as con:
            frame = nw.from_native(con.read_parquet(str(path))).collect(backend)
        origin = f"{FOLDER}: {path.name}"
    else:
        frame, origin = _from_openml(name, known, backend)
    frame = frame.filter(~nw.col(known.label).is_null())
    y = np.asarray(frame[known.label].to_list())
    _checked(name, known, y, origin)
    left_out = tuple(column for column in known.leaks if column in frame.columns)
    groups = None if known.groups is None else frame[known.groups].to_numpy()
    return Dataset(
        name,
        known.title,
        frame.drop(known.label, *left_out).to_native(),
        y,
        known.positive,
        groups,
        left_out,
        known.source,
        known.licence,
        origin,
    )


def _known(name: str) -> Known:
    if name not in KNOWN:
        raise InvalidInputError(f"name={name!r}: expected one of {', '.join(names())}")
    return KNOWN[name]


def _path(known: Known) -> Path | None:
    folder = os.environ.get(FOLDER)
    return Path(folder, f"{known.file}.parquet") if folder else None


def _from_openml(name: str, known: Known, backend: Any) -> tuple[nw.DataFrame[Any], str]:
    here = os.environ.get(FOLDER)
    way_out = f"put {known.file}.parquet ({known.source}) in the folder that {FOLDER} names"
    looked = f"it is not in {here}" if here else f"{FOLDER} names no folder"
    if known.openml is None:
        raise DataNotFoundError(f"the data set {name!r} is not at hand: {looked}, and OpenML is not asked; {way_out}")
    from sklearn.datasets import fetch_openml

    needs_backend("pandas")
    number = known.openml.data_id
    try:
        bunch = fetch_openml(data_id=number, as_frame=True, parser="auto")
    except OSError as error:
        raise DataNotFoundError(
            f"the data set {name!r} is not at hand: {looked}, and OpenML {number} could not be reached ({error}); "
            f"{way_out}"
        ) from error
    frame = bunch.data.rename(columns=unquote)
    frame[known.label] = [known.openml.labels.get(str(label), label) for label in bunch.target]
    columns = {column: frame[column].to_list() for column in frame.columns}
    native = frame if backend == "pandas" else nw.from_dict(columns, backend=backend).to_native()
    return nw.from_native(native, eager_only=True), f"OpenML {number}"


def _checked(name: str, known: Known, y: AnyArray, origin: str) -> None:
    found = dict(Counter(y.tolist()))
    if found != dict(known.counts):
        raise InvalidInputError(
            f"the data set {name!r} from {origin} has classes of {found} rows, and was published with "
            f"{dict(known.counts)}; replace the copy"
        )
