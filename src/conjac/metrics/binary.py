"""The table of binary metrics, positive class last: ``[[TN, FP], [FN, TP]]``.

Names and formulas as in T. Fawcett, "An introduction to ROC analysis", *Pattern Recognition Letters* 27
(2006), and D. M. W. Powers, "Evaluation: from precision, recall and F-measure to ROC, informedness,
markedness and correlation" (2011). Where a row is 0/0:

- rates, F1 and Jaccard are 0.0, scikit-learn's ``zero_division`` default (so ``fpr`` and
  ``specificity`` are both 0.0 where there is no negative row, and do not add up to 1 there);
- Youden's J, markedness and the G-mean are 0.0 where one of their rates is 0/0, as Matthews' coefficient is;
- likelihood ratios, lift, and shares of an empty table are nan.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from conjac._typing import AnyArray
from conjac.metrics.domain import RATIO, SIGNED, UNIT
from conjac.metrics.formulas import compose, ratio
from conjac.metrics.rows import Metric

TN, FP, FN, TP = np.eye(4, dtype=int).reshape(4, 2, 2)
ALL = TN + FP + FN + TP
_NAN: Final = float("nan")


def by_name(*rows: Metric) -> Mapping[str, Metric]:
    """Index rows by name; a name given twice is a mistake in a table."""
    table = {row.name: row for row in rows}
    assert len(table) == len(rows), "a name occurs twice"
    return MappingProxyType(table)


# Each of these can also be asked of one class against the rest: "recall[cat]".
RATES: Final = by_name(
    ratio("precision", TP, TP + FP),
    ratio("recall", TP, TP + FN),
    ratio("specificity", TN, TN + FP),
    ratio("npv", TN, TN + FN),
    ratio("fpr", FP, TN + FP, greater_is_better=False),
    ratio("fnr", FN, TP + FN, greater_is_better=False),
    ratio("f1", 2 * TP, 2 * TP + FP + FN),
    ratio("jaccard", TP, TP + FP + FN),
    ratio("prevalence", TP + FN, ALL, undefined=_NAN),
    ratio("alert_rate", TP + FP, ALL, undefined=_NAN),
)


def _sum_less_one(x: AnyArray, y: AnyArray) -> tuple[AnyArray, tuple[AnyArray, ...]]:
    return x + y - 1, (np.ones_like(x), np.ones_like(y))


def _quotient(x: AnyArray, y: AnyArray) -> tuple[AnyArray, tuple[AnyArray, ...]]:
    # x / 0 is as undefined as 0 / 0: scikit-learn's likelihood ratios are nan there, not infinite.
    zero = y.real == 0
    y = np.where(zero, 1.0, y)
    return np.where(zero, np.nan, x / y), (1 / y, -x / y / y)


def _geometric_mean(x: AnyArray, y: AnyArray) -> tuple[AnyArray, tuple[AnyArray, ...]]:
    # The root has a vertical tangent at 0: the value is 0 there, and there is no gradient.
    value = np.sqrt(x * y)
    zero = value.real == 0
    safe = np.where(zero, 1.0, value)
    return value, (np.where(zero, np.nan, y / safe / 2), np.where(zero, np.nan, x / safe / 2))


_precision, _recall, _specificity, _npv = (RATES[name] for name in ("precision", "recall", "specificity", "npv"))

COMPOSED: Final = by_name(
    compose("youden_j", _sum_less_one, _recall, _specificity, domain=SIGNED, undefined=0.0),
    compose("markedness", _sum_less_one, _precision, _npv, domain=SIGNED, undefined=0.0),
    compose("g_mean", _geometric_mean, _recall, _specificity, domain=UNIT, undefined=0.0),
    compose("positive_likelihood_ratio", _quotient, _recall, RATES["fpr"], domain=RATIO),
    compose(
        "negative_likelihood_ratio",
        _quotient,
        RATES["fnr"],
        _specificity,
        domain=RATIO,
        greater_is_better=False,
    ),
    compose("lift", _quotient, _precision, RATES["prevalence"], domain=RATIO),
)
