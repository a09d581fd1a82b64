"""Which label a constraint or a target is of: "recall >= .9" is each label's, "recall[a] >= .9" that of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conjac.decisions import Constraint
from conjac.decisions.constraints import CONSTRAINT
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.metrics.lookup import split_label
from conjac.multilabel.averages import AVERAGED

Bounds = list[str | Constraint]


def bounds_of(subject_to: Any, labels: Sequence[Any]) -> list[Bounds]:
    """Return each label's constraints: "recall >= .9" is every label's, "recall[a] >= .9" that of one.

    Raises
    ------
    NotSupportedError
        A bound on an average over labels, which couples them.
    """
    listed = [subject_to] if isinstance(subject_to, str | Constraint) else list(subject_to or ())
    bounds: list[Bounds] = [[] for _ in labels]
    for bound in listed:
        found = None if isinstance(bound, Constraint) else CONSTRAINT.match(str(bound))
        base, label = (str(bound), None) if found is None else split_label(found["metric"])
        refuse_average(bound.metric.name if isinstance(bound, Constraint) else base)
        if found is None or label is None:
            bounds = [[*own, bound] for own in bounds]
            continue
        (place,) = places_of([label], labels)
        bounds[place].append(f"{base} {found['sign']} {found['bound']}")
    return bounds


def refuse_average(base: str) -> None:
    """Refuse the average of a metric over labels, as a bound or a target."""
    if AVERAGED.fullmatch(base) or base == "hamming_loss":
        raise NotSupportedError(
            f"{base!r}: a bound or a target for an average couples all labels, and is not served; name each label's "
            f"own, as 'recall >= .9' or 'recall[label] >= .9'"
        )


def places_of(named: Sequence[str], labels: Sequence[Any]) -> list[int]:
    """Return the places of labels by their names, or refuse one that there is not."""
    places = {str(label): place for place, label in enumerate(labels)}
    for name in named:
        if name not in places:
            raise InvalidInputError(f"there is no label {name!r}; the labels are {list(labels)[:20]}")
    return [places[name] for name in named]
