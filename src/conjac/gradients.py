"""Gradients of cells and metrics in a model's own parameters, in the model's own structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from conjac._typing import FloatArray
from conjac.calculus.linear import LinearMap, checked
from conjac.errors import NotSupportedError
from conjac.inference import Interval, NormalBand, metric_stderr
from conjac.inference.delta import divide, normalized_slope
from conjac.metrics import Metric
from conjac.metrics.rejection import resolve_outcomes
from conjac.models.structure import Structure
from conjac.motion import CellMotion, PulledMotion, Slopes, pulled_slope
from conjac.rules import outcomes_of
from conjac.sensitivity import MetricLimits, Sensed


@dataclass(frozen=True, eq=False)
class MetricGradient:
    """How a metric stands, and its gradient in a model's parameters.

    Trees are the model's own structure (a dict of a state dict's keys, a pytree), in its own dtype and on its device.

    Attributes
    ----------
    metric : str
        Its name.
    value, value_stderr : float
        Where the metric stands, and its standard error.
    units : sequence of str
        What a step of 1 of each parameter is.

    Notes
    -----
    Row by row where parameters are few, else by one vector-Jacobian product, with errors from 64 blocks of rows: see
    :doc:`/parameters`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> X = rng.normal(size=(2000, 2)) + y[:, None]
    >>> J = cj.ConfusionJacobian.from_estimator(LogisticRegression().fit(X, y), X, y, wrt="parameters")
    >>> found = J.of("recall")
    >>> sorted(found.gradient), found.gradient["coef_"].shape  # where the classifier keeps them
    (['coef_', 'intercept_'], (1, 2))
    >>> bool(found.gradient["intercept_"][0] > 3 * found.stderr["intercept_"][0])  # more are called positive
    True
    """

    metric: str
    value: float
    value_stderr: float
    units: Sequence[str]
    _row: Metric = field(repr=False)
    _motion: CellMotion = field(repr=False)
    _structure: Structure = field(repr=False)

    @cached_property
    def gradient(self) -> Any:
        """Derivative by each parameter, per ``units``, a tree."""
        return self._structure.unflatten(self.flat())

    @cached_property
    def center(self) -> Any:
        """Bias-corrected derivative, per ``units``, on which `confint` is centred, a tree."""
        return self._structure.unflatten(self._center)

    @cached_property
    def stderr(self) -> Any:
        """Standard error of ``center``, a tree, made when it is asked for; nan where too few rows are behind it."""
        return self._structure.unflatten(self._stderr)

    @property
    def elasticity(self) -> Any:
        """Relative change of the metric per unit, a tree; nan at a value of 0."""
        return self._structure.unflatten(divide(self.flat(), np.asarray(self.value), np.nan))

    def confint(self, level: float = 0.95) -> Interval:
        """Return the interval of each derivative: ``center`` -+ quantile x ``stderr``.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper trees, per ``units``, whose leaves have the parameters' shapes.

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        lower, upper = NormalBand(self._center, self._stderr, self._df)(level)
        return Interval(self._structure.unflatten(lower), self._structure.unflatten(upper))

    def value_confint(self, level: float = 0.95) -> Interval:
        """Return the interval of the value: Wilson for proportions, else on the metric's own scale.

        Parameters
        ----------
        level : float
            Nominal coverage of an interval, inside (0, 1).

        Returns
        -------
        Interval
            Lower and upper limit, in the unit of the metric, arrays of shape ().

        Raises
        ------
        InvalidInputError
            A level outside (0, 1).
        """
        return MetricLimits(self._row, self._motion.counted)(level)

    def flat(self) -> FloatArray:
        """Return the gradient as one array, in the order of the structure's leaves.

        Returns
        -------
        array of shape (n_parameters,)
            Per ``units``.
        """
        return self._flat

    @cached_property
    def _flat(self) -> FloatArray:
        pulled = self._motion
        if isinstance(pulled, PulledMotion):
            return pulled.vjp(pulled.gradient_in_cells(self._row))
        return self._slopes.value

    @cached_property
    def _center(self) -> FloatArray:
        pulled = self._motion
        if isinstance(pulled, PulledMotion):
            return pulled.centred(pulled.gradient_in_cells(self._row))
        return self._slopes.center

    @cached_property
    def _stderr(self) -> FloatArray:
        return self._motion.stderr(self._row) if isinstance(self._motion, PulledMotion) else self._slopes.stderr

    @cached_property
    def _slopes(self) -> Slopes:
        return self._motion.metric_slope(self._row)

    @property
    def _df(self) -> int | None:
        return self._motion.blocks.df if isinstance(self._motion, PulledMotion) else self._motion.counted.df


