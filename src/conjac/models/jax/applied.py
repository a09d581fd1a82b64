"""A function of parameters and rows, as networks of JAX are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conjac.models.jax.leaves import Leaves
from conjac.models.jax.network import JaxNetwork


@dataclass(frozen=True, eq=False)
class Applied:
    """A function of JAX with the parameters at which it is looked at: ``apply(parameters, X)`` gives scores.

    Of Flax's linen it is ``Applied(module.apply, variables)``; running statistics are held still by
    ``fixed=["batch_stats"]``. What is compiled stays with this object.

    Parameters
    ----------
    apply : callable
        From a tree of parameters and rows, array of shape (n_rows, ...), to a logit for each row, array of shape
        (n_rows,) or (n_rows, 1), or to one a class, (n_rows, n_classes). It must be one that JAX can compile, and
        rows must not depend on each other.
    parameters : pytree
        Numbers of floating point move, whether arrays of JAX, of NumPy or Python's own; all else stays as it is.
    classes : sequence, optional
        Labels in the order of the scores' columns; sorted as those of y if not given.
    fixed : str or sequence of str
        Leaves that are not trained, or what their names begin with: they stay unless ``Parameters`` names them. The
        name of a leaf is its path, as "params/Dense_0/kernel".

    Examples
    --------
    >>> import numpy as np
    >>> model = Applied(lambda parameters, X: X @ parameters["w"] + parameters["b"], {"w": np.ones(3), "b": 0.0})
    >>> sorted(model.parameters)
    ['b', 'w']
    """

    apply: Callable[[Any, Any], Any]
    parameters: Any
    classes: Sequence[Any] | None = None
    fixed: str | Sequence[str] = ()

    @cached_property
    def network(self) -> JaxNetwork:
        """The same, on batches of rows.

        Raises
        ------
        InvalidInputError
            Names among ``fixed`` that the parameters have not.
        """
        return JaxNetwork(self.apply, Leaves(self.parameters, fixed=self.fixed))
