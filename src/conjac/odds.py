r"""The facets of a reject option, for probabilities.

Seen on the logarithm of a probability p, where p has an end at 1, sure rows crowd next to the facet, on which p = t.
Their odds have no end. On any smooth scale whose slope at the facet is that of log p, rows cross at the same speed, and
so margins are told as :math:`(1 - t)(\operatorname{logit} p - \operatorname{logit} t)`. A row is brought to the facet
of class k along its own odds, the other classes' shares of 1 - p_k held. It belongs to the facet if it is on it then,
no other class being above its own t. That does not depend on how far the row is, and so no corner is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import logit

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray
from conjac.coordinates import FLOOR
from conjac.rules import ArgmaxRule, top_two


@dataclass(frozen=True, eq=False)
class Odds:
    """Margins of probabilities against a reject option.

    Attributes
    ----------
    option : int
        The column of the option.
    least : array of shape (n_columns,)
        The probability t above which each class is predicted rather than nothing; 1 or more where it never is.
    """

    option: int
    least: FloatArray

    @classmethod
    def of(cls, rule: ArgmaxRule, n_classes: int) -> Self | None:
        """Return those of a rule; None without the option, or of scores that are no probabilities."""
        if rule.scale != "logit" or not rule.rejects(n_classes):
            return None
        return cls(n_classes, np.exp(np.minimum(rule.offsets[-1] - rule.offsets, 1.0)))

    @property
    def stretch(self) -> float:
        """How much larger at most the difference of the logarithms is than the margin, of rows that are rejected."""
        return float(1 / (1 - self.least[self.least < 1].max(initial=0.0)))

    def mark(self, near: BoolArray, columns: FloatArray, predicted: IntArray, lowest: FloatArray) -> None:
        """Tell which facets of the option rows belong to.

        Parameters
        ----------
        near : array of shape (n_columns, n_rows)
            Written to: for rows that are rejected their facet with each class, for others that of their class.
        columns : array of shape (n_columns, n_rows)
            What is compared.
        predicted, lowest : array of shape (n_rows,)
            And what a column must reach to be looked at.
        """
        above = columns[:-1] - columns[-1]
        highest, second = top_two(above)
        others = np.where(above == highest, second, highest)
        t = np.minimum(self.least[:-1, None], 1 - FLOOR)
        left = 1 - np.minimum(t * np.exp(above), 1 - FLOOR)
        belongs = (others <= np.log(left / (1 - t))) & (self.least[:-1, None] < 1)
        rejected = predicted == self.option
        near[:-1] = np.where(rejected, belongs & (columns[:-1] >= lowest), near[:-1])
        own = belongs[np.where(rejected, 0, predicted), np.arange(len(predicted))]
        near[-1] = np.where(rejected, near[-1], own & (columns[-1] >= lowest))

    def gap(self, gap: FloatArray, highest: AnyArray, other: AnyArray) -> FloatArray:
        """Return the size of each margin from that of the difference of the logarithms, array of shape (n_entries,)."""
        acts = other == self.option
        least = self.least[np.where(acts, highest, other)]
        ends = (acts | (highest == self.option)) & (least < 1)
        t, size = least[ends], gap[ends]
        p = t * np.exp(np.where(acts[ends], size, -size))
        found = gap.copy()
        found[ends] = np.abs((1 - t) * (logit(np.clip(p, FLOOR, 1 - FLOOR)) - logit(t)))
        return found
