"""An estimator fitted anew at each value of its hyper-parameters, and how each fit would follow them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sklearn.base import clone

from conjac.engines.decided import Decided
from conjac.engines.implicit import chosen, directions_of, motion_along, pushed
from conjac.errors import (
    ConvergenceError,
    InvalidInputError,
    NotDifferentiableError,
    NotSupportedError,
    SingularJacobianError,
)
from conjac.metrics import Metric
from conjac.models import Model, bind
from conjac.models.settings import fit_arguments
from conjac.objectives import Fitted, Lever
from conjac.perturbations import Hyperparameters
from conjac.training.surfaces.seen import Seen
from conjac.training.surfaces.settings import BESIDES, OTHER, Setting, read_setting
from conjac.training.surfaces.standing import Slope
from conjac.validation import TrainingData, check_training


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted classifier.

    Attributes
    ----------
    model : Model
    levers : tuple of str
        The hyper-parameters whose slopes are known, in the order in which they push the model's scores.
    troubles : mapping of str to str
        What goes wrong with it, by kind.
    """

    model: Model
    levers: tuple[str, ...] = ()
    troubles: Mapping[str, str] = field(default_factory=dict)

    def slopes(self, decided: Decided, rows: Sequence[Metric], seen: Seen) -> list[dict[str, Slope]]:
        """Return metrics' derivatives by the logarithms of the hyper-parameters, where they are known."""
        for kind, told in self.troubles.items():
            seen.trouble(kind, told, len(rows))
        if not self.levers:
            return [{} for _ in rows]
        try:
            motion, newton = motion_along(decided, len(self.levers))
        except InvalidInputError as error:  # scores on atoms, or a fit far from its optimum
            seen.trouble(type(error).__name__, f"no slope by {', '.join(self.levers)}: {error}", len(rows))
            return [{} for _ in rows]
        seen.newton = max(seen.newton, newton)
        slopes = (motion.metric_slope(row) for row in rows)
        return [
            {name: Slope(found.value[k], found.stderr[k], "implicit") for k, name in enumerate(self.levers)}
            for found in slopes
        ]


class Models(Protocol):
    """Where the model at each value of the hyper-parameters comes from."""

    def at(self, values: Mapping[str, float]) -> Fit:
        """Return the model at values by name."""
        ...


@dataclass(frozen=True, eq=False)
class AsFitted:
    """The one model that was passed."""

    fit: Fit

    def at(self, values: Mapping[str, float]) -> Fit:
        """Return it."""
        del values
        return self.fit


@dataclass(frozen=True, eq=False)
class Refitted:
    """Clones of an estimator, fitted afresh with each setting: none starts from another, so their order is all one.

    Attributes
    ----------
    estimator : estimator
    settings : mapping of str to Setting
        By the names that the surface gives them.
    training : TrainingData
    output : str
        As for `conjac.models.bind`.
    """

    estimator: Any
    settings: Mapping[str, Setting]
    training: TrainingData
    output: str
    _kept: dict[tuple[float, ...], Fit] = field(default_factory=dict, repr=False)

    def at(self, values: Mapping[str, float]) -> Fit:
        """Return the fit at values by name, made once: of two hyper-parameters only the first is asked for again.

        Raises
        ------
        InvalidInputError
            Values that the estimator does not take.
        """
        key = tuple(values[name] for name in self.settings)
        found = self._kept.get(key)
        if found is None:
            found = self._fitted(dict(zip(self.settings, key, strict=True)))
            if len(key) == 1 or not self._kept:
                self._kept[key] = found
        return found

    def _fitted(self, values: Mapping[str, float]) -> Fit:
        told = ", ".join(f"{name}={value:g}" for name, value in values.items())
        estimator = clone(self.estimator)
        for name, value in values.items():
            self.settings[name].apply(estimator, value, self.training)
        try:
            estimator.fit(self.training.X, self.training.y, **fit_arguments(estimator, self.training.weight))
        except (TypeError, ValueError) as error:
            raise InvalidInputError(f"{type(estimator).__name__} cannot be fitted at {told}: {error}") from error
        model = bind(estimator, self.output)
        try:
            fitted = Fitted.of(estimator, self.training)
            levers = self._levers(fitted)
            if levers:
                return Fit(pushed(model, fitted, directions_of(fitted, levers)[0]), tuple(levers))
        except NotDifferentiableError:  # followed by values alone
            return Fit(model, troubles=self._luck)
        except (SingularJacobianError, ConvergenceError, NotSupportedError) as error:
            return Fit(model, troubles={type(error).__name__: f"no slope by hyper-parameters at {told}: {error}"})
        return Fit(model)

    @property
    def _luck(self) -> dict[str, str]:
        """What is to be said of fits that draw random numbers of their own."""
        drawn = [
            path
            for path, value in self.estimator.get_params().items()
            if path.endswith("random_state") and value is None
        ]
        return {"luck": f"{drawn[0]} is None, so fits may differ by luck; set it"} if drawn else {}

    def _levers(self, fitted: Fitted) -> dict[str, Lever]:
        found: dict[str, Lever] = {}
        for name, setting in self.settings.items():
            try:
                if setting.of_classifier(self.estimator):
                    found |= chosen(fitted, Hyperparameters(name))
            except NotDifferentiableError:  # the optimum does not follow this one
                continue
        return found


def models_of(
    estimator: Any, over: Iterable[str], training_data: Any, output: str
) -> tuple[dict[str, Setting], Models]:
    """Return the hyper-parameters that are axes, and where models come from.

    Raises
    ------
    InvalidInputError
        Training rows that are missing, or of no use; hyper-parameters that are none, or one named twice.
    """
    names = [name for name in over if not OTHER.fullmatch(name)]
    if not names:
        if training_data is not None:
            raise InvalidInputError(
                "training_data: neither axis is a hyper-parameter, so nothing is fitted; leave it out"
            )
        return {}, AsFitted(Fit(bind(estimator, output)))
    if training_data is None:
        raise InvalidInputError(
            f"over[{names[0]!r}] is a hyper-parameter, with which the model is fitted anew: pass training_data=(X, y); "
            f"of other things, expected one of {BESIDES}"
        )
    training = check_training(training_data)
    settings = {name: read_setting(name, estimator, training) for name in names}
    told = list(settings.values())
    if len(told) == 2 and (told[0].path, told[0].label) == (told[1].path, told[1].label):
        raise InvalidInputError(f"over: {names[0]!r} and {names[1]!r} are the same thing; name two")
    return settings, Refitted(estimator, settings, training, output)
