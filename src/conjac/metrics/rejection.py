"""Metrics of a rule that may predict nothing: last come the reject option's column, and a row of nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import InvalidInputError, UnknownMetricError
from conjac.metrics.formulas import ratio
from conjac.metrics.lookup import resolve
from conjac.metrics.rows import Metric


def coverage(n_classes: int) -> Metric:
    """Share of the rows that are predicted at all.

    Parameters
    ----------
    n_classes : int
        Without the reject option.

    Returns
    -------
    Metric
        Of matrices of n_classes + 1 rows and columns; nan for an empty table.

    Raises
    ------
    InvalidInputError
        Fewer than two classes.

    References
    ----------
    El-Yaniv, R., Y. Wiener, "On the foundations of noise-free selective classification", *JMLR* 11 (2010).

    Examples
    --------
    >>> float(coverage(2).value([[80, 10, 10], [5, 60, 35], [0, 0, 0]]))
    0.775
    """
    acted = _acted(n_classes)
    return ratio("coverage", acted, np.ones_like(acted), undefined=float("nan"))


def selective_accuracy(n_classes: int) -> Metric:
    """Accuracy among the rows that are predicted at all.

    Parameters
    ----------
    n_classes : int
        Without the reject option.

    Returns
    -------
    Metric
        Of matrices of n_classes + 1 rows and columns; nan where nothing is predicted.

    Raises
    ------
    InvalidInputError
        Fewer than two classes.

    References
    ----------
    El-Yaniv, R., Y. Wiener, "On the foundations of noise-free selective classification", *JMLR* 11 (2010).

    Examples
    --------
    >>> round(float(selective_accuracy(2).value([[80, 10, 10], [5, 60, 35], [0, 0, 0]])), 4)
    0.9032
    """
    acted = _acted(n_classes)
    return ratio("selective_accuracy", np.eye(n_classes + 1) * acted, acted, undefined=float("nan"))


def _acted(n_classes: Any) -> FloatArray:
    """Mark the cells of rows that are predicted.

    Raises
    ------
    InvalidInputError
        Fewer than two classes.
    """
    if not isinstance(n_classes, int | np.integer) or n_classes < 2:
        raise InvalidInputError(
            f"n_classes is {n_classes!r}; expected a whole number from 2 on, the reject option aside"
        )
    acted = np.ones((n_classes + 1, n_classes + 1))
    acted[:, -1] = 0
    return acted


OF_REJECTION = {"coverage": coverage, "selective_accuracy": selective_accuracy}


def resolve_outcomes(metric: str | Metric, outcomes: Sequence[Any], n_classes: int) -> Metric:
    """Find a metric of a rule that may reject.

    Parameters
    ----------
    metric : str or Metric
    outcomes : sequence
        The classes, and the reject option's name if there is one.
    n_classes : int

    Raises
    ------
    InvalidInputError
        Costs of a class fewer, with a column for a reject option.
    UnknownMetricError
        An average over the classes, among which the reject option is none.
    """
    if len(outcomes) == n_classes:
        found = resolve(metric, outcomes)
        if "reject" in found.traits:
            raise InvalidInputError(
                f"metric {found.name!r} has {n_classes - 1} classes and a reject option, and there are {n_classes} "
                "classes; give a row of costs for each"
            )
        return found
    if isinstance(metric, str) and metric in OF_REJECTION:
        return OF_REJECTION[metric](n_classes)
    found = resolve(metric, outcomes)
    if "average" in found.traits and found.name != "balanced_accuracy":
        raise UnknownMetricError(
            f"metric {found.name!r} would average over the reject option as if it were a class; use coverage, "
            "selective_accuracy, balanced_accuracy, expected_cost, or one class such as recall[...]"
        )
    return found
