"""The hyper-parameters that are tuned: their bounds, where they start, and how an estimator is given them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.models.settings import class_weights, label_of, paths_of
from conjac.reading import as_number

CLASS_WEIGHT = "class_weight"
NUMBERS = ("C", "alpha", "intercept_scaling")
"""What an optimum may follow smoothly, beside weights of classes; which of them it does, its training problem tells."""
ELSEWHERE = "; search its hyper-parameters by GridSearchCV or RandomizedSearchCV of scikit-learn"
"""The way out where training is not smooth."""


@dataclass(frozen=True)
class Axis:
    """One hyper-parameter.

    Attributes
    ----------
    name : str
        As it was given.
    lever : str
        As the training problem calls it: see `conjac.objectives.Fitted.levers`.
    parameter : str
        Of ``estimator.set_params``.
    label : label or None
        Of a class weight, whose it is.
    low, high : float
    start : float
    """

    name: str
    lever: str
    parameter: str
    label: Any
    low: float
    high: float
    start: float


@dataclass(frozen=True, eq=False)
class Space:
    """All of them; a point is an array of shape (n_axes,), of their logarithms.

    Attributes
    ----------
    axes : tuple of Axis
    weights : mapping of str to dict
        By the name of each parameter of class weights: the weight of every class, where none is tuned.
    """

    axes: tuple[Axis, ...]
    weights: Mapping[str, Mapping[Any, float]]

    @classmethod
    def of(cls, estimator: Any, over: Any, y: AnyArray) -> Self:
        """Read ``over``.

        Parameters
        ----------
        estimator : classifier
            Not fitted; tuning starts at its own hyper-parameters.
        over : mapping of str to (low, high)
        y : array of shape (n_samples,)

        Raises
        ------
        InvalidInputError
            Nothing to tune, a name that the estimator does not have or has twice, a class that is not in y, bounds that
            are not positive and rising, or a start outside of them.
        NotDifferentiableError
            A hyper-parameter that no optimum follows smoothly.
        """
        if not isinstance(over, Mapping) or not over:
            raise InvalidInputError(f"over={over!r}: expected names with their bounds, such as {{'C': (0.001, 1000)}}")
        weights: dict[str, dict[Any, float]] = {}
        axes = tuple(_axis(estimator, name, bounds, y, weights) for name, bounds in over.items())
        keys = [(axis.parameter, axis.label) for axis in axes]
        twice = next((axis.name for axis, key in zip(axes, keys, strict=True) if keys.count(key) > 1), None)
        if twice is not None:
            raise InvalidInputError(f"over: {twice!r} is named twice, in full and in short; keep one")
        return cls(axes, weights)

    @property
    def names(self) -> tuple[str, ...]:
        """Names as given."""
        return tuple(axis.name for axis in self.axes)

    @property
    def bounds(self) -> FloatArray:
        """Logarithms of the bounds, array of shape (2, n_axes)."""
        return np.log([[axis.low for axis in self.axes], [axis.high for axis in self.axes]])

    @property
    def start(self) -> FloatArray:
        """The point of the estimator's own hyper-parameters."""
        return np.log([axis.start for axis in self.axes])

    @property
    def held(self) -> list[str]:
        """Weights of classes that stand still, in words."""
        moved = {(axis.parameter, axis.label) for axis in self.axes}
        return [
            f"class_weight[{label}] at {weight:g}"
            for parameter, each in self.weights.items()
            for label, weight in each.items()
            if (parameter, label) not in moved
        ]

    def values(self, point: FloatArray) -> dict[str, float]:
        """Return the hyper-parameters at a point, by name, within their bounds whatever a logarithm rounds."""
        each = zip(self.axes, np.exp(point).tolist(), strict=True)
        return {axis.name: min(max(value, axis.low), axis.high) for axis, value in each}

    def params(self, point: FloatArray) -> dict[str, Any]:
        """Return what ``estimator.set_params`` takes at a point."""
        found: dict[str, Any] = {name: dict(each) for name, each in self.weights.items()}
        for axis, value in zip(self.axes, self.values(point).values(), strict=True):
            if axis.label is None:
                found[axis.parameter] = value
            else:
                found[axis.parameter][axis.label] = value
        return found


def _axis(estimator: Any, name: Any, bounds: Any, y: AnyArray, weights: dict[str, dict[Any, float]]) -> Axis:
    if not isinstance(name, str):
        raise InvalidInputError(f"over: {name!r} is no name; expected such as 'C' or 'class_weight[1]'")
    base, bracket, label = name.partition("[")
    short = base.rpartition("__")[2]
    if bracket and short != CLASS_WEIGHT:
        raise InvalidInputError(
            f"over: {name!r} is no hyper-parameter that {type(estimator).__name__} can be fitted with; "
            "tune C, alpha or class_weight[label]"
        )
    if short == CLASS_WEIGHT and not bracket:
        raise InvalidInputError(f"over: {name!r} is a weight a class; name one, such as '{name}[{y[0]}]'")
    parameter = _parameter(estimator, base)
    if not bracket and short not in NUMBERS:
        raise NotDifferentiableError(f"over: {name!r}: training is not known to be smooth in it{ELSEWHERE}")
    told = estimator.get_params(deep=True)[parameter]
    low, high = _bounds(name, bounds)
    if bracket:
        each = weights.setdefault(parameter, class_weights(told, y))
        key = label_of(label.removesuffix("]"), list(each))
        if key is None:
            raise InvalidInputError(f"over: {name!r}: the classes of y are {list(each)}")
        value = each[key]
    else:
        key, value = None, as_number(told, f"{name} of the estimator")
    if not low <= value <= high:
        raise InvalidInputError(
            f"over: {name!r} starts at the estimator's {value:g}, outside of its bounds ({low:g}, {high:g}); "
            f"widen them, or set {parameter} within them"
        )
    return Axis(name, f"{short}{bracket}{label}", parameter, key, low, high, float(value))


def _parameter(estimator: Any, base: str) -> str:
    """Return the parameter that a name in full, or its last part, means."""
    found = paths_of(base, estimator.get_params(deep=True))
    if len(found) == 1:
        return found[0]
    told = f"has {len(found)} of that name, {', '.join(found)}: give it in full" if found else "has no such parameter"
    raise InvalidInputError(f"over: {base!r}: {type(estimator).__name__} {told}")


def _bounds(name: str, bounds: Any) -> tuple[float, float]:
    if not (isinstance(bounds, tuple | list) and len(bounds) == 2):
        raise InvalidInputError(f"over: {name!r} has the bounds {bounds!r}; expected (low, high)")
    low, high = (float(as_number(side, f"over: a bound of {name!r}")) for side in bounds)
    if not 0 < low < high < np.inf:
        raise InvalidInputError(f"over: {name!r} has the bounds ({low:g}, {high:g}); expected 0 < low < high, finite")
    return low, high
