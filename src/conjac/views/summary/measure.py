"""A figure with its interval, the step that slopes are told for, and text that is safe to show."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import CoordinateName
from conjac.inference import Interval

NAN = math.nan
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
STEPS = {"probability": 0.01, "percentile": 0.01, "logit": 0.1, "score": 0.1}
FIFTH = 0.2


TITLES = {
    "f1": "F1",
    "npv": "Negative predictive value",
    "fpr": "False positive rate",
    "fnr": "False negative rate",
    "matthews_corrcoef": "Matthews correlation",
    "cohen_kappa": "Cohen’s kappa",
    "youden_j": "Youden’s J",
    "g_mean": "G-mean",
    "alert_rate": "Share alerted",
    "expected_cost": "Expected cost of a row",
    "tn": "True negatives",
    "fp": "False positives",
    "fn": "False negatives",
    "tp": "True positives",
}


@dataclass(frozen=True)
class Measure:
    """A figure with the limits of its interval; nan where undefined.

    Attributes
    ----------
    value, lower, upper : float

    Examples
    --------
    >>> Measure(2.0, 1.5, 2.75).scaled(-1)
    Measure(value=-2.0, lower=-2.75, upper=-1.5)
    """

    value: float
    lower: float = NAN
    upper: float = NAN

    @classmethod
    def of(cls, value: Any, limits: Interval, scale: float = 1.0) -> Measure:
        """Take a number and its interval, arrays of shape ()."""
        return cls(float(value), float(limits.lower), float(limits.upper)).scaled(scale)

    def scaled(self, by: float) -> Measure:
        """Return the same figure in another unit; a negative factor swaps the limits."""
        low, high = (self.lower, self.upper) if by >= 0 else (self.upper, self.lower)
        return Measure(self.value * by, low * by, high * by)

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies on one side of zero, else 0."""
        return int(self.lower > 0) - int(self.upper < 0)


UNDEFINED = Measure(NAN)


def said(told: Measure, *, signed: bool = True) -> str:
    """Return a figure with its interval, in words.

    Examples
    --------
    >>> said(Measure(0.2, 0.1, 0.3)), said(Measure(-0.2)), said(Measure(float("nan")))
    ('+0.2 [+0.1, +0.3]', '-0.2, with no interval', 'undefined')
    """
    if not math.isfinite(told.value):
        return "undefined"
    sign = "+" if signed else ""
    if not (math.isfinite(told.lower) and math.isfinite(told.upper)):
        return f"{told.value:{sign}.3g}, with no interval"
    return f"{told.value:{sign}.3g} [{told.lower:{sign}.3g}, {told.upper:{sign}.3g}]"


@dataclass(frozen=True)
class Step:
    """The move of the threshold that slopes are told for.

    Attributes
    ----------
    size : float
        In the coordinate: .01 of probability; a power of ten, and less than a fifth of the way to the domain's end.
    coordinate : str
        Of the slopes.
    """

    size: float
    coordinate: str

    @classmethod
    def at(cls, coordinate: CoordinateName, threshold: float, score: Any = None) -> Step:
        """Choose the step at a threshold.

        Parameters
        ----------
        coordinate : str
        threshold : float
            In the coordinate.
        score : array of shape (n_scores,), optional
            Raw scores, whose spread sets the step of the coordinate "score"; without them it is .1.

        Examples
        --------
        >>> Step.at("probability", 0.5).size, Step.at("probability", 0.004).size
        (0.01, 0.0001)
        """
        size = STEPS[coordinate]
        if coordinate in ("probability", "percentile"):
            room = min(threshold, 1 - threshold)
            if room > 0:
                size = min(size, _power_of_ten(FIFTH * room))
        elif coordinate == "score" and score is not None and len(score):
            spread = float(np.subtract(*np.quantile(score, [0.99, 0.01])))
            if spread > 0 and math.isfinite(spread):
                size = _power_of_ten(spread / 50)
        return cls(size, coordinate)


def _power_of_ten(at_most: float) -> float:
    return float(f"1e{math.floor(math.log10(at_most) + 1e-9)}")


def clean(text: Any) -> str:
    r"""Return text that can be shown: one line, without control characters; escaping is the view's.

    Examples
    --------
    >>> clean("a\nb\x00")
    'a b\ufffd'
    """
    return UNPRINTABLE.sub("\ufffd", " ".join(str(text).split()))


def title_of(metric: str) -> str:
    """Return a metric's name for people.

    Examples
    --------
    >>> title_of("balanced_accuracy"), title_of("youden_j"), title_of("recall[spam]")
    ('Balanced accuracy', 'Youden’s J', 'Recall [spam]')
    """
    base, bracket, label = metric.partition("[")
    told = TITLES.get(base, base[:1].upper() + base[1:].replace("_", " "))
    return clean(f"{told} [{label}" if bracket else told)
