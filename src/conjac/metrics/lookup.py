"""From a name to a metric."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from conjac.errors import InvalidInputError, UnknownMetricError
from conjac.metrics.agreement import KAPPA, MATTHEWS
from conjac.metrics.averages import AVERAGES, averaged, bound, for_label
from conjac.metrics.binary import COMPOSED, RATES, by_name
from conjac.metrics.factories import is_number
from conjac.metrics.rows import Metric

BINARY: Final = by_name(*RATES.values(), *COMPOSED.values())

_NAN: Final = float("nan")

# For any number of classes. Accuracy is micro recall; balanced accuracy is macro recall, an absent class
# left out.
MULTICLASS: Final = by_name(
    replace(averaged(RATES["recall"], "micro", "accuracy"), traits=frozenset(), undefined=_NAN),
    MATTHEWS,
    KAPPA,
    averaged(RATES["recall"], "macro", "balanced_accuracy").replace(undefined=_NAN),
    *(averaged(RATES[row], a, f"{row}_{a}") for row in ("precision", "recall", "f1", "jaccard") for a in AVERAGES),
)

REJECTING: Final = ("coverage", "selective_accuracy")
"""Of `conjac.metrics.rejection`, known where a rule may reject."""
ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "kappa": "cohen_kappa",
        "mcc": "matthews_corrcoef",
        "ppv": "precision",
        "sensitivity": "recall",
        "tnr": "specificity",
        "tpr": "recall",
        "youden": "youden_j",
    }
)


def names(n_classes: int = 2) -> tuple[str, ...]:
    """List every metric that has a name.

    Parameters
    ----------
    n_classes : int, default 2
        The number of classes; the classes are called 0, 1, ..., as in ``"recall[0]"``.

    Returns
    -------
    tuple of str
        Sorted. Metrics with parameters (`fbeta`, `expected_cost`, `net_benefit`) have no name.

    Raises
    ------
    InvalidInputError
        If `n_classes` is under 2.

    Examples
    --------
    >>> [name for name in names(3) if not name.endswith(("]", "macro", "micro", "weighted"))]
    ['accuracy', 'balanced_accuracy', 'cohen_kappa', 'matthews_corrcoef']
    """
    return tuple(sorted((*_plain_names(n_classes), *(f"{row}[{k}]" for row in RATES for k in range(n_classes)))))


def resolve(metric: str | Metric, labels: Sequence[Any], *, zero_division: float | None = None) -> Metric:
    """Find a metric by its name, for given classes.

    Parameters
    ----------
    metric : str or Metric
        A name, as scikit-learn's scorers are called; ``"recall[cat]"`` is the recall of the class ``cat``
        against the rest. A `Metric` is checked against the number of classes and returned.
    labels : sequence of length n_classes
        The classes in the order of the matrix; of two, the second is the positive one. A class is named by
        its ``str()``.
    zero_division : float, default: the metric's own convention, which is scikit-learn's
        The value for 0/0: in an average, that of each class which is 0/0, and nan leaves such a class out.

    Returns
    -------
    Metric
        Under its canonical name: ``"tpr"`` gives ``"recall"``.

    Raises
    ------
    UnknownMetricError
        If there is no such metric, or none of that name for so many classes.
    InvalidInputError
        If the label is unknown or ambiguous, the metric is for another number of classes, or an argument
        has the wrong type.

    Examples
    --------
    >>> resolve("recall[cat]", labels=["cat", "dog", "newt"]).name
    'recall[cat]'
    >>> float(resolve("precision", [0, 1], zero_division=1.0).value([[5, 0], [2, 0]]))
    1.0
    """
    labels = list(labels)
    if len(labels) < 2:
        raise InvalidInputError(f"labels is {labels!r}; expected at least two classes")
    if isinstance(metric, str):
        found = _named(metric, labels)
    elif isinstance(metric, Metric):
        found = bound(metric, len(labels))
    else:
        raise InvalidInputError(
            f"metric is {metric!r}; expected a name such as 'f1', or a conjac.metrics.Metric; "
            "conjac.metrics.names() lists the names"
        )
    if found.n_classes not in (None, len(labels)):
        raise InvalidInputError(
            f"metric {found.name!r} is for {found.n_classes} classes, and there are {len(labels)}: "
            f"{_listed(labels)}; make it for these, or use an average or one class against the rest"
        )
    if found.labels is not None and list(found.labels) != [str(label) for label in labels[: len(found.labels)]]:
        raise InvalidInputError(
            f"metric {found.name!r} was made for the classes {list(found.labels)}, and they are {_listed(labels)}; "
            "bring its rows and columns into this order"
        )
    if zero_division is None:
        return found
    if not is_number(zero_division):
        raise InvalidInputError(f"zero_division is {zero_division!r}; expected a number such as 0.0, 1.0 or nan")
    return found.replace(undefined=float(zero_division))


def _named(name: str, labels: list[Any]) -> Metric:
    base, label = split_label(name)
    base = ALIASES.get(base, base)
    if label is not None and base in RATES:
        return for_label(RATES[base], _index(label, labels, name), len(labels), label)
    if label is None:
        if base in MULTICLASS:
            return bound(MULTICLASS[base], len(labels))
        if base in BINARY:
            if len(labels) == 2:
                return BINARY[base]
            raise UnknownMetricError(_binary_only(base, labels))
    raise UnknownMetricError(_unknown(name, base, label, labels))


def split_label(name: str) -> tuple[str, str | None]:
    """Split "recall[cat]" into "recall" and "cat"; a label may itself hold brackets."""
    match = re.fullmatch(r"(\w+)\[(.*)\]", name, flags=re.DOTALL)
    return (name, None) if match is None else (match[1], match[2])


def _index(label: str, labels: list[Any], name: str) -> int:
    places = [k for k, candidate in enumerate(labels) if str(candidate) == label]
    if not places:
        places = [k for k, candidate in enumerate(labels) if isinstance(candidate, float) and _is(candidate, label)]
    if len(places) == 1:
        return places[0]
    trouble = "no such class" if not places else f"more than one such class ({len(places)})"
    if any(sign in label for sign in ("<=", ">=")):
        trouble = "more than a name; of several constraints, pass a list"
    raise InvalidInputError(f"metric is {name!r}: there is {trouble}; the labels are {_listed(labels)}")


def _is(number: float, text: str) -> bool:
    try:
        return float(text) == number
    except ValueError:
        return False


def _plain_names(n_classes: int) -> tuple[str, ...]:
    if n_classes < 2:
        raise InvalidInputError(f"n_classes is {n_classes!r}; expected at least 2")
    return (*MULTICLASS, *(BINARY if n_classes == 2 else ()))


def _binary_only(base: str, labels: list[Any]) -> str:
    averages = [f"{base}_{a}" for a in AVERAGES if f"{base}_{a}" in MULTICLASS]
    one_class = [f"{base}[{labels[0]}]"] if base in RATES else []
    instead = ", ".join(map(repr, averages + one_class or ["balanced_accuracy", "matthews_corrcoef"]))
    return (
        f"metric {base!r} is for two classes, and there are {len(labels)}: {_listed(labels)}; use {instead}"
        f"{' for one class against the rest' if one_class else ''}"
    )


def _unknown(name: str, base: str, label: str | None, labels: list[Any]) -> str:
    known: list[str] = [*RATES] if label is not None else [*_plain_names(len(labels)), *ALIASES]
    if base in REJECTING:
        return f"metric {name!r} is of a rule that may leave rows unpredicted: pass reject=True (--reject at the shell)"
    if base == "expected_cost":
        return "metric 'expected_cost' needs costs: pass conjac.metrics.expected_cost(cost_matrix)"
    suffix = "" if label is None else f"[{label}]"
    near = [f"{found}{suffix}" for found in difflib.get_close_matches(base, known, n=3)]
    hint = f"; the nearest are {', '.join(map(repr, near))}" if near else ""
    if label is not None and base in _plain_names(2):
        hint = f"; one class against the rest can be asked of {', '.join(RATES)}"
    return f"metric {name!r} is unknown{hint}; conjac.metrics.names({len(labels)}) lists every name"


def _listed(labels: list[Any], most: int = 20) -> str:
    shown = ", ".join(repr(str(label)) for label in labels[:most])
    return shown if len(labels) <= most else f"{shown}, ... ({len(labels)} in all)"
