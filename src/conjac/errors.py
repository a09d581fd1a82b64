"""Exceptions and warnings.

The hierarchy::

    Exception
    └── ConjacError
        ├── InvalidInputError (also a ValueError)
        │   ├── UnknownMetricError
        │   ├── InfeasibleError        a target or constraint that no decision meets
        │   ├── NotDifferentiableError a step or a kink where a derivative was asked for
        │   ├── NotStationaryError     a fit that is not at the optimum of its training problem
        │   └── SingularJacobianError  a Jacobian that cannot be inverted
        ├── ConvergenceError (also a RuntimeError)
        ├── DataNotFoundError (also a FileNotFoundError)
        ├── InexactError (also a ValueError)
        ├── NotSupportedError (also a NotImplementedError)
        └── MissingDependencyError (also an ImportError)

    UserWarning
    └── ConjacWarning                  a figure that should not be believed, and why

Each message names the argument, the value or row at fault, what was expected and the way out.
"""

from __future__ import annotations

from typing import Any


class ConjacError(Exception):
    """Base of every exception that conjac raises on purpose."""


class InvalidInputError(ConjacError, ValueError):
    """An argument, a column or a file that cannot be used as it is."""


class UnknownMetricError(InvalidInputError):
    """A metric that does not exist, or is not defined for this number of classes."""


class InfeasibleError(InvalidInputError):
    """No decision meets the target or the constraints.

    Attributes
    ----------
    nearest : dict
        The decision that comes nearest: its threshold and the values that it reaches.
    """

    def __init__(self, message: str, nearest: dict[str, float]) -> None:
        super().__init__(message)
        self.nearest = nearest


class NotDifferentiableError(InvalidInputError):
    """A function that has no derivative at the point: it jumps or bends there."""


class NotStationaryError(InvalidInputError):
    """A fit so far from the optimum of its training problem that derivatives there are worth nothing."""


class SingularJacobianError(InvalidInputError):
    """A Jacobian whose inverse, or inverse determinant, was needed."""


class ConvergenceError(ConjacError, RuntimeError):
    """An iteration that found no solution.

    Attributes
    ----------
    nearest : array of shape (n,)
        The nearest point found.
    residual : float
        Largest absolute entry of f there.
    steps : tuple
        The points on the way.
    """

    def __init__(self, message: str, nearest: Any, residual: float, steps: tuple[Any, ...]) -> None:
        super().__init__(message)
        self.nearest = nearest
        self.residual = residual
        self.steps = steps


class DataNotFoundError(ConjacError, FileNotFoundError):
    """A named data set that is neither in the folder of data nor to be had from OpenML."""


class InexactError(ConjacError, ValueError):
    """An exact count was asked for where only a tally is at hand."""


class NotSupportedError(ConjacError, NotImplementedError):
    """A valid request that this version does not serve."""


class MissingDependencyError(ConjacError, ImportError):
    """An optional library is missing; the message names the extra to install."""


class ConjacWarning(UserWarning):
    """A figure that is given, but should not be believed without the reason in the message."""
