"""What is asked to move, and the offsets where it stands: ``--wrt`` and ``--offset``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from conjac import perturbations
from conjac.cli.labels import place_of
from conjac.cli.parts import Part
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.perturbations import Mix, Offsets, Perturbation, Threshold
from conjac.rules import REJECT

THROUGH_TRAINING = ("hyperparameters", "training_weights")
NAMES = ("threshold", "offsets", "features")


@dataclass(frozen=True)
class Moving:
    """What moves, and what decides.

    Attributes
    ----------
    perturbation : Perturbation
        A mix of a column's categories has the column's name.
    offsets : bool
        Whether offsets decide, and not a threshold.
    """

    perturbation: Perturbation
    offsets: bool

    @property
    def category(self) -> str | None:
        """The column whose categories' shares move."""
        return self.perturbation.name if isinstance(self.perturbation, Mix) else None

    def mix(self, part: Part) -> Mix | None:
        """Return the mix of a part's rows, if shares move."""
        if not isinstance(self.perturbation, Mix):
            return None
        return self.perturbation if self.category is None else replace(self.perturbation, by=part.columns.category)


def read_moving(wrt: str | None, n_scores: int, offsets: Sequence[str] | None = None) -> Moving:
    """Read ``--wrt``: threshold, offsets, features, mix (of classes) or mix:COLUMN.

    Parameters
    ----------
    wrt : str or None
        None is the threshold of two classes, and the offsets of more.
    n_scores : int
        Columns of scores.
    offsets : sequence of str, optional
        Given as ``--offset``.

    Raises
    ------
    InvalidInputError
        An unknown name, or offsets where a threshold decides.
    NotSupportedError
        What this version does not serve, or the threshold of several classes.

    Examples
    --------
    >>> read_moving("mix:region", 1).category
    'region'
    >>> read_moving(None, 3)
    Moving(perturbation=Offsets(), offsets=True)
    """
    moves = _named("offsets" if wrt is None and offsets else wrt, n_scores)
    several = moves == Offsets() or n_scores > 2 or bool(offsets)
    if several and n_scores == 1:
        raise InvalidInputError(
            "offsets are added to a score a class; give --score once for each class, or a --model that scores each"
        )
    if several and moves == Threshold():
        raise NotSupportedError(
            "--wrt threshold: offsets decide here, and there is no threshold; leave it out"
            if n_scores > 2
            else "--wrt threshold: --offset is of a rule without a threshold; leave one of them out"
        )
    return Moving(moves, several)


def read_tuned(wrt: str | None, n_scores: int, reject: bool = False) -> Moving:
    """Read ``--wrt`` where it is what can be chosen: a threshold, or offsets of several outcomes.

    Raises
    ------
    InvalidInputError
        As `read_moving`.
    NotSupportedError
        Shares, or offsets of two classes.
    """
    if reject:
        return read_moving("offsets" if wrt is None else wrt, n_scores)
    moving = read_moving(wrt, n_scores)
    if isinstance(moving.perturbation, Mix):
        raise NotSupportedError(f"--wrt {wrt}: nobody chooses shares; conjac jacobian tells what they move")
    if moving.offsets and n_scores == 2:
        raise NotSupportedError("--wrt offsets: two classes are decided by their threshold here; leave it out")
    return moving


def _named(wrt: str | None, n_scores: int) -> Perturbation:
    if wrt is None or wrt in NAMES:
        return perturbations.resolve(wrt, n_scores)
    if wrt in THROUGH_TRAINING:
        raise NotSupportedError(
            f"--wrt {wrt}: what passes through training needs the training rows; conjac report --model FILE --train "
            "FILE tells of it, and in Python conjac.ConfusionJacobian.from_estimator(..., training_data=(X, y))"
        )
    if wrt == "parameters":
        raise NotSupportedError(
            "--wrt parameters: a gradient has the structure of its model, which a table has not; in Python, "
            "conjac.ConfusionJacobian.from_estimator(..., wrt='parameters')"
        )
    name, colon, column = wrt.partition(":")
    if name == "mix" and bool(colon) == bool(column):
        return Mix(column, name=column) if column else Mix("class")
    raise InvalidInputError(
        f"--wrt {wrt!r}: expected threshold, offsets, features, mix, or mix:COL with a column of categories"
    )


def read_offsets(texts: Sequence[str] | None, labels: Sequence[Any]) -> list[float] | None:
    """Read ``--offset LABEL=NUMBER``, given any number of times; offsets that are not named are 0.

    Returns
    -------
    list of length n_classes, or n_classes + 1 where the reject option is named; None where nothing is

    Raises
    ------
    InvalidInputError
        No number, an unknown label, or one named twice.

    Examples
    --------
    >>> read_offsets(["dog=.5"], ["cat", "dog"]), read_offsets(["reject=-1"], ["cat", "dog"])
    ([0.0, 0.5], [0.0, 0.0, -1.0])
    """
    if not texts:
        return None
    outcomes = [*labels, REJECT]
    given: dict[int, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (name and math.isfinite(value)):
            raise InvalidInputError(f"--offset {text!r}: expected LABEL=NUMBER, such as '{labels[-1]}=0.5'")
        place = place_of(name, outcomes)
        if place is None:
            shown = ", ".join(map(str, outcomes))
            raise InvalidInputError(f"--offset {text!r}: no class is {name!r}; expected one of {shown}")
        if place in given:
            raise InvalidInputError(f"--offset names {name!r} twice")
        given[place] = value
    return [given.get(place, 0.0) for place in range(max(len(labels), max(given) + 1))]
