"""The scores of rows whose inputs drift, by the model or by one that is fitted anew: `Rescored`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from conjac._typing import AnyArray, IntArray
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.models import Model, scored
from conjac.models.settings import Setting, fit_arguments
from conjac.validation import TrainingData

KEPT = 32
"""Fits that are remembered, so that going back costs none."""


@dataclass(frozen=True)
class Drift:
    """A column that may drift.

    Attributes
    ----------
    place : int
    sd : float
        Standard deviation over all rows: what a drift of 1 is.
    """

    place: int
    sd: float


@dataclass(frozen=True)
class Fit:
    """A fitted classifier, and what its fit warned of, if anything."""

    model: Model
    warned: str = ""


@dataclass(frozen=True, eq=False)
class Clones:
    """An estimator as it was fitted, and clones of it fitted at other hyper-parameters.

    Attributes
    ----------
    estimator : estimator
    fit : Fit
        As it was fitted, its scores in the order of the labels.
    settings : mapping of str to Setting
        By the names of their moves.
    training : TrainingData or None
        None where there are no settings.
    bound : callable
        From a fitted clone to a model whose scores are in the order of the labels.
    """

    estimator: Any
    fit: Fit
    settings: Mapping[str, Setting]
    training: TrainingData | None
    bound: Callable[[Any], Model]
    _fitted: dict[tuple[tuple[str, float], ...], Fit] = field(default_factory=dict, repr=False)

    def at(self, values: Mapping[str, float]) -> Fit:
        """Return the fit at values by name.

        Raises
        ------
        InvalidInputError
            Values that the estimator does not take.
        """
        key = tuple((name, values[name]) for name, one in self.settings.items() if values[name] != one.value)
        if not key:
            return self.fit
        if key not in self._fitted:
            if len(self._fitted) == KEPT:
                del self._fitted[next(iter(self._fitted))]
            self._fitted[key] = self._anew(dict(key))
        return self._fitted[key]

    def _anew(self, values: Mapping[str, float]) -> Fit:
        assert self.training is not None, "there are settings"
        X, y, arguments = self.training.X, self.training.y, fit_arguments(self.estimator, self.training.weight)
        estimator = self.estimator
        for name, value in values.items():
            estimator = self.settings[name].set_on(estimator, value)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                estimator.fit(X, y, **arguments)
        except (TypeError, ValueError) as error:
            at = ", ".join(f"{name}={value:g}" for name, value in values.items())
            raise InvalidInputError(f"{type(estimator).__name__} cannot be fitted at {at}: {error}") from error
        return Fit(self.bound(estimator), str(caught[0].message).partition("\n")[0] if caught else "")


@dataclass(frozen=True, eq=False)
class Rescored:
    """Scores of the rows wherever the moves stand.

    Attributes
    ----------
    clones : Clones
    inputs : Inputs
        As they were measured.
    drifts : mapping of str to Drift
        By the names of their moves.
    """

    clones: Clones
    inputs: Inputs
    drifts: Mapping[str, Drift]

    def scores(self, fit: Fit, values: Mapping[str, float], places: IntArray | None) -> AnyArray:
        """Return scores in the order of the labels, array of shape (n_rows,) or (n_rows, n_classes).

        Parameters
        ----------
        fit : Fit
        values : mapping of str to float
            Of every move.
        places : array of shape (n_rows,) or None
            Some rows; None for all.

        Raises
        ------
        InvalidInputError
            A model that fails on what it is given.
        """
        moved = [(one.place, values[name] * one.sd) for name, one in self.drifts.items() if values[name]]
        rows = self.inputs if places is None else self.inputs.take(places)
        parts = []
        for block in rows.blocks():
            part = rows.take(block)
            for place, by in moved:
                part = replace(part, native=part.moved(place, by))
            parts.append(scored(fit.model, part.native))
        return np.concatenate(parts)
