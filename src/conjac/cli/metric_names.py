"""Metrics with a parameter, as they are written at a shell: ``fbeta(2)``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from conjac.errors import InvalidInputError, UnknownMetricError
from conjac.metrics import Metric, expected_cost, fbeta, net_benefit

MAKERS: Mapping[str, Callable[[Any], Metric]] = {
    "fbeta": fbeta,
    "net_benefit": net_benefit,
    "expected_cost": expected_cost,
}
FORMS = "metrics with a parameter are written 'fbeta(2)', 'net_benefit(.2)', 'expected_cost([[0,1],[5,0]])'"


def read_metric(text: str) -> str | Metric:
    """Return the metric that a text with a parameter means; any other text as it is, a name.

    Raises
    ------
    UnknownMetricError
        A parameter for a metric that takes none, or none for one that takes it.
    InvalidInputError
        A parameter that is no literal, or not of the metric's domain.

    Examples
    --------
    >>> read_metric("net_benefit(.2)").name, read_metric("recall[spam]")
    ('net_benefit(0.2)', 'recall[spam]')
    """
    form = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text, flags=re.DOTALL)
    name = text.strip() if form is None else form[1]
    if form is None and name not in MAKERS and not re.fullmatch(r"f(?!1$)[\d.]+", name):
        return text
    if form is None or name not in MAKERS:
        raise UnknownMetricError(f"metric {text!r} is unknown; {FORMS}")
    try:
        return MAKERS[name](ast.literal_eval(form[2].strip()))
    except InvalidInputError as error:
        raise InvalidInputError(f"metric {text!r}: {error}") from None
    except (ValueError, TypeError, SyntaxError, OverflowError, MemoryError, RecursionError):
        raise InvalidInputError(f"metric {text!r} cannot be read; {FORMS}") from None
