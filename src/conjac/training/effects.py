"""What training does to the figures of the rows evaluated, and why some of it cannot be told: `training_effects`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conjac.errors import (
    ConvergenceError,
    NotDifferentiableError,
    NotStationaryError,
    NotSupportedError,
    SingularJacobianError,
)
from conjac.jacobian import ConfusionJacobian
from conjac.perturbations import Hyperparameters, TrainingWeights
from conjac.readonly import ReadOnly
from conjac.training.surfaces import Surface
from conjac.validation import check_training

UNTOLD = (ConvergenceError, NotDifferentiableError, NotStationaryError, NotSupportedError, SingularJacobianError)
"""What a model, or its fit, cannot serve, as opposed to input that is wrong."""
NAME_SOME = "; name hyper-parameters, and the model is fitted again on either side of each"


@dataclass(frozen=True, eq=False)
class TrainingEffects:
    """What training does to the figures of the rows evaluated.

    Made by `training_effects`.

    Attributes
    ----------
    n_rows : int
        Training rows.
    hyperparameters, weights : ConfusionJacobian or None
        As hyper-parameters move, and as the weights of the training rows do; None where it cannot be told.
    refused : mapping of {"hyperparameters", "weights"} to str
        Why not.
    surface : Surface or None
        Of the same rows, where one was given.
    """

    n_rows: int
    hyperparameters: ConfusionJacobian | None
    weights: ConfusionJacobian | None
    refused: Mapping[str, str]
    surface: Surface | None = None


def training_effects(
    estimator: Any,
    X: Any,
    y: Any,
    training_data: Any,
    hyperparameters: Hyperparameters | None = None,
    surface: Surface | None = None,
    **options: Any,
) -> TrainingEffects:
    """Return what hyper-parameters and training rows do, as far as the model and its fit serve it.

    Parameters
    ----------
    estimator : fitted classifier
    X, y
        Rows to evaluate.
    training_data : tuple
        (X, y) or (X, y, sample_weight), as ``estimator`` was fitted.
    hyperparameters : Hyperparameters, optional
        Default: all that the training problem has, by derivatives alone; nothing is fitted again.
    surface : Surface, optional
        Of the same rows, to be told with the rest.
    **options
        As for `conjac.ConfusionJacobian.from_estimator`.

    Raises
    ------
    InvalidInputError
        Input that is wrong. What a model cannot serve is in ``refused``.

    Warns
    -----
    ConjacWarning
        An interval that should not be believed, or is nan for want of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = np.random.default_rng(0).normal(size=(200, 2)), np.arange(200) % 2
    >>> tree = DecisionTreeClassifier().fit(X, y)
    >>> training_effects(tree, X, y, (X, y)).refused["weights"]
    'the training of DecisionTreeClassifier is not known to be a smooth problem that is solved'
    """
    training = check_training(training_data)
    refused: dict[str, str] = {}

    def jacobian(name: str, wrt: Any) -> ConfusionJacobian | None:
        try:
            return ConfusionJacobian.from_estimator(estimator, X, y, wrt=wrt, training_data=training_data, **options)
        except UNTOLD as error:
            named = name != "hyperparameters" or hyperparameters is not None
            refused[name] = str(error) + ("" if named or not isinstance(error, NotDifferentiableError) else NAME_SOME)
            return None

    moves = Hyperparameters(method="implicit") if hyperparameters is None else hyperparameters
    return TrainingEffects(
        n_rows=len(training.y),
        hyperparameters=jacobian("hyperparameters", moves),
        weights=jacobian("weights", TrainingWeights()),
        refused=ReadOnly(refused),
        surface=surface,
    )
