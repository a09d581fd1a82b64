"""How the mean score of two sets of rows differs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.decisions.charted import estimate
from conjac.errors import InvalidInputError
from conjac.inference import Estimate, NormalBand
from conjac.validation import Predictions


@dataclass(frozen=True, eq=False)
class MeanScores:
    """The mean score of two sets of rows, and what lies between.

    Attributes
    ----------
    a, b : Estimate
        Each mean; arrays of shape ().
    difference : Estimate
        b - a.
    df : int or None
        Degrees of freedom of the difference's error; None where it comes from rows.
    """

    a: Estimate
    b: Estimate
    difference: Estimate
    df: int | None


def compare_scores(a: Predictions, b: Predictions, *, paired: bool) -> MeanScores:
    """Compare the mean score of two sets of rows, weighted.

    Parameters
    ----------
    a, b : Predictions
    paired : bool
        Whether row i of both is the same row.

    Returns
    -------
    MeanScores

    Raises
    ------
    InvalidInputError
        Pairs of sets of different length.

    Examples
    --------
    >>> import numpy as np
    >>> from conjac.validation import check_predictions
    >>> rng = np.random.default_rng(0)
    >>> a, b = (check_predictions(np.arange(100) % 2, rng.normal(shift, 1, 100)) for shift in (0, 1))
    >>> found = compare_scores(a, b, paired=False)
    >>> bool(found.difference.confint().lower > 0)
    True
    """
    if paired and len(a.true) != len(b.true):
        raise InvalidInputError(f"paired=True: a has {len(a.true)} rows and b {len(b.true)}")
    (mean_a, part_a), (mean_b, part_b) = _parts(a), _parts(b)
    df = min((len(np.unique(rows.block)) - 1 for rows in (a, b) if rows.block is not None), default=None)
    both = [part_b - part_a] if paired else [-part_a, part_b]
    return MeanScores(
        _estimate(mean_a, _variance([part_a], [a]), df),
        _estimate(mean_b, _variance([part_b], [b]), df),
        _estimate(mean_b - mean_a, _variance(both, [a, b][: len(both)]), df),
        df,
    )


def _estimate(value: float, variance: float, df: int | None) -> Estimate:
    at, stderr = np.asarray(value), np.asarray(variance**0.5)
    return estimate(at, stderr, NormalBand(at, stderr, df))


def _variance(parts: list[FloatArray], rows: list[Predictions]) -> float:
    """Add up the squares of the parts of rows; of blocks, which count as one where they are in several sets."""
    blocks = [one.block for one in rows if one.block is not None]
    if len(blocks) == len(rows):
        sums = np.bincount(np.concatenate(blocks), np.concatenate(parts))
        used = len(np.unique(np.concatenate(blocks)))
        return float((sums**2).sum() * used / max(used - 1, 1))
    if blocks:
        return sum(_variance([part], [one]) for part, one in zip(parts, rows, strict=True))
    return float(sum((part**2).sum() for part in parts))


def _parts(rows: Predictions) -> tuple[float, FloatArray]:
    """Return the mean, and what each row adds to its error."""
    weight = np.ones(len(rows.true)) if rows.weight is None else rows.weight
    score = rows.score.astype(np.float64)
    mean = float(weight @ score / weight.sum())
    return mean, weight * (score - mean) / weight.sum()