class Graded(LinearMap, Sensed):
    """Products with a Jacobian, and metrics' derivatives; where a model's parameters move, in its own structure."""

    def jvp(self: Any, direction: Any = 1.0) -> FloatArray:
        """Return the motion of the matrix along a direction in the parameter.

        Parameters
        ----------
        direction : array of shape parameter_shape, or tree
            A step in units of the parameter; of a model's parameters also a tree of its own structure.

        Returns
        -------
        array of shape (K, K)
            In the unit of ``matrix``.

        Raises
        ------
        InvalidInputError
            A direction of another shape or structure, or not finite.
        """
        if self._learned is None:
            return np.asarray(super().jvp(direction))
        return np.asarray(self._moved(self._learned.structure.flatten(direction)))

    def vjp(self: Any, cotangent: Any) -> Any:
        """Return the derivative of a weighted sum of the cells as normalised, ``sum(cotangent * matrix)``.

        Parameters
        ----------
        cotangent : array of shape (K, K)
            Weights of the cells.

        Returns
        -------
        array of shape parameter_shape, or tree
            Per ``units``. Of a model's parameters a tree of its own structure: the gradient, at about the cost of an
            ordinary one.

        Raises
        ------
        InvalidInputError
            A cotangent of another shape, or not finite.
        """
        if self._learned is None:
            return super().vjp(cotangent)
        weights = checked(cotangent, self.matrix.shape, "cotangent")
        return self._learned.structure.unflatten(self._gradient(weights))

    def as_linear_operator(self: Any) -> LinearOperator:
        """Return the Jacobian as a SciPy operator, from the flat parameter to the flat matrix, both in C order.

        Returns
        -------
        scipy.sparse.linalg.LinearOperator
            Of shape (K * K, n_parameters).
        """
        if self._learned is None:
            return super().as_linear_operator()
        return LinearOperator(
            (self.matrix.size, self._learned.structure.size),
            matvec=lambda step: self._moved(np.ravel(step)).ravel(),
            rmatvec=lambda weights: self._gradient(np.reshape(weights, self.matrix.shape)),
            dtype=np.float64,
        )

    def along(self: Any, direction: Any) -> Any:
        """Return the Jacobian by one number: how far the model's parameters go along a direction.

        Parameters
        ----------
        direction : tree of the model's own structure, or array of shape (n_parameters,)
            A step of 1 adds it to the parameters.

        Returns
        -------
        ConfusionJacobian
            With every figure and its error, as of a threshold; parameter shape (1,).

        Raises
        ------
        NotSupportedError
            Something else moves than a model's parameters, or the result was saved.
        InvalidInputError
            A direction of another structure, or not finite.
        """
        if self._learned is None:
            raise NotSupportedError("along: of a model's parameters, by wrt='parameters', as long as it is in memory")
        motion = self._learned.along(self._learned.structure.flatten(direction))
        return replace(self, parameters=("direction",), units=("1 of the direction",), _motion=motion, _learned=None)

    def of(self: Any, metric: str | Metric) -> Any:
        """Return a metric's value and its derivative, by the chain rule through the cells.

        Parameters
        ----------
        metric : str or Metric
            A name such as "f1" or "recall[spam]", or an object of `conjac.metrics`.

        Returns
        -------
        Sensitivity or MetricGradient
            The latter where a model's parameters move.

        Raises
        ------
        UnknownMetricError
            A metric that does not exist for these classes.
        InvalidInputError
            A label that is none of these classes, or a metric made for others.
        """
        if self._learned is None:
            return super().of(metric)
        outcomes = outcomes_of(self.labels, self.cells.weight.shape[-1])
        row = resolve_outcomes(metric, outcomes, len(self.labels))
        return MetricGradient(
            metric=row.name,
            value=float(row.value(self.cells.weight)[0]),
            value_stderr=float(metric_stderr(row, self.cells)[0]),
            units=self.units,
            _row=row,
            _motion=self._motion,
            _structure=self._learned.structure,
        )

    def _gradient(self: Any, cotangent: FloatArray) -> FloatArray:
        """Return the flat derivative of a weighted sum of the cells as normalised."""
        if not isinstance(self._motion, PulledMotion):
            return np.asarray(np.tensordot(cotangent, self.jacobian, axes=2))
        return pulled_slope(self._motion, self._with_reject(cotangent), self.normalize)

    def _moved(self: Any, step: FloatArray) -> FloatArray:
        """Return the motion of the cells as normalised along a flat direction."""
        if not isinstance(self._motion, PulledMotion):
            return np.asarray(np.tensordot(self.jacobian, step, axes=1))
        moved = self._motion.along(step).derivative
        return np.asarray(self._of_classes(normalized_slope(self.cells.weight, moved, self.normalize)[0]))

    def _with_reject(self: Any, cotangent: FloatArray) -> FloatArray:
        """Add the row of a reject option, which nobody truly is."""
        found = np.zeros(self.cells.weight.shape[1:])
        found[: len(cotangent)] = cotangent
        return found
