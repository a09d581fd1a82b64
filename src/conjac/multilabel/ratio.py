r"""The best ratio of sums over labels, over all thresholds at once.

A micro average is :math:`\sum_l N_l(t_l) / \sum_l D_l(t_l)`, which no label can maximise by itself. By W. Dinkelbach's
method (1967, Management Science 13:492): for a number r, :math:`\sum_l \max_t (N_l - r D_l)` is above 0 exactly where
some thresholds have a ratio above r, and each label finds its own maximum. Those thresholds' ratio is the next r. It
rises, faster than any geometric series, until nothing is above 0: then r is the best ratio of all combinations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conjac._typing import FloatArray
from conjac.metrics import REAL, Metric, ratio
from conjac.metrics.formulas import Ratio

SLACK = 1e-12
"""How far below the best ratio labels are searched, so that a ratio of 0/0 is not taken for it."""


@dataclass(frozen=True)
class BestRatio:
    """The best ratio of sums.

    Attributes
    ----------
    ratio : float
        nan where it is 0/0 at every combination.
    steps : tuple of float
        The ratios on the way, ascending.
    """

    ratio: float
    steps: tuple[float, ...]


def best_ratio(tops: Sequence[FloatArray], bottoms: Sequence[FloatArray]) -> BestRatio:
    """Return the largest ratio of sums of one entry a label.

    Parameters
    ----------
    tops, bottoms : sequence of L arrays of shape (n_choices,)
        Numerator and denominator, not negative, of each label's choices.

    Examples
    --------
    >>> import numpy as np
    >>> best_ratio([np.array([1.0, 3.0]), np.array([0.0, 2.0])], [np.array([1.0, 4.0]), np.array([1.0, 2.0])]).ratio
    1.0
    """
    chosen = [int(np.argmax(bottom)) for bottom in bottoms]
    steps: list[float] = []
    while True:
        top, bottom = (sum(part[at] for part, at in zip(parts, chosen, strict=True)) for parts in (tops, bottoms))
        found = float(top / bottom) if bottom > 0 else np.nan
        if steps and not found > steps[-1]:
            return BestRatio(steps[-1], tuple(steps))
        steps.append(found)
        if np.isnan(found):
            return BestRatio(found, ())
        chosen = [int(np.argmax(top - found * bottom)) for top, bottom in zip(tops, bottoms, strict=True)]


def utility(row: Metric, best: float) -> Metric:
    """Return what a label is to maximise: its numerator less the best ratio times its denominator, a row.

    Turned so that more is better.
    """
    assert isinstance(row.formula, Ratio)
    top, bottom = np.array(row.formula.numerator), np.array(row.formula.denominator)
    below = row.sign * best - SLACK * abs(best)
    worth = row.sign * top - below * bottom
    return ratio(f"{row.name} at {best:.6g}", worth, np.ones_like(worth), domain=REAL, undefined=np.nan)
