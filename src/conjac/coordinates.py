r"""The unit in which a threshold, and so a slope, is told.

A threshold :math:`t` cuts the margins at :math:`\tau = \tau(t)`; a slope per unit of :math:`\tau` becomes one
per unit of :math:`t` by the chain rule, :math:`dC/dt = dC/d\tau \cdot d\tau/dt`:

=============  =======================  ==================  ====================================
coordinate     margin cut tau(t)        dtau/dt             scores
=============  =======================  ==================  ====================================
probability    logit t                  1 / (t (1 - t))     in [0, 1]
logit          t                        1                   in [0, 1], told in log-odds
score          t                        1                   any finite reals
percentile     quantile of the margins  -1 / f(tau)         in [0, 1]; t is the share alerted
=============  =======================  ==================  ====================================

The percentile's density f is that of all rows, and itself an estimate (see `conjac.inference`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, CoordinateName, FloatArray, Scale
from conjac.blocks import extremes
from conjac.calculus.elementwise import IDENTITY, LOGIT, Elementwise
from conjac.errors import InvalidInputError

FLOOR = 2.0**-40
"""Probabilities are clipped here before the logarithm, so that exact zeros and ones stay finite."""


@dataclass(frozen=True)
class Coordinate:
    """One way to tell a threshold.

    Attributes
    ----------
    name : str
        "probability", "logit", "percentile" or "score".
    unit : str
        What a step of 1 is, in words.
    scale : {"logit", "score"}
        The scale of the margins that it cuts.
    to_score, from_score : callable
        Between the threshold in this unit and the threshold on the scores themselves.
        The percentile has none: it needs the rows.
    cut : Elementwise or None
        tau(t), with its derivative; None where that is an estimate (percentile).
    domain : tuple of float
        Where t may lie.
    ends : tuple of float
        Where t ceases to matter.
    """

    name: CoordinateName
    unit: str
    scale: Scale
    to_score: Callable[[Any], Any] | None
    from_score: Callable[[Any], Any] | None
    cut: Elementwise | None
    domain: tuple[float, float]
    ends: tuple[float, float]


def _log_odds(score: FloatArray) -> FloatArray:
    """Return log-odds that come back as these probabilities or barely less, so that ``>=`` alerts the same rows."""
    told = np.asarray(LOGIT(np.clip(score, 0, 1)))
    slack = np.finfo(np.float64).eps * np.maximum(np.abs(np.nan_to_num(told)), 1)
    for shift in (1, 2, 4):
        told = np.where(LOGIT.inverse(told) > score, told - shift * slack, told)
    return told


REAL = (-np.inf, np.inf)
UNIT = (0.0, 1.0)

COORDINATES: dict[str, Coordinate] = {
    c.name: c
    for c in (
        Coordinate("probability", "1.0 of probability", "logit", IDENTITY, IDENTITY, LOGIT, REAL, UNIT),
        Coordinate("logit", "1 unit of log-odds", "logit", LOGIT.inverse, _log_odds, IDENTITY, REAL, REAL),
        Coordinate("percentile", "1.0 of the rows alerted", "logit", None, None, None, UNIT, UNIT),
        Coordinate("score", "1 unit of score", "score", IDENTITY, IDENTITY, IDENTITY, REAL, REAL),
    )
}


def margins(score: AnyArray, scale: Scale) -> FloatArray:
    """Return the scores on the margin scale, in float64.

    Parameters
    ----------
    score : array of shape (n_samples,)
    scale : {"logit", "score"}
        "logit" takes probabilities, clipped to [2^-40, 1 - 2^-40] after the cast to float64.

    Returns
    -------
    array of shape (n_samples,)
    """
    value = np.asarray(score, dtype=np.float64)
    if scale == "score":
        return value
    return np.log(np.maximum(value, FLOOR)) - np.log(np.maximum(1 - value, FLOOR))


def class_scores(score: AnyArray, scale: Scale) -> FloatArray:
    """Return u of each class, in a new array of float64: the logarithm of probabilities, or scores as they are.

    Parameters
    ----------
    score : array of shape (n_classes, n_samples)
    scale : {"logit", "score"}
        "logit" takes probabilities, clipped to 2^-40 from below after the cast to float64.

    Returns
    -------
    array of shape (n_classes, n_samples)
        In C order, however the scores lie.
    """
    value = np.array(score, dtype=np.float64, order="C")
    if scale == "score":
        return value
    np.maximum(value, FLOOR, out=value)
    return np.asarray(np.log(value, out=value))


def scores_of(margin: Any, scale: Scale) -> FloatArray:
    """Return the scores that lie at given margins: the inverse of `margins`."""
    return np.asarray(margin if scale == "score" else LOGIT.inverse(margin), dtype=np.float64)


def choose(score: AnyArray, name: str | None) -> Coordinate:
    """Return the coordinate asked for, or the default: probability where all scores lie in [0, 1], else score.

    Raises
    ------
    InvalidInputError
        An unknown name, or scores outside [0, 1] for a coordinate that takes probabilities.
    """
    low, high = extremes(score)
    outside = bool(low < 0 or high > 1)
    if name is None:
        name = "score" if outside else "probability"
    if name not in COORDINATES:
        raise InvalidInputError(f"coordinate={name!r}: expected one of {sorted(COORDINATES)}")
    if outside and name != "score":
        row = int(np.flatnonzero((score < 0) | (score > 1))[0])
        raise InvalidInputError(
            f"coordinate={name!r} takes scores in [0, 1], but y_score[{row}] is {score[row]}; "
            "pass coordinate='score' for scores on another scale"
        )
    return COORDINATES[name]
