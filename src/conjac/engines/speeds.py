"""How fast features move the margins of rows near facets: a model's derivatives, by blocks of rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray, Scale
from conjac.density.crossing import Crossing
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.models.contract import Pull, Push

HELD = 2**24
"""Velocities that are kept and not asked for twice."""


@dataclass(frozen=True, eq=False)
class Cotangents:
    """What of the class scores is the margin of an entry.

    Attributes
    ----------
    crossing : Crossing
    score : array of shape (n_samples,) or (n_samples, n_classes)
    given, wanted : {"logit", "score"}
        What the model's derivative is of, and what margins are made of.
    """

    crossing: Crossing
    score: AnyArray
    given: Scale
    wanted: Scale

    def of(self, part: slice) -> FloatArray:
        """Return cotangents, array of shape (1,) or (n_entries, n_outputs)."""
        score = self.score[self.crossing.row[part]].astype(np.float64)
        if self.score.ndim == 1:
            return np.ones(1) if self.given == self.wanted else self._factor(score)[:, None]
        facet, entry = self.crossing.facet[part], np.arange(len(score))
        n_classes = score.shape[1]
        found = np.zeros((len(score), n_classes + 1))  # the last is a reject option's, which no feature moves
        found[entry, np.minimum(self.crossing.upper[facet], n_classes)] += 1
        found[entry, np.minimum(self.crossing.lower[facet], n_classes)] -= 1
        classes = found[:, :n_classes]
        if self.given == self.wanted:
            return self._centred(classes, score)
        if self.wanted == "logit":
            return np.asarray(classes / score)
        moved = classes * score
        return np.asarray(moved - score * moved.sum(axis=1, keepdims=True))

    def _centred(self, cotangent: FloatArray, score: FloatArray) -> FloatArray:
        """Return cotangents that sum to 0: beside a reject option margins are of one logarithm, not of two."""
        if self.given == "score":
            return cotangent
        return np.asarray(cotangent - score * cotangent.sum(axis=1, keepdims=True))

    def _factor(self, score: FloatArray) -> FloatArray:
        slope = score * (1 - score)
        return np.asarray(slope if self.wanted == "score" else 1 / slope)


class Blocked(ABC):
    """Velocities made by blocks of rows, and kept where they are few; as `conjac.density.velocity.Speeds`."""

    alike: ClassVar[bool] = False

    crossing: Crossing
    inputs: Inputs

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """How many parameters move the rows."""

    @abstractmethod
    def velocities(self, part: slice) -> FloatArray:
        """Return the velocities of entries, array of shape (n_part, n_parameters)."""

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of entries with their velocities; the entries of a row stay together."""
        yield from self._held if len(self.crossing.row) * self.n_parameters <= HELD else self._blocks()

    def of_one(self, place: int) -> FloatArray:
        """Return the velocities of all entries by one parameter, array of shape (n_entries,); nothing else is kept."""
        parts = [velocity[:, place].copy() for _, velocity in self._blocks()]
        return np.concatenate(parts) if parts else np.zeros(0)

    @cached_property
    def _held(self) -> list[tuple[slice, FloatArray]]:
        return list(self._blocks())

    def _blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        row = self.crossing.row
        starts = np.flatnonzero(np.concatenate([[True], row[1:] != row[:-1]])) if len(row) else np.zeros(0, np.intp)
        n_rows = max(1, HELD // 8 // max(self.n_parameters, len(self.inputs.names)))
        for start, stop in pairwise([*starts[::n_rows].tolist(), len(row)]):
            part = slice(start, stop)
            yield part, self.velocities(part)


@dataclass(frozen=True, eq=False)
class Pulled(Blocked):
    """Velocities by a model's derivative in its inputs.

    Attributes
    ----------
    crossing : Crossing
    inputs : Inputs
    pull : callable
        As in `conjac.models.Model`.
    cotangents : Cotangents
    places : tuple of int
        Of the features that drift.
    unit : array of shape (n_features,)
        What a drift of 1 is, in units of the column.
    moves : array of shape (n_samples,) or None
        Which rows drift.
    """

    crossing: Crossing
    inputs: Inputs
    pull: Pull
    cotangents: Cotangents
    places: Sequence[int]
    unit: FloatArray
    moves: BoolArray | None

    together: ClassVar[bool] = False

    @property
    def n_parameters(self) -> int:
        """Number of features."""
        return len(self.places)

    def velocities(self, part: slice) -> FloatArray:
        """Return the velocities of entries, array of shape (n_part, n_features)."""
        velocity = self._drifting(self._pulled(part))
        return velocity if self.moves is None else velocity * self.moves[self.crossing.row[part], None]

    def _pulled(self, part: slice) -> FloatArray:
        some = self.inputs.take(self.crossing.row[part]).native
        found = self.pull(some, self.cotangents.of(part))
        expected = (part.stop - part.start, len(self.inputs.names))
        if found.shape != expected:
            raise InvalidInputError(f"the model's pull gave shape {found.shape}; expected {expected}, as the rows of X")
        return found

    def _drifting(self, pulled: FloatArray) -> FloatArray:
        same = list(self.places) == list(range(pulled.shape[1]))
        return (pulled if same else pulled[:, list(self.places)]) * self.unit

    def shared(self) -> FloatArray | None:
        """Return the velocity that all rows share, array of shape (n_features,); None where they differ."""
        if not len(self.crossing.row):
            return None
        first = self._pulled(slice(0, min(2, len(self.crossing.row))))
        return self._drifting(first)[0] if first.strides[0] == 0 else None


@dataclass(frozen=True, eq=False)
class Pushed(Blocked):
    """Velocities by what moves the model itself.

    Attributes
    ----------
    crossing : Crossing
    inputs : Inputs
    push : callable
        As in `conjac.models.Model`.
    cotangents : Cotangents
    n_directions : int
    together : bool
        Whether parameters are coordinates of what moves, and share a bandwidth.
    """

    crossing: Crossing
    inputs: Inputs
    push: Push
    cotangents: Cotangents
    n_directions: int
    together: bool = False

    @property
    def n_parameters(self) -> int:
        """Number of directions."""
        return self.n_directions

    def velocities(self, part: slice) -> FloatArray:
        """Return the velocities of entries, array of shape (n_part, n_parameters)."""
        pushed = self.push(self.inputs.take(self.crossing.row[part]).native)
        return np.asarray((np.atleast_2d(self.cotangents.of(part))[:, None, :] @ pushed)[:, 0])


@dataclass(frozen=True, eq=False)
class Alike:
    """All rows that drift at speed 1; as `conjac.density.velocity.Speeds`.

    Attributes
    ----------
    crossing : Crossing
    moves : array of shape (n_samples,) or None
    """

    crossing: Crossing
    moves: BoolArray | None

    n_parameters: ClassVar[int] = 1
    together: ClassVar[bool] = False

    @property
    def alike(self) -> bool:
        """Whether all rows move, and not some."""
        return self.moves is None

    @classmethod
    def of(cls, pulled: Pulled) -> Self:
        """Return the pattern by which features move rows that share a velocity."""
        return cls(pulled.crossing, pulled.moves)

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield all entries."""
        row = self.crossing.row
        moving = np.ones(len(row)) if self.moves is None else self.moves[row].astype(np.float64)
        yield slice(0, len(row)), moving[:, None]
