"""Networks whose training objective is given, as they follow its hyper-parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.engines.implicit import Solved
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.models import Model, Objective
from conjac.models.parametric import Parametric
from conjac.objectives import NetworkProblem, Products
from conjac.perturbations import Hyperparameters
from conjac.validation import TrainingData

WAY_OUT = (
    "training stopped before the optimum, or training_data and objective are not what it was trained on (other rows "
    "or weights, a sum where losses are averaged); pass those, or finish training, as by torch.optim.LBFGS"
)


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, what it was trained to minimise, and on what.

    Attributes
    ----------
    model : Model
    parametric : Parametric
    objective : Objective
    training : TrainingData
    problem : NetworkProblem
    """

    model: Model
    parametric: Parametric
    objective: Objective
    training: TrainingData
    problem: NetworkProblem

    def told(self, solver: str, more: str = "") -> dict[str, Any]:
        """Return what diagnostics say of training."""
        return {
            "derivative": f"implicit function theorem, by {solver}; the mean loss and the penalty, as given",
            "training_rows": len(self.problem.y),
            "training_parameters": self.problem.n_parameters,
            "held": list(self.parametric.frozen),
            "assumes": "the network follows the optimum of its objective, in the mode in which it predicts (no "
            f"dropout, batch statistics as they are); training rows are fixed{more}",
            "model": "trained anew as what moves does, on the same training rows",
        }


def trained(model: Model, objective: Objective | None, training: TrainingData) -> Trained:
    """Look at what a network was trained to minimise.

    Raises
    ------
    InvalidInputError
        No objective, or one that its library, or these training rows, cannot use.
    NotSupportedError
        A model that tells no second derivatives.
    """
    if objective is None:
        raise InvalidInputError(
            "objective is missing: a network does not tell what it was trained to minimise; pass "
            "objective=conjac.models.Objective(loss, penalty, hyperparameters)"
        )
    if not isinstance(objective, Objective):
        raise InvalidInputError(f"objective is a {type(objective).__name__}; expected a conjac.models.Objective")
    parametric = None if model.parametric is None else model.parametric(())
    if parametric is None or parametric.losses is None:
        raise NotSupportedError(
            f"objective: {model.response} tells no second derivatives by its parameters; networks of PyTorch and JAX "
            "do, scikit-learn's linear classifiers need no objective, and Keras is not served"
        )
    problem = NetworkProblem.of(parametric.losses(objective), training, objective.damping)
    return Trained(model, parametric, objective, training, problem)


def network_by_levers(network: Trained, moves: Hyperparameters) -> tuple[Solved, dict[str, float]]:
    """Return a network as it follows hyper-parameters, and where these stand.

    Raises
    ------
    NotSupportedError
        Refits.
    InvalidInputError
        A name that the objective has not, or one that has no logarithm.
    SingularJacobianError
        Parameters that are no minimum.
    """
    if moves.method == "refit" or moves.step is not None:
        raise NotSupportedError(
            "Hyperparameters(method='refit'): conjac does not train networks; leave out method and step, or train on "
            "either side and compare both by conjac.compare"
        )
    values, known = _chosen(network.objective.hyperparameters, moves), list(network.objective.hyperparameters)
    changes = np.eye(len(known))[[known.index(name) for name in values]]
    if moves.unit == "log":
        changes *= np.array(list(values.values()))[:, None]
    curvature, problem = Products(network.problem), network.problem
    moved = -curvature.solve(np.stack([problem.mixed(change) for change in changes], axis=1))
    directions = [*moved.T, curvature.newton()]

    def push(X: Any) -> FloatArray:
        return np.stack([network.parametric.push(X, direction) for direction in directions], axis=-1)

    return Solved(replace(network.model, push=push), network.told(curvature.told), WAY_OUT), values


def _chosen(known: Mapping[str, float], moves: Hyperparameters) -> dict[str, float]:
    if not known:
        raise InvalidInputError("Objective(hyperparameters=...): the objective has none; tell those that move")
    for name in moves.names:
        if name not in known:
            raise InvalidInputError(
                f"Hyperparameters({name!r}): the objective has none of this name; expected one of {', '.join(known)}"
            )
    values = {name: float(known[name]) for name in moves.names or known}
    for name, value in values.items():
        if moves.unit == "log" and not value > 0:
            raise InvalidInputError(
                f"Hyperparameters({name!r}): it stands at {value:g}, which has no logarithm; pass unit='raw'"
            )
    return values
