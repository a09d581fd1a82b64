"""Fitted classifiers from files, without running what the files hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conjac.errors import InvalidInputError
from conjac.models.onnx import load_onnx
from conjac.models.skops import load_skops

PICKLES = (".pkl", ".pickle", ".joblib")
PICKLED = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
"""How pickles of these protocols begin."""
ZIP = b"PK\x03\x04"
EXPECTED = "expected .onnx, or .skops, written by skops.io.dump"


def load(path: str | Path, *, output: str | None = None, trusted: Sequence[str] = ()) -> Any:
    """Return the classifier in a file: ONNX, or scikit-learn's as skops writes it.

    Parameters
    ----------
    path : str or Path
        With the suffix .onnx or .skops.
    output : str, optional
        Of an ONNX file: the name of the output of scores, where there are several.
    trusted : sequence of str
        Of a skops file: types that it may hold, beside those that skops knows.

    Returns
    -------
    Model or fitted estimator
        What `conjac.ConfusionJacobian.from_estimator` takes.

    Raises
    ------
    InvalidInputError
        No file, one that does not read as what its suffix tells, or a pickle, which runs code when it is loaded.
    MissingDependencyError
        The library that reads the file is not installed.

    Examples
    --------
    >>> load("model.pkl")
    Traceback (most recent call last):
    conjac.errors.InvalidInputError: model.pkl: a pickle runs code when it is loaded; save it with skops.io.dump ...
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in PICKLES or (start := _start(path)).startswith(PICKLED):
        raise InvalidInputError(f"{path}: a pickle runs code when it is loaded; save it with skops.io.dump or as ONNX")
    if suffix == ".onnx":
        if start.startswith(ZIP):
            raise InvalidInputError(f"{path} is a ZIP file and not ONNX; a skops file has the suffix .skops")
        if trusted:
            raise InvalidInputError(
                f"trusted={list(trusted)}: {path} is an ONNX file, which holds no types; leave it out"
            )
        return load_onnx(path, output)
    if suffix == ".skops":
        if not start.startswith(ZIP):
            raise InvalidInputError(f"{path} does not begin as a skops file does; save it with skops.io.dump")
        if output is not None:
            raise InvalidInputError(
                f"output={output!r}: {path} is a skops file, whose estimator has methods; leave it out"
            )
        return load_skops(path, trusted)
    raise InvalidInputError(f"{path}: the suffix {suffix!r} tells no kind of model; {EXPECTED}")


def _start(path: Path) -> bytes:
    """Return how a file begins."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise InvalidInputError(f"{path}: {what}; {EXPECTED}")
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror or error}") from None
    if not start:
        raise InvalidInputError(f"{path} is empty")
    return start
