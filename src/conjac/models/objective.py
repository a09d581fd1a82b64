"""What a network was trained to minimise, as its user tells it, and what a library makes of it on a batch of rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError
from conjac.models.structure import Structure
from conjac.reading import as_number


@dataclass(frozen=True, eq=False)
class Objective:
    r"""What a network's parameters minimise: the mean loss of its training rows, and a penalty.

    .. math:: L(\theta) = \frac{\sum_i w_i\,\ell(u_i, y_i)}{\sum_i w_i} + R(\theta)

    Attributes
    ----------
    loss : callable
        ``loss(outputs, y)`` or ``loss(outputs, y, name=...)``: from what the network gives for a batch, and the batch's
        labels as they are in ``training_data``, to the loss of each row, of shape (n_rows,). In the library's own
        arrays, so ``torch.nn.functional.cross_entropy(outputs, y, reduction="none")``.
    penalty : callable, optional
        ``penalty(parameters, name=...)``: from all parameters by name (the pytree of JAX) to a number.
    hyperparameters : mapping of str to float
        Where they stand. Each is passed by its name, as the library's scalar, to those of both that take it.
    damping : float
        Added to the diagonal of the Hessian where this is solved with: where the optimum is flat in some direction,
        or not yet a minimum. Derivatives are then those of a fit that is held back by so much, and smaller.

    Raises
    ------
    InvalidInputError
        A loss that is no function, a hyper-parameter that neither function takes or that is no number, or a damping
        below 0.

    Notes
    -----
    Losses are averaged, as networks are trained: more rows of the same kind change nothing. The penalty of
    ``torch.optim.SGD(weight_decay=a)`` is ``a / 2`` times the sum of squares; AdamW's decay is none of an objective.

    Examples
    --------
    >>> import conjac as cj
    >>> def ridge(parameters, weight_decay):
    ...     return weight_decay / 2 * sum((p**2).sum() for p in parameters.values())
    >>> objective = cj.models.Objective(
    ...     loss=lambda outputs, y: (outputs[:, 0] - y) ** 2, penalty=ridge, hyperparameters={"weight_decay": 1e-3}
    ... )
    >>> objective.taken(ridge)
    ('weight_decay',)
    """

    loss: Callable[..., Any]
    penalty: Callable[..., Any] | None = None
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    damping: float = 0.0

    def __post_init__(self) -> None:
        for name in ("loss", "penalty"):
            told = getattr(self, name)
            if not callable(told) and not (name == "penalty" and told is None):
                raise InvalidInputError(f"Objective({name}={told!r}): expected a function")
        for name, value in self.hyperparameters.items():
            as_number(value, f"Objective(hyperparameters={{{name!r}: ...}})")
        if not 0 <= as_number(self.damping, "Objective(damping=...)") < np.inf:
            raise InvalidInputError(f"Objective(damping={self.damping!r}): expected 0 or a positive number")
        used = {*self.taken(self.loss), *(self.taken(self.penalty) if self.penalty else ())}
        idle = [name for name in self.hyperparameters if name not in used]
        if idle:
            raise InvalidInputError(
                f"Objective(hyperparameters={{{idle[0]!r}: ...}}): neither loss nor penalty takes an argument of this "
                "name; give one of them such an argument"
            )

    def taken(self, function: Callable[..., Any]) -> tuple[str, ...]:
        """Return the names of the hyper-parameters that a function takes.

        Parameters
        ----------
        function : callable
            The loss or the penalty.

        Returns
        -------
        tuple of str
            In the order of ``hyperparameters``.
        """
        told = inspect.signature(function).parameters.values()
        if any(each.kind is each.VAR_KEYWORD for each in told):
            return tuple(self.hyperparameters)
        own = {each.name for each in told if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)}
        return tuple(name for name in self.hyperparameters if name in own)


class Losses(Protocol):
    """An objective on a batch of rows, as a function of parameters and hyper-parameters around where these are.

    Directions and gradients are flat; changes of hyper-parameters are in their order. Everything is summed over the
    rows of the batch, each loss times its weight; of the penalty where the batch is None.
    """

    structure: Structure
    eps: float

    def values(self, batch: AnyArray, y: AnyArray) -> FloatArray:
        """Return the loss of each row, array of shape (n_rows,)."""
        ...

    def gradient(self, batch: AnyArray | None, y: AnyArray | None, weight: FloatArray | None) -> FloatArray:
        """Return the gradient by the parameters, array of shape (n_parameters,)."""
        ...

    def turned(
        self,
        batch: AnyArray | None,
        y: AnyArray | None,
        weight: FloatArray | None,
        direction: FloatArray | None,
        change: FloatArray | None,
    ) -> FloatArray:
        """Return the derivative of the gradient along a direction of the parameters, or a change of hyper-parameters.

        Returns
        -------
        array of shape (n_parameters,)
        """
        ...

    def rows(self, batch: AnyArray, y: AnyArray) -> FloatArray:
        """Return the gradient of each row's loss, array of shape (n_rows, n_parameters)."""
        ...

    def along(self, batch: AnyArray, y: AnyArray, direction: FloatArray) -> FloatArray:
        """Return the derivative of each row's loss along a direction, array of shape (n_rows,)."""
        ...


def check_losses(shape: tuple[int, ...], n_rows: int) -> None:
    """Refuse losses that are not one a row.

    Raises
    ------
    InvalidInputError
        Another shape.
    """
    if shape != (n_rows,):
        raise InvalidInputError(
            f"Objective(loss=...): gave shape {shape} for {n_rows} rows; expected ({n_rows},), the loss of each row: "
            "such as reduction='none' of PyTorch's losses"
        )


def check_penalty(shape: tuple[int, ...]) -> None:
    """Refuse a penalty that is no number.

    Raises
    ------
    InvalidInputError
        Another shape than ().
    """
    if shape != ():
        raise InvalidInputError(f"Objective(penalty=...): gave shape {shape}; expected a number: add its parts up")
