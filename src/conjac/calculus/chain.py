"""Functions applied one after another, and the two orders in which their Jacobians multiply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from conjac._typing import FloatArray
from conjac.calculus.differentiate import differentiable
from conjac.calculus.linear import LinearMap, checked
from conjac.calculus.result import JacobianResult
from conjac.errors import InvalidInputError
from conjac.readonly import locked

Steps = Sequence[tuple[str, Callable[[Any], Any]]]


@dataclass(frozen=True, eq=False)
class Trace(LinearMap):
    """A chain at one point: each step's value and Jacobian, and their product.

    Attributes
    ----------
    names : tuple of str
        Of the steps.
    values : tuple of arrays of shape (n,), one for each step and the input
        The input, then each step's output.
    factors : tuple of JacobianResult
        Each step's own Jacobian.

    Notes
    -----
    The chain rule in both orders: A. Griewank, A. Walther 2008, Evaluating Derivatives, 2nd ed., chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> trace = Chain([("square", lambda x: x**2), ("sum", lambda x: x.sum())]).at([1.0, 3.0])
    >>> trace.jacobian.round(6), trace.values[-1]
    (array([[2., 6.]]), array([10.]))
    """

    output_ndim: ClassVar[int] = 1

    names: tuple[str, ...]
    values: tuple[FloatArray, ...]
    factors: tuple[JacobianResult, ...]

    @property
    def cost(self) -> dict[str, int]:
        """Multiplications of each order: forward carries the inputs' columns, backward the outputs' rows."""
        sizes = [len(value) for value in self.values]
        pairs = list(pairwise(sizes))
        return {
            "forward": sum(sizes[0] * wide * high for wide, high in pairs[1:]),
            "backward": sum(sizes[-1] * wide * high for wide, high in pairs[:-1]),
        }

    @property
    def order(self) -> str:
        """The cheaper order, in which `jacobian` multiplies."""
        return min(self.cost, key=self.cost.__getitem__)

    @cached_property
    def jacobian(self) -> FloatArray:
        """The chain's Jacobian in the cheaper order, array of shape (v, u): per unit of each input."""
        return locked(self.forward() if self.order == "forward" else self.backward())

    @property
    def result(self) -> JacobianResult:
        """The chain's Jacobian with its error: to first order, each step's error carried through the others."""
        total, error = np.eye(len(self.values[0])), np.zeros((len(self.values[0]),) * 2)
        for factor in self.factors:
            size = np.abs(factor.jacobian)
            error = size @ error + factor.error @ np.abs(total)
            total = factor.jacobian @ total
        success = all(factor.success for factor in self.factors)
        calls = sum(factor.n_evaluations for factor in self.factors)
        return JacobianResult(self.jacobian, self.values[-1], error, success, "chain rule", calls)

    def forward(self) -> FloatArray:
        """Return the Jacobian multiplied from the input on.

        Returns
        -------
        array of shape (v, u)
            Equal to ``jacobian``, to rounding.
        """
        product = self.factors[0].jacobian
        for factor in self.factors[1:]:
            product = factor.jacobian @ product
        return product

    def backward(self) -> FloatArray:
        """Return the Jacobian multiplied from the output back.

        Returns
        -------
        array of shape (v, u)
            Equal to ``jacobian``, to rounding.
        """
        product = self.factors[-1].jacobian
        for factor in self.factors[-2::-1]:
            product = product @ factor.jacobian
        return product

    def push(self, direction: Any) -> dict[str, FloatArray]:
        """Return how each step's output moves as the input moves along a direction.

        Parameters
        ----------
        direction : array of shape (u,)
            A step in units of the input.

        Returns
        -------
        dict of str to array of shape (n_outputs,)
            By step, first one first.

        Raises
        ------
        InvalidInputError
            A direction of another shape, or not finite.
        """
        moved = checked(np.atleast_1d(direction), self.values[0].shape, "direction")
        found = {}
        for name, factor in zip(self.names, self.factors, strict=True):
            moved = found[name] = factor.jvp(moved)
        return found

    def pull(self, cotangent: Any = 1.0) -> dict[str, FloatArray]:
        """Return the derivative of the weighted output with respect to each step's input: back-propagation.

        Parameters
        ----------
        cotangent : array of shape (v,)
            Weights of the outputs.

        Returns
        -------
        dict of str to array of shape (n_inputs,)
            By step, last one first; under the first step's name stands the derivative with respect to the chain's
            own input.

        Raises
        ------
        InvalidInputError
            A cotangent of another shape, or not finite.
        """
        carried = checked(np.atleast_1d(cotangent), self.values[-1].shape, "cotangent")
        found = {}
        for name, factor in zip(self.names[::-1], self.factors[::-1], strict=True):
            carried = found[name] = factor.vjp(carried)
        return found


