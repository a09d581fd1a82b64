"""A hyper-parameter by the name that a surface gives it: what it is in an estimator, and how it is set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from conjac.errors import InvalidInputError, NotSupportedError
from conjac.models.settings import class_weights, is_number, label_of, paths_of
from conjac.validation import TrainingData

BESIDES = "'threshold', 'offset[label]', 'prevalence', 'prevalence[label]', 'drift[column]'"
"""What a surface may be over and is no hyper-parameter."""
OTHER = re.compile(r"threshold|prevalence|(offset|prevalence|drift)\[(.*)\]", flags=re.DOTALL)
"""Names of axes that are no hyper-parameters."""


@dataclass(frozen=True)
class Setting:
    """A number that an estimator is fitted with.

    Attributes
    ----------
    path : str
        As ``set_params`` takes it.
    label : label or None
        Of which class's weight, in a ``class_weight``.
    whole : bool
        Whether it may be a whole number: it is one as things are, or None.
    """

    path: str
    label: Any = None
    whole: bool = False

    def apply(self, estimator: Any, value: float, training: TrainingData) -> None:
        """Set it on an estimator that is not fitted yet."""
        number: Any = int(value) if self.whole and float(value).is_integer() else float(value)
        if self.label is not None:
            told = estimator.get_params()[self.path]
            number = {**_weights(told, training), self.label: float(value)}
        estimator.set_params(**{self.path: number})

    def of_classifier(self, estimator: Any) -> bool:
        """Tell whether it is one of the last step, whose training problem may be smooth, and of no step before it."""
        path = self.path
        while "__" in path:
            name, _, rest = path.partition("__")
            if isinstance(estimator, Pipeline) and name == estimator.steps[-1][0]:
                estimator, path = estimator.steps[-1][1], rest
            elif name == "estimator" and hasattr(estimator, "estimator"):
                estimator, path = estimator.estimator, rest
            else:
                return False
        return True


def read_setting(name: str, estimator: Any, training: TrainingData) -> Setting:
    """Find a hyper-parameter by its name.

    Parameters
    ----------
    name : str
        As ``set_params`` takes it, or its last part where that is the only one of its name; "class_weight[label]" is
        the weight of one class.
    estimator : estimator
    training : TrainingData

    Raises
    ------
    InvalidInputError
        An unknown name, one that several steps share, or one that holds no number.
    NotSupportedError
        The penalty of one column.
    """
    if not hasattr(estimator, "get_params") or not hasattr(estimator, "fit"):
        raise InvalidInputError(
            f"over[{name!r}]: a {type(estimator).__name__} has no hyper-parameters; expected two of {BESIDES}"
        )
    if hasattr(estimator, "best_estimator_"):
        raise InvalidInputError(
            f"over[{name!r}]: a {type(estimator).__name__} chooses hyper-parameters itself; pass its best_estimator_"
        )
    held = estimator.get_params()
    of_class = re.fullmatch(r"((?:.*__)?class_weight)\[(.*)\]", name, flags=re.DOTALL)
    path = _path(name, of_class[1] if of_class else name, held)
    if of_class is None:
        return Setting(path, whole=held[path] is None or _is_whole(held[path]))
    labels = list(_weights(held[path], training))
    label = label_of(of_class[2], labels)
    if label is None:
        raise InvalidInputError(f"over[{name!r}]: no such class; expected one of {list(map(str, labels))}")
    return Setting(path, label)


def _path(name: str, wanted: str, held: dict[str, Any]) -> str:
    if re.fullmatch(r"(.*__)?penalty\[.*\]", name):
        raise NotSupportedError(
            f"over[{name!r}]: no parameter of scikit-learn's sets the penalty of one column, so nothing can be fitted "
            f"with another; its slope where it stands is that of wrt=conjac.Hyperparameters({name!r})"
        )
    found = paths_of(wanted, held)
    if len(found) > 1:
        raise InvalidInputError(f"over[{name!r}]: several steps have one; name it in full: {', '.join(found)}")
    numbers = [path for path, value in held.items() if is_number(value)]
    if not found:
        raise InvalidInputError(
            f"over[{name!r}]: unknown; expected {BESIDES}, or a hyper-parameter: {', '.join(numbers)}"
        )
    value = held[found[0]]
    if wanted == name and not (value is None or is_number(value)):
        raise InvalidInputError(
            f"over[{name!r}]: {value!r} is no number; expected {BESIDES}, or one of {', '.join(numbers)}"
        )
    return found[0]


def _weights(told: Any, training: TrainingData) -> dict[Any, float]:
    """Return the weight of every class, as a fit would take it."""
    if isinstance(told, str) and training.weight is not None:
        raise NotSupportedError(
            "class_weight='balanced' beside training weights, which estimators balance differently; "
            "set class_weight to a dict"
        )
    return class_weights(told, training.y)


def _is_whole(value: Any) -> bool:
    return is_number(value) and isinstance(value, int | np.integer)
