"""Hyper-parameters of an estimator by name: which there are, where they stand, and the estimator with others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.class_weight import compute_class_weight

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError

PLUMBING = (
    "cache_size",
    "device",
    "max_fun",
    "n_iter_no_change",
    "early_stopping_rounds",
    "n_jobs",
    "nthread",
    "num_threads",
    "random_state",
    "seed",
    "tol",
    "verbose",
    "verbosity",
    "warm_start",
)
"""Parameters of the search for a solution, and not of what is searched for."""
OF_CLASSES = "class_weight"


@dataclass(frozen=True)
class Setting:
    """One hyper-parameter, or one class's entry of ``class_weight``, and where it stands.

    Attributes
    ----------
    name : str
        As it was asked for.
    path : str
        Its name among those of ``get_params(deep=True)``.
    value : float or int
    whole : bool
        Whether it takes whole numbers alone.
    label : label or None
        Whose weight it is.
    weights : mapping or None
        Weights of all classes.
    """

    name: str
    path: str
    value: float
    whole: bool
    label: Any = None
    weights: Mapping[Any, float] | None = None

    @classmethod
    def of(cls, name: str, estimator: Any, y: AnyArray) -> Setting:
        """Find a hyper-parameter.

        Parameters
        ----------
        name : str
            A full name, such as "pipeline__clf__max_depth"; its end, where no other has the same; or
            "class_weight[label]".
        estimator : estimator with ``get_params``
        y : array of shape (n_samples,)
            Training labels, for "balanced" class weights.

        Raises
        ------
        InvalidInputError
            A name that is unknown, or of two; a value that is no number; or a parameter that refits do not move.
        """
        parameters = estimator.get_params(deep=True)
        if name.startswith("penalty[") and name.endswith("]"):
            raise InvalidInputError(
                f"{name!r}: the penalty of one column is no parameter of {type(estimator).__name__} that a refit could "
                "set; pass Hyperparameters(..., method='implicit'), for linear models"
            )
        if name.startswith(OF_CLASSES + "[") and name.endswith("]"):
            path = _path(OF_CLASSES, estimator, parameters)
            weights = _weights(parameters[path], path, y)
            told = name[len(OF_CLASSES) + 1 : -1]
            label = label_of(told, list(weights))
            if label is None:
                raise InvalidInputError(
                    f"{name!r}: {told!r} is not among the classes {list(weights)} of the training rows"
                )
            return cls(name, path, float(weights[label]), False, label, weights)
        path = _path(name, estimator, parameters)
        value, owner = parameters[path], _owner(path, estimator, parameters)
        _refuse_plumbing(name, path.rpartition("__")[2], owner)
        if not (is_number(value) and np.isfinite(value)):
            told = f"; name one class, as {OF_CLASSES}[...]" if path.endswith(OF_CLASSES) else ""
            raise InvalidInputError(
                f"{name!r} is {value!r}, which is no number that could move{told or '; set it to one, and fit again'}"
            )
        return cls(name, path, value, isinstance(value, Integral) and not _takes_fractions(path, owner))

    def set_on(self, estimator: Any, value: float) -> Any:
        """Return a clone of the estimator, not fitted, with another value."""
        told: Any = int(value) if self.whole else float(value)
        if self.weights is not None:
            held = estimator.get_params(deep=True)[self.path]  # of a clone, another class's weight may be set already
            told = {**self.weights, **(held if isinstance(held, Mapping) else {}), self.label: told}
        return clone(estimator).set_params(**{self.path: told})


def seeds_of(estimator: Any) -> list[str]:
    """Return the names of the parameters from which random numbers are drawn."""
    return [path for path in estimator.get_params(deep=True) if path.rpartition("__")[2] == "random_state"]


def fit_arguments(estimator: Any, weight: Any) -> dict[str, Any]:
    """Return how rows' weights are told to ``fit``: of pipelines, to the last step; nothing where there are none.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import Pipeline
    >>> fit_arguments(Pipeline([("all", Pipeline([("last", LogisticRegression())]))]), [1.0, 2.0])
    {'all__last__sample_weight': [1.0, 2.0]}
    """
    if weight is None:
        return {}
    path = ""
    while hasattr(estimator, "steps"):
        last, estimator = estimator.steps[-1]
        path += f"{last}__"
    return {f"{path}sample_weight": weight}


def paths_of(name: str, parameters: Iterable[str]) -> list[str]:
    """Return the full names that a name may stand for: itself, or else all that end so."""
    there = list(parameters)
    return [name] if name in there else [path for path in there if path.endswith(f"__{name}")]


def class_weights(told: Any, y: AnyArray) -> dict[Any, float]:
    """Return the weight of each class as a fit on these labels takes it; "balanced" as of the rows' numbers."""
    classes = np.unique(y)
    if isinstance(told, Mapping):
        return {label: float(told.get(label, 1.0)) for label in classes.tolist()}
    found = compute_class_weight(told, classes=classes, y=y)
    return dict(zip(classes.tolist(), found.tolist(), strict=True))


def label_of(told: str, labels: Sequence[Any]) -> Any:
    """Return the label that is written so; None where there is none."""
    return next((label for label in labels if str(label) == told), None)


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, and no truth value."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)


def _path(name: str, estimator: Any, parameters: Mapping[str, Any]) -> str:
    found = paths_of(name, parameters)
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInputError(f"{name!r} is the end of more than one name: {', '.join(found)}; pass one of them")
    there = ", ".join(movable(estimator)) or "none"
    raise InvalidInputError(
        f"{type(estimator).__name__} has no hyper-parameter {name!r}; those that are numbers: {there}"
    )


def movable(estimator: Any) -> Iterator[str]:
    """Yield the names of the hyper-parameters that are numbers and shape the model."""
    parameters = estimator.get_params(deep=True)
    for path, value in parameters.items():
        if (
            is_number(value)
            and np.isfinite(value)
            and _reason(path.rpartition("__")[2], _owner(path, estimator, parameters)) is None
        ):
            yield path


def _owner(path: str, estimator: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the part of an estimator that a parameter belongs to."""
    prefix = path.rpartition("__")[0]
    return parameters[prefix] if prefix else estimator


def _takes_fractions(path: str, owner: Any) -> bool:
    """Tell whether a parameter that holds a whole number may hold any number, by scikit-learn's own constraints."""
    told = getattr(owner, "_parameter_constraints", {}).get(path.rpartition("__")[2], ())
    return any(getattr(constraint, "type", None) is Real for constraint in told)


def _refuse_plumbing(name: str, last: str, owner: Any) -> None:
    reason = _reason(last, owner)
    if reason is not None:
        raise InvalidInputError(f"{name!r} {reason}: the model does not follow it smoothly; name what shapes the model")


def _reason(last: str, owner: Any) -> str | None:
    """Return why a parameter is none that training follows."""
    if last in PLUMBING:
        return "tells how the solution is sought"
    if last == "max_iter" and "Boosting" not in type(owner).__name__:  # of boosters, the number of trees
        return f"tells when the solver of {type(owner).__name__} gives up"
    return None


def _weights(told: Any, path: str, y: AnyArray) -> dict[Any, float]:
    if told is None or isinstance(told, Mapping) or (isinstance(told, str) and told == "balanced"):
        return class_weights(told, y)
    raise InvalidInputError(f"{path}={told!r} has no weight of one class that a refit could set; pass a dict of them")