class Chain:
    """Named steps, each a function of the one before: a computational graph in miniature.

    Parameters
    ----------
    steps : sequence of (name, function)
        In order; each takes what the one before returns.

    Raises
    ------
    InvalidInputError
        No step, a name twice, or a step that is not a function.

    Notes
    -----
    The chain rule: the product of the steps' Jacobians (A. Griewank, A. Walther 2008, Evaluating Derivatives, 2nd ed.,
    chapter 3).

    Examples
    --------
    The error of one neuron, back-propagated to its weights:

    >>> import numpy as np
    >>> inputs, target = np.array([1.0, 2.0]), 1.0
    >>> neuron = Chain([
    ...     ("sum", lambda w: inputs @ w),
    ...     ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    ...     ("error", lambda a: (a - target) ** 2 / 2),
    ... ])
    >>> trace = neuron.at([0.5, -0.25])
    >>> {name: value.round(3).tolist() for name, value in trace.pull().items()}
    {'error': [-0.5], 'sigmoid': [-0.125], 'sum': [-0.125, -0.25]}
    >>> trace.cost
    {'forward': 4, 'backward': 3}
    """

    def __init__(self, steps: Steps) -> None:
        try:
            self.steps = tuple((name, step) for name, step in steps)
        except (TypeError, ValueError):
            raise InvalidInputError("steps: expected pairs of a name and a function") from None
        names = [name for name, _ in self.steps]
        if not names or len(set(names)) < len(names):
            raise InvalidInputError(f"steps are named {names}; expected one step or more, each with its own name")
        for name, step in self.steps:
            if not callable(step):
                raise InvalidInputError(f"step {name!r} is a {type(step).__name__}; expected a function")

    def __call__(self, x: Any) -> Any:
        """Apply every step."""
        for _, step in self.steps:
            x = step(x)
        return x

    def at(self, x: Any) -> Trace:
        """Return the chain's values and Jacobians at a point.

        Parameters
        ----------
        x : array of shape (u,), or a number
            The point.

        Returns
        -------
        Trace
            Of that point.

        Raises
        ------
        InvalidInputError
            A point or a value that is not a finite vector; the message names the step.
        NotDifferentiableError
            A step function, or a kink at the point; the message names the step.
        """
        values, factors = [], []
        for name, step in self.steps:
            try:
                there = differentiable(step, x)
                factors.append(there.jacobian())
            except InvalidInputError as error:
                raise type(error)(f"step {name!r}: {error}") from error
            values.append(there.point)
            x = there.output
        values.append(factors[-1].value)
        return Trace(tuple(name for name, _ in self.steps), tuple(map(locked, values)), tuple(factors))

    def jacobian(self, x: Any) -> JacobianResult:
        """Return the chain's Jacobian at a point, and how sure its steps are of it.

        Parameters
        ----------
        x : array of shape (u,), or a number
            The point.

        Returns
        -------
        JacobianResult
            ``jacobian`` of shape (v, u), in units of the output per unit of each input.

        Raises
        ------
        InvalidInputError
            As for `at`.
        NotDifferentiableError
            As for `at`.
        """
        return self.at(x).result
