"""What is confused with what: the matrix and its Jacobian as pictures, the pairs, and groups of classes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from conjac._typing import AnyArray
from conjac.confusions import Arrangement
from conjac.inference import Interval
from conjac.jacobian import ConfusionJacobian
from conjac.views.summary.heatmap import OFFSET_STEP, HeatMap
from conjac.views.summary.measure import NAN, Measure, clean

MOST_CLASSES = 60
"""Classes in one picture, at most: those with the most errors."""


@dataclass(frozen=True)
class Confusion:
    """Rows of one class that are predicted to be of another.

    Attributes
    ----------
    true, predicted : str
    count : Measure
        Weight of these rows.
    share : Measure
        Of the true class.
    slope : Measure
        Change of the count per step of the offset of the predicted class.
    reverse : Measure
        Weight of the rows of the predicted class that are taken for the true one.
    """

    true: str
    predicted: str
    count: Measure
    share: Measure
    slope: Measure
    reverse: Measure


@dataclass(frozen=True)
class Group:
    """Classes that are confused among themselves.

    Attributes
    ----------
    labels : tuple of str
    confused : float
        Weight of the rows that are misclassified within the group.
    share_of_errors : float
        Of all that are misclassified.
    outside : float
        Weight of the rows of these classes that are predicted to be of others, which ``matrix`` leaves out.
    matrix : HeatMap
        Of these classes alone.
    """

    labels: tuple[str, ...]
    confused: float
    share_of_errors: float
    outside: float
    matrix: HeatMap


def confusions(J: ConfusionJacobian, level: float) -> tuple[Confusion, ...]:
    """Return every pair that was seen, that with the most rows first."""
    shares = replace(J, normalize="true")
    counted, shared, moved = J.matrix_confint(level), shares.matrix_confint(level), J.confint(level)
    by_own = [np.einsum("ykk->yk", side) + 0.0 for side in (J.jacobian, *moved)]
    n = len(J.labels)
    wrong = np.where(np.eye(n) > 0, 0.0, J.matrix)
    names = [clean(label) for label in J.labels]
    found = []
    for place in np.argsort(-wrong, axis=None, kind="stable"):
        i, j = divmod(int(place), n)
        if wrong[i, j] <= 0:
            break
        found.append(
            Confusion(
                true=names[i],
                predicted=names[j],
                count=_at(J.matrix, counted, i, j),
                share=_at(shares.matrix, shared, i, j),
                slope=_at(by_own[0], Interval(*by_own[1:]), i, j).scaled(OFFSET_STEP),
                reverse=_at(J.matrix, counted, j, i),
            )
        )
    return tuple(found)


def pictures(J: ConfusionJacobian, arrangement: Arrangement, level: float) -> tuple[HeatMap, HeatMap]:
    """Return the matrix and its Jacobian in order; of more than `MOST_CLASSES`, those with the most errors.

    Colours tell errors apart, so the diagonal has none. Groups are outlined.
    """
    n = len(J.labels)
    wrong = np.where(np.eye(n) > 0, 0.0, J.matrix)
    most = set(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:MOST_CLASSES].tolist())
    shown = [place for place in arrangement.order if place in most]
    places = [[shown.index(k) for k in group if k in most] for group in arrangement.groups]
    spans = tuple((min(found), max(found)) for found in places if len(found) > 1)

    def shaped(picture: HeatMap) -> HeatMap:
        return replace(picture.taken(shown).without_diagonal(), left_out=n - len(shown), outlined=spans)

    return shaped(HeatMap.of_matrix(J, level)), shaped(HeatMap.of_jacobian(J, level=level))


def groups(J: ConfusionJacobian, arrangement: Arrangement, level: float) -> tuple[Group, ...]:
    """Return the groups of an arrangement, each with the matrix of its classes."""
    whole = HeatMap.of_matrix(J, level)
    wrong = np.where(np.eye(len(J.labels)) > 0, 0.0, J.matrix)
    found = []
    for members in arrangement.groups:
        within = float(wrong[np.ix_(members, members)].sum())
        picture = whole.taken(members)
        told = ", ".join(picture.rows)
        found.append(
            Group(
                labels=picture.rows,
                confused=within,
                share_of_errors=within / float(wrong.sum()) if wrong.sum() else NAN,
                outside=float(wrong[list(members)].sum()) - within,
                matrix=replace(
                    picture.without_diagonal(),
                    title=f"Confusion matrix of {told}",
                    description=f"Rows of these classes alone. Intervals at {level:g}.",
                ),
            )
        )
    return tuple(found)


def _at(value: AnyArray, limits: Interval, i: int, j: int) -> Measure:
    return Measure(float(value[i, j]), float(limits.lower[i, j]), float(limits.upper[i, j]))
