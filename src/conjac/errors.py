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
    """Base of every exception that conjac raises on purpose.

    Examples
    --------
    >>> import conjac as cj
    >>> try:
    ...     cj.metrics.fbeta(-1)
    ... except cj.ConjacError as error:
    ...     print(type(error).__name__)
    InvalidInputError
    """


class InvalidInputError(ConjacError, ValueError):
    """An argument, a column or a file that cannot be used as it is.

    Examples
    --------
    >>> import conjac as cj
    >>> try:
    ...     cj.confusion_jacobian([0, 1], [0.2, 1.7], coordinate="probability")
    ... except ValueError as error:
    ...     print(type(error).__name__)
    InvalidInputError
    """


class UnknownMetricError(InvalidInputError):
    """A metric that does not exist, or is not defined for this number of classes.

    Examples
    --------
    >>> import conjac as cj
    >>> try:
    ...     cj.metrics.resolve("recal", labels=[0, 1])
    ... except cj.UnknownMetricError as error:
    ...     print("no such metric")
    no such metric
    """


class InfeasibleError(InvalidInputError):
    """No decision meets the target or the constraints.

    Parameters
    ----------
    message : str
        What cannot be met.
    nearest : dict of str to float
        The decision that comes nearest: its threshold and the values that it reaches.

    Attributes
    ----------
    nearest : dict of str to float
        As it was passed.

    Examples
    --------
    >>> import conjac as cj
    >>> curve = cj.ConfusionCurve.from_predictions([0, 1, 0, 1] * 20, [0.1, 0.2, 0.3, 0.4] * 20)
    >>> try:
    ...     curve.maximize("f1", subject_to=["recall >= .9", "specificity >= .9"])
    ... except cj.InfeasibleError as error:
    ...     print(sorted(error.nearest))
    ['recall', 'specificity', 'threshold']
    """

    def __init__(self, message: str, nearest: dict[str, float]) -> None:
        super().__init__(message)
        self.nearest = nearest


class NotDifferentiableError(InvalidInputError):
    """A function that has no derivative at the point: it jumps or bends there.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> try:
    ...     cj.calculus.jacobian(np.abs, 0.0)
    ... except cj.NotDifferentiableError:
    ...     print("a kink")
    a kink
    """


class NotStationaryError(InvalidInputError):
    """A fit so far from the optimum of its training problem that derivatives there are worth nothing.

    Examples
    --------
    >>> import conjac as cj
    >>> issubclass(cj.NotStationaryError, cj.InvalidInputError)  # `conjac.polish` solves such a fit
    True
    """


class SingularJacobianError(InvalidInputError):
    """A Jacobian whose inverse, or inverse determinant, was needed.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> density = cj.calculus.change_of_variables(lambda x: 1.0, np.square, [np.sqrt])
    >>> try:
    ...     density(0.0)
    ... except cj.SingularJacobianError:
    ...     print("the derivative of x**2 is 0 there")
    the derivative of x**2 is 0 there
    """


class ConvergenceError(ConjacError, RuntimeError):
    """An iteration that found no solution.

    Parameters
    ----------
    message : str
        What was sought.
    nearest : array of shape (n,)
        The nearest point found.
    residual : float
        Largest absolute entry of f there.
    steps : tuple
        The points on the way, in units of the unknowns.

    Attributes
    ----------
    nearest : array of shape (n,)
        As they were passed.
    residual : float
        As they were passed.
    steps : tuple
        As they were passed: the points on the way, in units of the unknowns.

    Examples
    --------
    >>> import conjac as cj
    >>> try:
    ...     cj.calculus.newton(lambda x: x**2 + 1, 1.0)
    ... except cj.ConvergenceError as error:
    ...     print(error.residual >= 1)
    True
    """

    def __init__(self, message: str, nearest: Any, residual: float, steps: tuple[Any, ...]) -> None:
        super().__init__(message)
        self.nearest = nearest
        self.residual = residual
        self.steps = steps


class DataNotFoundError(ConjacError, FileNotFoundError):
    """A named data set that is neither in the folder of data nor to be had from OpenML.

    Examples
    --------
    >>> import conjac as cj
    >>> issubclass(cj.DataNotFoundError, FileNotFoundError)  # from `conjac.datasets.load`
    True
    """


class InexactError(ConjacError, ValueError):
    """An exact count was asked for where only a tally is at hand.

    Examples
    --------
    >>> import conjac as cj
    >>> tally = cj.Tally.zero("logit", thresholds=(0.5,)).update([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4])
    >>> curve = cj.ConfusionCurve.from_tally(tally)
    >>> try:
    ...     curve.matrix_at(0.2003, exact=True)
    ... except cj.InexactError:
    ...     print("inside a bin")
    inside a bin
    """


class NotSupportedError(ConjacError, NotImplementedError):
    """A valid request that this version does not serve.

    Examples
    --------
    >>> import conjac as cj
    >>> J = cj.confusion_jacobian([0, 1] * 50, [0.2, 0.6] * 50)
    >>> try:
    ...     J.influential_rows("recall")
    ... except cj.NotSupportedError:
    ...     print("no training row moves here")
    no training row moves here
    """


class MissingDependencyError(ConjacError, ImportError):
    """An optional library is missing; the message names the extra to install.

    Examples
    --------
    >>> import conjac as cj
    >>> issubclass(cj.MissingDependencyError, ImportError)  # the message names the extra to install
    True
    """


class ConjacWarning(UserWarning):
    """A figure that is given, but should not be believed without the reason in the message.

    Examples
    --------
    >>> import warnings
    >>> import conjac as cj
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     J = cj.confusion_jacobian([0, 0, 1, 1], [0.2, 0.6, 0.4, 0.9])  # four rows
    >>> any(issubclass(one.category, cj.ConjacWarning) for one in caught)
    True
    """
