"""What is said of groups: the classes that have no row there, and what should not be believed of some of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import ConjacWarning

MOST_NAMED = 10


def absent(labels: Sequence[Any], true: AnyArray) -> list[Any]:
    """Return the labels that no row has.

    Parameters
    ----------
    labels : sequence of length n_classes
    true : array
        Index of the class of each row, or of each key that holds rows.
    """
    there = np.bincount(true, minlength=len(labels)) > 0
    return [label for label, any_row in zip(labels, there, strict=True) if not any_row]


def noted(missing: Sequence[Any]) -> dict[str, list[str]]:
    """Return what a result's diagnostics say of absent labels: nothing where there are none."""
    return {"absent": [str(label) for label in missing]} if missing else {}


def warn_of_absent(by: str, found: Mapping[Any, Sequence[Any]], n_classes: int) -> None:
    """Warn once of groups without a row of some class.

    Parameters
    ----------
    by : str
        The column of groups.
    found : mapping
        Group to the labels that are absent there.
    n_classes : int
    """
    said = {name: ", ".join(map(repr, labels)) for name, labels in found.items() if labels}
    two = "one class only, no row is {}; figures that need both are nan"
    more = "no row is {}; figures of such rows are nan or 0"
    sentence = two if n_classes == 2 else more
    warn_of_groups(by, {name: [sentence.format(labels)] for name, labels in said.items()}, stacklevel=5)


def warn_of_groups(by: str, cautions: Mapping[Any, Sequence[str]], stacklevel: int) -> None:
    """Warn once of each thing that some groups have in common."""
    told: dict[str, list[str]] = {}
    for name, reasons in cautions.items():
        for reason in reasons:
            told.setdefault(reason, []).append(repr(name))
    for reason, names in told.items():
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        warnings.warn(f"{by}={', '.join(names[:MOST_NAMED])}{more}: {reason}", ConjacWarning, stacklevel=stacklevel)
